// What each runtime does with the installed package: it says one thing in a room, and hears it.
import { Dormouse } from "@dormouse/client";

/** What was heard: `{event, data, offset, user}`, and the offset that the acknowledgement has. */
export async function exchange(url, name, said) {
  const client = new Dormouse({ url, token: "test" });
  try {
    const room = client.room(name);
    const heard = new Promise((resolve) => room.on("said", resolve));
    const receipt = await room.publish("said", said);
    const { event, data, offset, user } = await heard;
    return { event, data, offset, user, acknowledged: receipt.offset };
  } finally {
    client.close();
  }
}
