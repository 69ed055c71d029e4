// What a client of the native protocol that never reads costs the process: against workerd itself,
// because a proxy would read in the client's place.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Native } from "../support/native.ts";
import { Workerd } from "../support/workerd.ts";

const server = new Workerd();
beforeAll(() => server.start({ MESSAGES_PER_MINUTE: "0", BROADCASTS_PER_MINUTE: "0" }));
afterAll(() => server.stop());

const MIB = 1 << 20;
const EVENTS = 10_000;

/** Publishes events of 1 KiB, a hundred a frame; by how much memory grew meanwhile at most. */
async function publishes(ann: Native): Promise<number> {
  const before = server.memory();
  let peak = before;
  const data = "x".repeat(1000);
  for (let at = 0; at < EVENTS; at += 100) {
    ann.messages.length = 0;
    ann.heard.length = 0;
    ann.send(Array.from({ length: 100 }, () => ({ type: "publish", event: "e", data })));
    await ann.settle();
    peak = Math.max(peak, server.memory());
  }
  return (peak - before) / MIB;
}

test("[N25] who never reads costs little more than who is not there", async () => {
  const ann = await Native.join(server.url, "hub:slow");
  // What grows for the first time is there the second time.
  await publishes(ann);
  const alone = await publishes(ann);
  const bob = await Native.join(server.url, "hub:slow");
  bob.socket.pause();
  const together = await publishes(ann);
  console.log(`alone +${alone.toFixed(1)} MiB, with one that never reads +${together.toFixed(1)} MiB`);
  // As much as is not yet collected.
  expect(together).toBeLessThan(alone + 40);
});
