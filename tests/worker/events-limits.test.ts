// The events protocol: how fast, how many, how large, how long, and from where.
import { afterAll, beforeAll, expect, test } from "vitest";
import { listening, opened, publish, query, RFC_3339 } from "../support/asking.ts";
import type { Client } from "../support/client.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve();
});
afterAll(() => server.stop());

/** Asks without an id, so many times. */
function hammer(client: Client, times: number): void {
  for (let i = 0; i < times; i++) client.send({ type: "query", query: "stats" });
}

const ended = async (client: Client) => [await client.refusal(), (await client.closed()).code];

test("[C18, C20, L1] the 101st frame within a minute gets the documented error, and is forgiven", async () => {
  const ann = await opened(server, server.room());
  await ann.next("connection_established");
  hammer(ann, 100);
  for (let i = 0; i < 100; i++) await ann.next("response");
  ann.send({ type: "query", query: "stats", id: "q101" });
  const breach = await ann.next("error");
  expect(breach).toEqual({
    type: "error",
    id: "q101",
    timestamp: expect.stringMatching(RFC_3339),
    code: "RATE_LIMIT_EXCEEDED",
    message: "Rate limit exceeded",
    details: { limit: 100, window: "1m", retry_after: expect.any(Number) },
  });
  expect(breach.details.retry_after).toBeGreaterThan(0);
  expect(breach.details.retry_after).toBeLessThanOrEqual(60);
  expect(ann.close).toBeUndefined();
});

test("[C18, X7, H7] two breaches are forgiven, the third within a minute closes with 1008, asleep or awake", async () => {
  const room = server.room();
  const [ann, bob] = [await listening(server, room, "ann"), await listening(server, room, "bob", ["*"])];
  hammer(ann, 100);
  for (let i = 0; i < 100; i++) await ann.next("response");
  hammer(ann, 1);
  expect(await ann.refusal()).toBe("RATE_LIMIT_EXCEEDED");
  await server.sleep(room, "HUBS");
  ann.send({ type: "command", command: "publish", params: { event: "late" } });
  expect(await ann.refusal()).toBe("RATE_LIMIT_EXCEEDED");
  await server.sleep(room, "HUBS");
  ann.send("garbage counts too");
  expect(await ended(ann)).toEqual(["RATE_LIMIT_EXCEEDED", 1008]);
  expect(await bob.settle()).toEqual([]);
});

test("[C20, L2] a room's publications have a rate of their own, which others' requests do not touch", async () => {
  const small = await serve({ BROADCASTS_PER_MINUTE: "5", USER_SHARE_PERCENT: "0" });
  try {
    const [ann, bob] = [await listening(small, "r", "ann"), await listening(small, "r", "bob", ["*"])];
    for (let i = 0; i < 5; i++) await publish(ann, "n", i);
    bob.send({ type: "command", command: "set_state", id: "s", params: { key: "k", value: 1 } });
    for (let i = 0; i < 5; i++) await bob.next("event");
    expect(await bob.next("error")).toMatchObject({ id: "s", details: { limit: 5, window: "1m" } });
    expect((await query(bob, "state")).state).toEqual([]);
  } finally {
    await small.stop();
  }
});

test("[C20, L6] the connects past ten a minute from one address are refused, whatever the endpoint", async () => {
  const small = await serve({ CONNECTIONS_PER_MINUTE_PER_IP: "10" });
  try {
    const ways = ["/api/v1/ws/demo", "/ws/demo", "/api/v1/ws"];
    const query = { token: "test", contextId: "r" };
    const sockets: Client[] = [];
    for (let i = 0; i < 11; i++) sockets.push(await small.open(ways[i % 3] as string, query));
    const refused = sockets.pop() as Client;
    expect(await refused.next("error")).toMatchObject({
      code: "RATE_LIMIT_EXCEEDED",
      details: { limit: 10, window: "1m", retry_after: 60 },
    });
    expect((await refused.closed()).code).toBe(1008);
    for (const socket of sockets) await socket.next("connection_established");
  } finally {
    await small.stop();
  }
});

test("[C22, L5] a user has ten sockets in a room, of whatever protocol, and as many in another", async () => {
  const room = server.room();
  const token = await server.token({ user: "ann", room });
  for (let i = 0; i < 5; i++) await listening(server, room);
  for (let i = 0; i < 5; i++) await server.open("/ws/client", { token, contextId: room, client_id: "c" });
  expect(await ended(await opened(server, room))).toEqual(["CONNECTION_LIMIT", 1013]);
  await server.sleep(room, "HUBS");
  expect(await ended(await opened(server, room))).toEqual(["CONNECTION_LIMIT", 1013]);
  await listening(server, room, "bob");
  await listening(server, server.room(), "ann");
});

