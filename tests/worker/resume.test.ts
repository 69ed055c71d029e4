// Going on in the log from a position, in protocols that do not follow it.
import { afterAll, beforeAll, expect, test } from "vitest";
import { publish } from "../support/asking.ts";
import type { Frame } from "../support/client.ts";
import { QUIET, type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ ...QUIET });
});
afterAll(() => server.stop());

const offsets = (frames: Frame[]) => frames.map((it) => it.data?.offset ?? it.offset);

test("[I1, I2] a chat goes on after what its client has seen, also with its token in a message", async () => {
  const room = server.room();
  const bob = await server.join(room, "bob");
  for (let at = 1; at <= 5; at++) bob.say(`${at}`);
  await bob.until(() => bob.frames.filter((it) => it.type === "message").length === 5, "his own");
  bob.send({ type: "history", id: "h" });
  await bob.until(() => bob.frames.some((it) => it.id === "h"), "the page");
  const { epoch } = bob.frames.find((it) => it.id === "h")?.data ?? {};
  const token = await server.token({ user: "ann", room });
  const resume = `${epoch}:3`;
  const early = await server.chat({ token, contextId: room, resume });
  const late = await server.chat({ contextId: room, resume });
  late.send({ type: "auth", token });
  bob.say("6");
  for (const ann of [early, late]) {
    const first = await ann.next("auth");
    expect(first.data).toEqual({
      userId: "ann",
      expiresAt: expect.any(String),
      offset: expect.any(Number),
      epoch,
      recovered: true,
    });
    const told = () => ann.frames.filter((it) => it.type === "message");
    await ann.until(() => told().length === 3, "the rest");
    expect(offsets(told())).toEqual([4, 5, 6]);
    expect(told()[0]).toEqual(bob.frames.filter((it) => it.type === "message")[3]);
  }
  const plain = await server.join(room, "cid");
  expect(await plain.settle()).toEqual([]);
  for (const [position, reason] of [
    ["elsewhere:3", "epoch"],
    [`${epoch}:99`, "ahead"],
    ["", undefined],
  ] as const) {
    const client = await server.join(room, "dan", {});
    await client.settle();
    const other = await server.chat({ token, contextId: room, resume: position });
    const told = await other.settle();
    expect(told.filter((it) => it.type === "message")).toEqual([]);
    expect(told.find((it) => it.type === "auth")?.data?.reason).toBe(reason);
  }
});

test("[I2, I3] a hub goes on for who subscribed, and for the client protocol", async () => {
  const room = server.room();
  const token = await server.token({ user: "ann", room });
  const query = { token, contextId: room };
  const bob = await server.open("/api/v1/ws", query);
  const { epoch } = await bob.next("connection_established");
  for (const event of ["agent.a", "other", "agent.b"]) await publish(bob, event);
  const resume = `${epoch}:1`;
  const some = await server.open("/api/v1/ws", { ...query, resume, events: "agent.*" });
  const none = await server.open("/api/v1/ws", { ...query, resume });
  const plain = await server.open("/api/v1/ws", { ...query, events: "agent.*" });
  const client = await server.open("/ws/client", { ...query, resume, client_id: "c" });
  await server.sleep(room, "HUBS");
  await publish(bob, "agent.c");
  const all = async (it: typeof bob) => (await it.settle()).map((frame) => frame.event ?? frame.type);
  const first = await some.next("connection_established");
  expect(first).toMatchObject({ recovered: true, offset: 3, epoch });
  expect(await all(some)).toEqual(["agent.b", "agent.c"]);
  expect(await all(none)).toEqual(["connection_established"]);
  expect(await plain.next("connection_established")).not.toHaveProperty("recovered");
  expect(await all(plain)).toEqual([]);
  expect(await client.next("hello")).toMatchObject({ recovered: true, offset: 3, epoch });
  // Its pongs have no id.
  client.send({ type: "ping", because: "that was all" });
  const told = await client.upTo("pong");
  expect(told.map((it) => it.type)).toEqual(["other", "agent.b", "agent.c"]);
  const wide = Array.from({ length: 101 }, (_, at) => `e${at}`).join(",");
  const refused = await server.open("/api/v1/ws", { ...query, resume, events: wide });
  expect((await refused.closed()).code).toBe(1008);
});

test("[I4] where what is heard begins with a subscription, a position is granted and nothing told", async () => {
  const room = server.room();
  const token = await server.token({ user: "ann", room });
  const first = await server.open("/api/collaboration/ws", { token, contextId: room, resume: "none" });
  const { epoch } = (await first.next("auth")).data ?? {};
  const resume = `${epoch}:0`;
  const again = await server.open("/api/collaboration/ws", { token, contextId: room, resume });
  expect((await again.next("auth")).data).toMatchObject({ recovered: true, offset: 0 });
  expect(await again.settle()).toEqual([]);
});
