// One bad message harms no other room: against the build that panics on request.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ TYPING_TIMEOUT_MS: "60000" }, "wrangler.toml", ".wrangler/bundle-chaos");
});
afterAll(() => server.stop());

test("a panic in one room leaves a neighbour's sockets and memory alone", async () => {
  const [room, next] = [server.room(), server.room()];
  const [ann, bob] = [await server.join(next, "ann"), await server.join(next, "bob")];
  await ann.next("user_joined");
  ann.say("before");
  await bob.next("message");
  const unlucky = await server.join(room, "unlucky");
  unlucky.send({ type: "panic" });
  await server.until(() => server.logs().includes("asked to"), "the panic in the log");
  ann.say("after");
  expect((await bob.next("message")).data).toMatchObject({ content: "after", offset: 2 });
  const wakes = (name: string) => server.logs().split(`woke ${name}"`).length - 1;
  expect(wakes(next), "the neighbour's memory was made once").toBe(1);
  ann.send({ type: "ping", id: "p" });
  await ann.settle();
  unlucky.say("and I go on");
  await unlucky.next("message");
  expect(wakes(room), "the unlucky room's memory was made again").toBe(2);
  expect([ann.close, bob.close]).toEqual([undefined, undefined]);
});

test("a panic costs its room that one message, and the room goes on", async () => {
  const room = server.room();
  const [ann, bob] = [await server.join(room, "ann"), await server.join(room, "bob")];
  await ann.next("user_joined");
  for (let i = 1; i <= 10; i++) {
    bob.send({ type: "panic" });
    ann.say(String(i));
    expect((await ann.next("message")).data.offset).toBe(i);
    expect((await bob.next("message")).data.offset).toBe(i);
  }
  ann.send({ type: "presence", id: "p" });
  expect((await ann.next("presence")).data.members).toHaveLength(2);
});

test("what was said just before a panic is not lost with the room's memory", async () => {
  const room = server.room();
  const [ann, bob] = [await server.join(room, "ann"), await server.join(room, "bob")];
  await ann.next("user_joined");
  // All at once: all but the first wait for each other when the panic comes.
  for (let i = 1; i <= 5; i++) ann.say(String(i));
  ann.send({ type: "panic" });
  ann.say("6");
  for (let i = 1; i <= 6; i++) {
    expect((await ann.next("message")).data).toMatchObject({ content: String(i), offset: i });
    expect((await bob.next("message")).data).toMatchObject({ content: String(i), offset: i });
  }
});

test("a room in which one message after the other panics is not taken for one whose storage fails", async () => {
  const room = server.room();
  const [ann, bob] = [await server.join(room, "ann"), await server.join(room, "bob")];
  await ann.next("user_joined");
  for (let i = 0; i < 5; i++) ann.send({ type: "panic" });
  ann.say("I go on");
  expect((await ann.next("message")).data.offset).toBe(1);
  expect((await bob.next("message")).data.offset).toBe(1);
});

test("a panic's message and place stand in the log, once", async () => {
  const ann = await server.join(server.room(), "ann");
  const places = () =>
    server.logs().split(/panicked at src\/edge\/chaos\.rs:\d+:\d+:(?:\\+n)asked to/).length - 1;
  const before = places();
  ann.send({ type: "panic" });
  await ann.settle();
  await server.until(() => before < places(), "the panic in the log");
  expect(places()).toBe(before + 1);
});

test("a panic is not told to anyone", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  ann.send({ type: "panic" });
  ann.send({ type: "panic" });
  expect(JSON.stringify(await ann.settle())).not.toMatch(/panic|asked|\.rs|wasm/);
});

test("many rooms panic at once, and each goes on", async () => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => server.join(server.room(), "ann")));
  for (const client of clients) client.send({ type: "panic" });
  for (const client of clients) client.say("still here");
  for (const client of clients) expect((await client.next("message")).data.offset).toBe(1);
});
