// Who opens a large document over a slow line, while others type, gets it: against workerd
// itself, because a proxy in between would hide the line.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Editor } from "../support/editor.ts";
import { DOORS } from "../support/held.ts";
import { Workerd } from "../support/workerd.ts";

const server = new Workerd();
beforeAll(() =>
  server.start({ EDITS_PER_SECOND: "0", ROOM_EDITS_PER_SECOND: "0", MESSAGES_PER_MINUTE: "0" }),
);
afterAll(() => server.stop());

const JOIN = { type: "join_session", data: { sessionId: "notes" } };

test.each(DOORS)(
  "[T1, L10] a large document reaches who came by %s and reads slowly while others type, and nothing is left out",
  async (door, enter) => {
    // Compressed, it would fit into what the line takes by itself.
    const options = { perMessageDeflate: false };
    const open = (user: string) =>
      enter(server.url, "/api/collaboration/ws", door.replaceAll(" ", "-"), user, options);
    const ann = new Editor(await open("ann"), "ann");
    ann.client.send(JOIN);
    await ann.client.upTo("session_state");
    // JSON writes each of these with six bytes: together the longest text that fits, but for what
    // is typed meanwhile.
    for (let part = 0; part < 8; part++) {
      ann.inserts(0, "\u{1}".repeat((768 * 1024 - 600) / 48));
      await ann.rests();
    }
    const bob = new Editor(await open("bob"), "bob");
    await ann.client.settle();
    bob.client.socket.pause();
    bob.client.send(JOIN);
    await ann.client.until(() => ann.client.frames.some((it) => it.type === "join_session"), "bob");
    for (let typed = 0; typed < 300; typed++) {
      ann.inserts(0, "x");
      await ann.rests();
    }
    bob.client.socket.resume();
    await bob.client.until(() => bob.replica.version === ann.replica.version, "all that was typed");
    bob.check();
    expect(bob.replica.text === ann.replica.text).toBe(true);
    expect(bob.client.close).toBeUndefined();
  },
);