test("[C13, C22, L5] a room takes as many as WS_MAX_CONNECTIONS says", async () => {
  const small = await serve({ WS_MAX_CONNECTIONS: "2" });
  try {
    const ann = await listening(small, "r", "ann");
    await listening(small, "r", "bob");
    expect(await ended(await opened(small, "r", "cid"))).toEqual(["CONNECTION_LIMIT", 1013]);
    await ann.leave();
    await listening(small, "r", "cid");
  } finally {
    await small.stop();
  }
});

test("[C17, L3] a frame past 1 MiB gets MESSAGE_TOO_LARGE and 1009, and nobody else notices", async () => {
  const room = server.room();
  const [ann, bob] = [await listening(server, room, "ann"), await listening(server, room, "bob")];
  const sized = (bytes: number) => {
    const frame = (data: string) =>
      JSON.stringify({ type: "command", command: "publish", params: { event: "big", data } });
    const less = frame("x".repeat((1 << 20) - 8 * 1024 - 2));
    return less + " ".repeat(bytes - less.length);
  };
  ann.send(sized(1 << 20));
  expect((await ann.next("response")).result.offset).toBe(1);
  ann.send(sized((1 << 20) + 1));
  expect(await ended(ann)).toEqual(["MESSAGE_TOO_LARGE", 1009]);
  expect((await query(bob, "stats")).offset).toBe(1);
});

test("[C23, L7] silence ends in CONNECTION_TIMEOUT and 1001, and plain pings are no silence", async () => {
  const small = await serve({ INACTIVITY_TIMEOUT_MS: "6000", PRESENCE_GRACE_MS: "0" });
  try {
    const silent = await listening(small, "r", "silent");
    const lively = await listening(small, "r", "lively", ["user_left"]);
    await silent.settle(); // who never spoke sees a close 10 s late
    await small.sleep("r", "HUBS");
    const pings = setInterval(() => lively.send('{"type":"ping"}'), 200);
    try {
      expect(await ended(silent)).toEqual(["CONNECTION_TIMEOUT", 1001]);
      await lively.until(() => lively.frames.some((it) => it.event === "user_left"), "the other's leaving");
      expect(lively.close).toBeUndefined();
    } finally {
      clearInterval(pings);
    }
  } finally {
    await small.stop();
  }
});

test.each([
  ["a token of another secret", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIiwiZXhwIjo5OTk5OTk5OTk5fQ.AAAA"],
  ["no token at all", "x"],
])("[C4, C17] %s gets AUTHENTICATION_FAILED and 1008", async (_, token) => {
  const client = await server.open("/api/v1/ws", { token, contextId: "r" });
  expect(await client.next("error")).toEqual({
    type: "error",
    timestamp: expect.stringMatching(RFC_3339),
    code: "AUTHENTICATION_FAILED",
    message: expect.any(String),
  });
  expect((await client.closed()).code).toBe(1008);
});

test("[C4, C17] a token that does not lead to the room gets PERMISSION_DENIED and 1008", async () => {
  const token = await server.token({ user: "ann", room: "elsewhere" });
  expect(await ended(await server.open("/api/v1/ws", { token, contextId: "here" }))).toEqual([
    "PERMISSION_DENIED",
    1008,
  ]);
  const held = await server.open("/api/v1/ws", { contextId: "here" });
  held.send({ type: "auth", token });
  expect(await ended(held)).toEqual(["PERMISSION_DENIED", 1008]);
});

test("[C4] who comes without a token must say `auth` first", async () => {
  const client = await server.open("/api/v1/ws", { contextId: "r" });
  client.send({ type: "subscribe", events: ["*"] });
  expect(await ended(client)).toEqual(["AUTHENTICATION_FAILED", 1008]);
});

test("[C12, C13] /dev is served in development, and nowhere in production; /api/v1/ws in both", async () => {
  const token = await server.token({ user: "ann", room: "r" });
  const dev = await server.open("/api/v1/ws/dev", { token });
  await dev.next("connection_established");
  const production = await serve({ ENVIRONMENT: "production" });
  try {
    await expect(production.open("/api/v1/ws/dev", { token })).rejects.toThrow("404");
    const ann = await production.open("/api/v1/ws", { token });
    await ann.next("connection_established");
    const test = await production.open("/api/v1/ws", { token: "test", contextId: "r" });
    expect(await ended(test)).toEqual(["AUTHENTICATION_FAILED", 1008]);
  } finally {
    await production.stop();
  }
});

test("[C12] /dev needs a token as /api/v1/ws does", async () => {
  const client = await server.open("/api/v1/ws/dev", { token: "x", contextId: "r" });
  expect(await ended(client)).toEqual(["AUTHENTICATION_FAILED", 1008]);
});
