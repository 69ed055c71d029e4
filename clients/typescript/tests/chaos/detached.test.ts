// What happens to messages while their room is attached to again, or their answers make no sense.
import { expect, test } from "vitest";
import { frameValidator, native } from "../../src/frames/schemas.ts";
import { FakeServer, VirtualClock } from "../../src/testing/index.ts";
import { Guest } from "./party.ts";

async function party(more: object = {}) {
  const server = new FakeServer({ clock: new VirtualClock() });
  const { clock, WebSocket, url, random } = server;
  const options = { clock, random, url, token: () => "ann", WebSocket: WebSocket as never, ...more };
  const ann = new Guest("ann", "hub:demo", options);
  await clock.advance(100);
  return { server, clock, ann, room: server.room("hub:demo") };
}

const moved = { code: "UNAVAILABLE", message: "moved", reattach: true, after_ms: 2_000 };

test("[N14, N16] what is said while the room is attached to again waits, and fails for nothing", async () => {
  const { server, clock, ann, room } = await party();
  server.delay(100);
  for (const it of server.connections) it.detached(moved);
  // Under way when the attachment ends, between that and the next one, and after it.
  ann.say("a");
  await clock.advance(250);
  ann.say("b");
  await clock.advance(5_000);
  ann.say("c");
  await clock.advance(5_000);
  ann.check(room.entries);
  expect(room.entries.map((it) => it.event)).toEqual(["a", "b", "c"]);
});

test("[N14, N41] what is not found in an attached room is not found", async () => {
  const { ann, clock } = await party();
  const asked = ann.room.edit(99, "x");
  await clock.advance(100);
  await expect(asked).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("[N41] a message that was refused for something else before outlives the token too", async () => {
  const { server, clock, ann, room } = await party();
  server.failNext("UNAVAILABLE", { type: "publish", retry_after: 1 });
  ann.say("a");
  await clock.advance(500);
  // The client does not know yet that it expired.
  server.delay(200);
  server.expire();
  await clock.advance(60_000);
  ann.check(room.entries);
});

test("[B23, N29] an event that is not as promised is not shown, and is no gap", async () => {
  const told: string[] = [];
  const log = (text: string) => told.push(text);
  const { server, clock, ann, room } = await party({ validate: frameValidator(native), log });
  room.publish("a", 1);
  await clock.advance(10);
  for (const offset of [2, 3])
    server.say({ type: "event", event: "a", offset, at: -1, user: "bob", data: offset });
  await clock.advance(10);
  server.say({ type: "event", event: "a", offset: 4, at: 1, user: "bob", data: 4 });
  await clock.advance(10);
  expect(ann.seen.map((it) => it.offset)).toEqual([1, 4]);
  expect([ann.gaps, server.attempts, ann.room.position.offset]).toEqual([0, 1, 4]);
  expect(told).toEqual(["Invalid event: at must be a whole number, 0 or more"]);
});

test("[B23, N15] an answer that is not as promised fails who waits for it, and nobody waits for ever", async () => {
  const { server, clock, ann } = await party({ validate: frameValidator(native) });
  ann.room.link.on("sent", (data) => {
    const { id } = JSON.parse(String(data));
    server.say({ type: "ack", id, offset: "first", epoch: 7 });
  });
  server.isReachable = false;
  for (const it of server.connections) it.receive = () => {};
  ann.say("a");
  await clock.advance(1_000);
  expect(ann.failures.map(String)).toEqual(["ann 1: DormouseError: epoch must be a string"]);
});

test("[B23] a greeting that is not as promised is logged, and greets", async () => {
  const told: string[] = [];
  const validate = (frame: { type: string }) => (frame.type === "hello" ? "odd" : undefined);
  const { ann } = await party({ validate, log: (text: string) => told.push(text) });
  expect([told, ann.room.link.phase]).toEqual([["Invalid hello: odd"], "open"]);
});
