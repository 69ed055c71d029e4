// An end that comes while a join is under way ends the join: against workerd itself, because a
// proxy would tell of a lost connection in its own way.
import { afterAll, beforeAll, describe, test } from "vitest";
import { Client, eventually } from "../support/client.ts";
import { connect } from "../support/conversation.ts";
import { ENDS, HELD, token } from "../support/held.ts";
import { Workerd } from "../support/workerd.ts";

const server = new Workerd();
beforeAll(() => server.start({ PRESENCE_GRACE_MS: "1" }));
afterAll(() => server.stop());

/** A room that can be joined there, and the query that leads there. */
async function room(path: string, name: string): Promise<[string, Record<string, string>]> {
  if (path !== "/ws/conversation") return [name, { contextId: name }];
  const client = await Client.open(`${server.url}${path}?token=${await token("ann")}`);
  const { conversationId, resumeToken } = await connect(client);
  await client.leave();
  return [conversationId, { conversationId, resumeToken }];
}

let rooms = 0;

describe.each(ENDS)("auth and %s", (_, end) => {
  test.each(HELD)("[R9] at %s leave nobody behind in the room", async (path, kind) => {
    rooms += 1;
    const [name, query] = await room(path, `r-${rooms}`);
    const auth = async () => ({ type: "auth", token: await token("ann", { contexts: [name] }) });
    for (let time = 0; time < 3; time++) {
      const ann = await Client.open(`${server.url}${path}?${new URLSearchParams(query)}`);
      await end(ann, await auth());
      await ann.closed();
    }
    // Who comes later is there when the room is asked; whoever was asked for before, too.
    const late = await Client.open(`${server.url}${path}?${new URLSearchParams(query)}`);
    late.send(await auth());
    late.send({ type: "ping", id: "1" });
    await late.until(() => late.frames.length !== 0, "an answer");
    await late.leave();
    let who: string[] = [];
    const isEmpty = async () => {
      who = await server.present(kind, name);
      return who.length === 0;
    };
    await eventually(isEmpty, () => `nobody to be there but ${who}`);
  });
});
