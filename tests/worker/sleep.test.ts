// Sleep is invisible: a room that hibernated behaves as if it had not. On the
// real platform: eviction at any point of a script changes no frame.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client, Frame } from "../support/client.ts";
import { QUIET, type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  // Long enough for a busy machine to stall: what happens within them must not depend on it.
  server = await serve({
    TYPING_TIMEOUT_MS: "5000",
    PRESENCE_GRACE_MS: "5000",
    HISTORY_MAX_ENTRIES: "4",
    ...QUIET,
  });
});
afterAll(() => server.stop());

type Step = (clients: Record<"ann" | "bob" | "cid", Client>) => unknown;

/** Everything a client can say, in an order in which it matters. */
const SCRIPT: Step[] = [
  ({ ann }) => ann.say("one"),
  ({ bob }) => bob.say("two", "bob-1"),
  ({ cid }) => cid.send({ type: "typing", data: { isTyping: true } }),
  ({ ann }) => ann.send({ type: "history", id: "h1", data: { limit: 1 } }),
  ({ bob }) => bob.say("two", "bob-1"),
  ({ bob }) => bob.send("garbage"),
  ({ cid }) => cid.send({ type: "typing", data: { isTyping: false } }),
  ({ ann }) => ann.send({ type: "presence", id: "p1" }),
  ({ ann }) => ann.send({ type: "auth", token: "nonsense", id: "a1" }),
  ({ cid }) => cid.say("three"),
  ({ cid }) => cid.say("four"),
  ({ cid }) => cid.say("five"),
  ({ ann }) => ann.send({ type: "history", id: "h2", data: { limit: 10 } }),
  ({ bob }) => bob.leave(4000),
  ({ ann }) => ann.say("six"),
  ({ ann }) => ann.until(() => ann.frames.some((it) => it.type === "user_left"), "bob's leaving"),
  ({ ann }) => ann.send({ type: "presence", id: "p2" }),
  ({ cid }) => cid.send(Buffer.from([1])),
];

/** Frames without what differs from run to run: our ids, times, the epoch. */
function comparable(frames: Frame[]): unknown {
  const text = JSON.stringify(frames.filter((it) => it.type !== "pong"));
  return JSON.parse(
    text
      .replace(/"[a-z_]+_[0-9a-f]{8}-[0-9a-f-]{27}"/g, '"ID"')
      .replace(/"\d{4}-\d\d-\d\dT[^"]+"/g, '"TIME"')
      .replace(/"epoch":"[0-9a-f]+"/g, '"epoch":"E"'),
  );
}

async function play(mayPause: (room: string) => Promise<unknown>): Promise<unknown> {
  const room = server.room();
  const ann = await server.join(room, "ann");
  const bob = await server.join(room, "bob");
  const cid = await server.join(room, "cid");
  for (const step of SCRIPT) {
    await mayPause(room);
    await step({ ann, bob, cid });
    // A close has no answer to wait for, so the next step's frames would race with it.
    for (const client of [ann, bob, cid]) if (client.socket.readyState === 1) await client.settle();
  }
  return [ann, bob, cid].map((it) => comparable(it.frames));
}

test.concurrent("eviction between every two messages of a script changes no frame", async () => {
  const awake = await play(async () => {});
  const asleep = await play((room) => server.sleep(room));
  expect(asleep).toEqual(awake);
  expect(JSON.stringify(awake)).toContain('"user_left"');
});

test.concurrent("[P3] a room that sleeps while somebody types still says when it is over", async () => {
  const room = server.room();
  const [ann, bob] = [await server.join(room, "ann"), await server.join(room, "bob")];
  await ann.next("user_joined");
  ann.send({ type: "typing", data: { isTyping: true } });
  await bob.next("typing");
  await server.sleep(room);
  expect((await bob.next("typing")).data.isTyping).toBe(false);
});

test.concurrent("[P9] a room that sleeps while sockets close announces every leaving, once", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  const others = await Promise.all(["bob", "cid", "dan"].map((user) => server.join(room, user)));
  await ann.settle();
  await server.sleep(room);
  for (const other of others) other.vanish();
  await ann.until(() => ann.frames.filter((it) => it.type === "user_left").length === 3, "three leavings");
  const left = ann.frames.filter((it) => it.type === "user_left").map((it) => it.data.userId);
  expect(left.toSorted()).toEqual(["bob", "cid", "dan"]);
  await server.sleep(room);
  expect((await ann.settle()).filter((it) => it.type === "user_left").length).toBeLessThanOrEqual(3);
  ann.send({ type: "presence", id: "p" });
  expect((await ann.next("presence")).data.members).toHaveLength(1);
});

test.concurrent("a room falls asleep by itself, and its sockets stay", async () => {
  const room = server.room();
  const [ann, bob] = [await server.join(room, "ann"), await server.join(room, "bob")];
  await ann.next("user_joined");
  ann.say("good night");
  await bob.next("message");
  await ann.next("message");
  // The one test that waits for hibernation as it happens in production: 10 s idle.
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  expect(await server.wasAwake(room)).toBe(false);
  bob.say("good morning");
  expect((await ann.next("message")).data).toMatchObject({ content: "good morning", offset: 2 });
  expect((await bob.next("message")).data.offset).toBe(2);
});
