// Tokens that expire while a socket is in a hub (R8), in each of its protocols.
import { afterAll, beforeAll, expect, test } from "vitest";
import { RFC_3339 } from "../support/asking.ts";
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
