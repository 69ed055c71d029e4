// Demo sockets (C3, X9): no token, rooms of their own, a tenth of every rate.
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, command, listening, publish, query, refused } from "../support/asking.ts";
import type { Client } from "../support/client.ts";
import { type Server, serve } from "../support/server.ts";

const PATHS = ["/ws/demo", "/api/v1/ws/demo"];

let server: Server;
beforeAll(async () => {
  server = await serve({ ENVIRONMENT: "production", DEMO: "on" });
});
afterAll(() => server.stop());

async function demo(query: Record<string, string>, path = "/ws/demo"): Promise<Client> {
  const client = await server.open(path, query);
  await client.next("connection_established");
  return client;
}

const ended = async (client: Client) => [await client.refusal(), (await client.closed()).code];

test.each(PATHS)("[C3, C11] %s lets in whoever comes, without a token, also in production", async (path) => {
  const client = await server.open(path);
  const first = await client.next("connection_established");
  expect(first.user_id).toBe(first.client_id);
  const named = await server.open(path, { client_id: "tab-1", contextId: server.room() });
  expect(await named.next("connection_established")).toMatchObject({ client_id: "tab-1", user_id: "tab-1" });
});

test("[C3] a token makes no difference there: neither a good one nor a bad one", async () => {
  const token = await server.token({ user: "ann", room: "r" });
  for (const it of [token, "nonsense"]) {
    const client = await server.open("/ws/demo", { token: it, client_id: "me" });
    expect((await client.next("connection_established")).user_id).toBe("me");
  }
});

test("[C3, V9] both paths lead to one room, `default` unless named, where all of the protocol is served", async () => {
  const ann = await demo({ client_id: "ann" });
  const bob = await demo({ client_id: "bob" }, "/api/v1/ws/demo");
  const cid = await demo({ client_id: "cid", contextId: "elsewhere" });
  await ask(bob, { type: "subscribe", events: ["agent.*"] });
  await ask(cid, { type: "subscribe", events: ["*"] });
  await publish(ann, "agent.started", { agent: 7 });
  await publish(ann, "broadcast", "hear, hear");
  await command(ann, "set_state", { key: "k", value: 1 });
  expect(await bob.next("event")).toMatchObject({ event: "agent.started", data: { agent: 7 } });
  expect(await bob.next("broadcast")).toMatchObject({ data: "hear, hear" });
  expect((await query(bob, "history")).events[0]).toMatchObject({ event: "agent.started", author: "ann" });
  expect((await query(bob, "state")).state).toEqual([{ key: "k", value: 1, offset: 3 }]);
  expect((await query(bob, "presence")).members).toContainEqual({ user_id: "ann", username: "ann" });
  expect(await cid.settle()).toEqual([]);
});

test("[C3, V9] nobody is administrator of a demo room", async () => {
  const room = server.room();
  const [ann, bob] = [
    await demo({ client_id: "ann", contextId: room }),
    await demo({ client_id: "bob", contextId: room }),
  ];
  const kick = { type: "command", command: "kick", params: { user_id: "bob" } };
  expect((await refused(ann, kick)).code).toBe("PERMISSION_DENIED");
  await bob.settle();
});

test("[C3, C18, V9] a demo socket has a tenth of the rate", async () => {
  const ann = await demo({ client_id: "ann", contextId: server.room() });
  for (let i = 0; i < 13; i++) ann.send({ type: "query", query: "stats" });
  for (let i = 0; i < 10; i++) await ann.next("response");
  for (let i = 0; i < 2; i++) {
    expect(await ann.next("error")).toMatchObject({
      code: "RATE_LIMIT_EXCEEDED",
      details: { limit: 10, window: "1m" },
    });
  }
  expect(await ended(ann)).toEqual(["RATE_LIMIT_EXCEEDED", 1008]);
});

test("[C3, C18, V9] and a demo room a tenth of the publications", async () => {
  const small = await serve({ MESSAGES_PER_MINUTE: "0", BROADCASTS_PER_MINUTE: "20" });
  try {
    const client = await small.open("/ws/demo");
    await client.next("connection_established");
    await publish(client, "one");
    await publish(client, "two");
    const third = await refused(client, { type: "command", command: "publish", params: { event: "three" } });
    expect(third.details).toMatchObject({ limit: 2, window: "1m" });
    const ann = await listening(small, "r");
    for (const event of ["one", "two", "three"]) await publish(ann, event);
  } finally {
    await small.stop();
  }
});

test("[X9] what a client calls itself gives it nothing: names that are none get one of ours", async () => {
  for (const client_id of ["", "a b", "user:ann", "a".repeat(65), "../x"]) {
    const client = await server.open("/ws/demo", { client_id });
    const first = await client.next("connection_established");
    expect(first.user_id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  }
});

test("[R1, V9] a demo room has a name like any other", async () => {
  for (const contextId of ["a/b", "", "a b", "a".repeat(124)]) {
    const client = await server.open("/ws/demo", { contextId });
    if (contextId === "") await client.next("connection_established");
    else expect(await ended(client)).toEqual(["INVALID_MESSAGE_FORMAT", 1008]);
  }
  await demo({ contextId: "a".repeat(123) });
});

test("[X9, V9] no token leads to a demo room: not one for every room, on no endpoint", async () => {
  const room = server.room();
  const inside = await demo({ client_id: "inside", contextId: room });
  await publish(inside, "secret");
  const claims = {
    contexts: ["*", `demo-${room}`],
    caps: [{ room: "*", can: ["join", "send", "publish", "history", "presence", "admin"] }],
    role: "admin",
  };
  const token = await server.token({ user: "inside", claims });
  const contextId = `demo-${room}`;
  for (const path of ["/ws", "/api/v1/ws", "/ws/client"]) {
    const client = await server.open(path, { token, contextId, client_id: "c" });
    const { code, data } = await client.next("error");
    expect(code ?? data.error_code, path).toBe("PERMISSION_DENIED");
    expect((await client.closed()).code, path).toBe(1008);
  }
  const held = await server.open("/api/v1/ws");
  held.send({ type: "auth", token, contextId });
  expect(await ended(held)).toEqual(["PERMISSION_DENIED", 1008]);
  const at = `/api/v1/rooms/hub/${contextId}`;
  const calls = [
    await server.call("POST", `${at}/events`, { type: "forged", data: 1 }, token),
    await server.call("GET", `${at}/events`, undefined, token),
    await server.call("GET", `${at}/presence`, undefined, token),
    await server.call("DELETE", `${at}/users/inside`, undefined, token),
    await server.call("DELETE", `${at}?confirm=${contextId}`, undefined, token),
  ];
  expect(calls.map((it) => it.status)).toEqual([403, 403, 403, 403, 403]);
  const batch = { events: [{ room: `hub:${contextId}`, type: "forged", data: 1 }] };
  expect((await server.call("POST", "/api/v1/events", batch, token)).text).toContain("PERMISSION_DENIED");
  // It was open all the time, and nothing of this reached it.
  expect((await query(inside, "stats")).offset).toBe(1);
});

test("[X9] nor does a demo socket leave its rooms", async () => {
  const token = await server.token({ user: "ann", room: "real" });
  const ann = await server.open("/api/v1/ws", { token });
  await ann.next("connection_established");
  for (const contextId of ["real", "demo-real", ":real", "..:real"]) {
    const client = await demo({ contextId });
    await publish(client, "forged");
  }
  expect(await query(ann, "stats")).toMatchObject({ connections: 1, offset: 0 });
});
