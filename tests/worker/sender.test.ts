// What a room sends to a client that does not read, by itself: sockets that are none.
import { expect, test, vi } from "vitest";

vi.mock("cloudflare:workers", () => ({ waitUntil: () => {} }));

import { Sender } from "../../src/edge/glue.js";

const KIB = 1024;

/** A socket whose client has so much to read, in bytes. */
class Fake {
  sent: string[] = [];
  bufferedAmount = 0;
  send(frame: string) {
    this.sent.push(frame);
  }
}

test("[L9] who has more than 256 KiB to read goes without typing and cursors, and hears the rest", async () => {
  const [slow, prompt] = [new Fake(), new Fake()];
  const sender = new Sender();
  /** What both are sent, each in a turn of its own. */
  const say = async (frame: string, ephemeral: boolean, bytes = frame.length) => {
    sender.send([slow, prompt], frame, bytes, undefined, ephemeral, false);
    await Promise.resolve();
  };
  slow.bufferedAmount = 256 * KIB;
  await say("typing 1", true);
  slow.bufferedAmount = 300 * KIB;
  await say("typing 2", true);
  await say("message", false);
  slow.bufferedAmount = 0;
  await say("typing 3", true);
  // What was sent in this turn or the one before, nobody can have read.
  await say("long", false, 300 * KIB);
  slow.bufferedAmount = 300 * KIB;
  await say("typing 4", true);
  await say("typing 5", true);
  expect(prompt.sent).toEqual([
    "typing 1",
    "typing 2",
    "message",
    "typing 3",
    "long",
    "typing 4",
    "typing 5",
  ]);
  expect(slow.sent).toEqual(["typing 1", "message", "typing 3", "long", "typing 4"]);
});
