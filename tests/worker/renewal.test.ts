// Tokens that expire while a socket is in a hub (R8), in each of its protocols.
import { afterAll, beforeAll, expect, test } from "vitest";
import { listening, publish, RFC_3339, SERVICE } from "../support/asking.ts";
import type { Client } from "../support/client.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve();
});
afterAll(() => server.stop());

const expiry = expect.stringMatching(RFC_3339);
const renewed = { user_id: "ann", expires_at: expiry };

/** Each protocol: its path, how the error spells its code, where the answer to `auth` is. */
const PROTOCOLS: [string, string, (frame: Record<string, unknown>) => unknown, string, object][] = [
  ["workflow", "/ws", (it) => Object(it.data).error_code, "auth", { data: renewed }],
  ["events", "/api/v1/ws", (it) => it.code, "response", { id: "a1", result: renewed }],
  ["client", "/ws/client", (it) => it.code, "auth", renewed],
];

async function enter(path: string, room: string, lifetime = "1h"): Promise<Client> {
  const token = await server.token({ user: "ann", room, lifetime });
  const client = await server.open(path, { token, contextId: room, client_id: "c" });
  if (path !== "/ws") await client.next(path === "/ws/client" ? "hello" : "connection_established");
  return client;
}

test.each(PROTOCOLS)(
  "[R8] %s: a token that expires later replaces the first",
  async (_, path, code, type, out) => {
    const room = server.room();
    const client = await enter(path, room);
    const later = await server.token({ user: "ann", room, lifetime: "2h" });
    client.send({ type: "auth", id: "a1", token: later });
    expect(await client.next(type)).toMatchObject(out);
    const bad: [string, string][] = [
      [await server.token({ user: "ann", room, lifetime: "1h" }), "CONFLICT"],
      [await server.token({ user: "bob", room, lifetime: "3h" }), "CONFLICT"],
      [await server.token({ user: "ann", room: "elsewhere", lifetime: "3h" }), "PERMISSION_DENIED"],
      ["nonsense", "AUTHENTICATION_FAILED"],
    ];
    for (const [token, refusal] of bad) {
      client.send({ type: "auth", token });
      expect(code(await client.next("error"))).toBe(refusal);
    }
    client.send({ type: "ping", because: "it is still here" });
    await client.next("pong");
  },
);

// Beside each other: each waits for its token to expire.
test.concurrent.each(PROTOCOLS)(
  "[A4, R8] %s: an expired token leads to a prompt, on every message",
  async (_, path, code, type) => {
    const room = server.room();
    const client = await enter(path, room, "6s");
    // The alarm says so by itself, also to a room that slept meanwhile.
    await server.sleep(room, "HUBS");
    expect(code(await client.next("error"))).toBe("AUTHENTICATION_FAILED");
    client.send({ type: "ping", because: "the room is to answer" });
    expect(code(await client.next("error"))).toBe("AUTHENTICATION_FAILED");
    const token = await server.token({ user: "ann", room });
    client.send({ type: "auth", id: "a1", token });
    await client.next(type);
    client.send({ type: "ping", because: "the room is to answer" });
    await client.next("pong");
  },
);

// Beside each other, likewise.
test.concurrent.each(PROTOCOLS)(
  "[R8, R17] %s: what is said without a token comes with the next one, in order and once",
  async (_, path, code, type) => {
    const room = server.room();
    const bob = await listening(server, room, "bob", [], SERVICE);
    const say = (text: string) => publish(bob, "broadcast", { text });
    const client = await enter(path, room, "6s");
    const texts = () => client.frames.map((it) => it.data?.text ?? it.text).filter(Boolean);
    const refusals = () => client.frames.filter((it) => code(it) === "AUTHENTICATION_FAILED").length;
    // In time, unless the machine is very busy.
    await say("before");
    await client.until(() => refusals() === 1, "the prompt");
    await say("one");
    await server.sleep(room, "HUBS");
    await say("two");
    client.send({ type: "ping", because: "the room is to answer" });
    await client.until(() => refusals() === 2, "a refusal");
    await server.sleep(room, "HUBS");
    expect(["", "before"]).toContain(texts().join());
    client.send({ type: "auth", id: "a1", token: await server.token({ user: "ann", room }) });
    await client.upTo(type);
    await say("after");
    await client.until(() => texts().length === 4, "what it missed, and what came after");
    expect(texts()).toEqual(["before", "one", "two", "after"]);
  },
);

test.concurrent("[R8, R17] a chat and a document are told again to whom they were not", async () => {
  const room = server.room();
  const path = "/api/collaboration/ws";
  const enters = async (at: string, user: string, lifetime: string) =>
    server.open(at, { token: await server.token({ user, room, lifetime }), contextId: room });
  const bob = await server.join(room, "bob");
  const other = await enters(path, "bob", "1h");
  const ann = await enters("/api/chat/ws", "ann", "10s");
  const editor = await enters(path, "ann", "10s");
  for (const it of [other, editor]) {
    it.send({ type: "join_session", data: { sessionId: "notes" } });
    await it.upTo("session_state");
  }
  for (const it of [ann, editor]) {
    await it.upTo("error");
    expect(it.frames.at(-1)?.code).toBe("AUTHENTICATION_FAILED");
  }
  bob.say("meanwhile");
  await bob.upTo("message");
  other.send({ type: "edit", data: { operation: "insert", position: 0, content: "new", version: 0 } });
  await other.upTo("edit_ack");
  await server.sleep(room);
  await server.sleep(room, "COLLABORATIONS");
  for (const it of [ann, editor]) {
    it.send({ type: "ping", because: "the room is to answer" });
    expect(await it.refusal()).toBe("AUTHENTICATION_FAILED");
    it.send({ type: "auth", token: await server.token({ user: "ann", room }) });
    await it.next("auth");
  }
  expect((await ann.next("message")).data).toMatchObject({ content: "meanwhile", offset: 1 });
  expect((await editor.next("session_state")).data).toMatchObject({ version: 1, content: "new" });
});

test("a demo socket and an anonymous one have no token to replace", async () => {
  const token = await server.token({ user: "ann", room: "lobby" });
  const [anonymous, demo] = [
    await server.open("/ws/client", { client_id: "ann" }),
    await server.open("/ws/demo", { client_id: "ann" }),
  ];
  await anonymous.next("hello");
  await demo.next("connection_established");
  for (const [client, refusal] of [
    [anonymous, "CONFLICT"],
    [demo, "PERMISSION_DENIED"],
  ] as const) {
    client.send({ type: "auth", token });
    expect(await client.refusal()).toBe(refusal);
  }
  anonymous.send({ type: "still_nobody" });
  expect(await anonymous.refusal()).toBe("PERMISSION_DENIED");
});
