// Who never reads is let go, and what waited for it with it, by whatever door it came: against
// workerd itself, because a proxy would read in the client's place.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { byToken, DOORS } from "../support/held.ts";
import { Workerd } from "../support/workerd.ts";

const server = new Workerd();
beforeAll(() =>
  server.start({ PRESENCE_GRACE_MS: "1", MESSAGES_PER_MINUTE: "0", BROADCASTS_PER_MINUTE: "0" }),
);
afterAll(() => server.stop());

const MIB = 1 << 20;

/** Says 80 MiB, and how much memory that took at most. */
async function says(ann: Client): Promise<number> {
  const before = server.memory();
  let peak = before;
  for (let at = 0; at < 80; at++) {
    ann.frames.length = 0;
    ann.raw.length = 0;
    ann.say("x".repeat(MIB - 9000));
    await ann.until(() => ann.frames.some((it) => it.type === "message"), "the message");
    peak = Math.max(peak, server.memory());
  }
  return (peak - before) / MIB;
}

test.each(DOORS)(
  "[L10] who came by %s and never reads is let go, and not kept in memory",
  async (door, enter) => {
    const options = { perMessageDeflate: false };
    const room = door.replaceAll(" ", "-");
    const ann = await byToken(server.url, "/api/chat/ws", room, "ann", options);
    const alone = await says(ann);
    const slow = await enter(server.url, "/api/chat/ws", room, "slow", options);
    slow.socket.pause();
    await ann.upTo("user_joined");
    const together = await says(ann);
    console.log(`${door}: alone +${alone.toFixed(0)} MiB, with one that never reads +${together.toFixed(0)}`);
    const left = await server.present("chat", room);
    expect(left).toEqual(["ann"]);
    // 20 to 35 of it is garbage not yet collected; kept, it was 137 through a pipe.
    expect(together).toBeLessThan(80);
  },
);
