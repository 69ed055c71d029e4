// The client protocol: whom it turns away and with which code, what it refuses.
import { afterAll, beforeAll, expect, test } from "vitest";
import { greeted, heard, RFC_3339, SERVICE } from "../support/asking.ts";
import type { Client } from "../support/client.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
let production: Server;
let room: string;
let ann: Client;
let witness: Client;
beforeAll(async () => {
  server = await serve({
    WS_HEARTBEAT_INTERVAL_MS: "0",
    MESSAGES_PER_MINUTE: "0",
    BROADCASTS_PER_MINUTE: "0",
  });
  production = await serve({ ENVIRONMENT: "production", ALLOWED_ORIGINS: "https://good.example" });
  room = server.room();
  witness = await greeted(server, room, "witness");
  ann = await greeted(server, room, "ann");
});
afterAll(async () => {
  await server.stop();
  await production.stop();
});

const INVALID = "INVALID_MESSAGE_FORMAT";
const UNKNOWN = "UNKNOWN_MESSAGE_TYPE";
const DENIED = "PERMISSION_DENIED";
const UNAUTHENTICATED = "AUTHENTICATION_FAILED";

/** Is turned away: with an error frame first, then the close. */
async function turnedAway(from: Server, query: Record<string, string>, headers = {}) {
  const client = await from.open("/ws/client", query, { headers });
  const error = await client.next("error");
  expect(error).toEqual({
    type: "error",
    timestamp: expect.stringMatching(RFC_3339),
    code: expect.any(String),
    message: expect.any(String),
  });
  const { code, reason } = await client.closed();
  expect(client.frames).toHaveLength(1);
  expect(reason).toBe(error.message);
  return { error: error.code, code, reason };
}

test.each(["2", "3", "0", "01", "1.0", "", "one", "-1"])(
  "[E4, E26, E44] version %j is not spoken: 4400",
  async (version) => {
    const away = await turnedAway(server, { client_id: "c", version });
    expect(away).toMatchObject({ error: INVALID, code: 4400 });
    expect(away.reason).toContain("version");
  },
);

test.each([
  ["none", {}],
  ["an empty one", { client_id: "" }],
  ["one of 65 letters", { client_id: "a".repeat(65) }],
  ["one with a space", { client_id: "a b" }],
  ["one with a dot", { client_id: "a.b" }],
  ["one with a slash", { client_id: "../x" }],
  ["one beyond ASCII", { client_id: "zimmer-ä" }],
  ["a script", { client_id: "<script>alert(1)</script>" }],
])("[E3, E44, X20] a client id: %s: 4400, and the reason says which it is", async (_, query) => {
  const away = await turnedAway(server, query as Record<string, string>);
  expect(away).toMatchObject({ error: INVALID, code: 4400 });
  expect(away.reason).toMatch(/^invalid client_id/);
  expect(away.reason).not.toContain("script");
});

test.each(["king", "", "Admin", "frontend ", "service"])(
  "[E5, E26] the role %j is none: 4401",
  async (role) => {
    expect(await turnedAway(server, { client_id: "c", role })).toMatchObject({ error: DENIED, code: 4401 });
  },
);

test("[E6, K1] version is looked at first, then the role, then the client id, then the token", async () => {
  const wrong = { version: "3", role: "king", client_id: "", token: "x" };
  expect((await turnedAway(server, wrong)).reason).toContain("version");
  expect((await turnedAway(server, { ...wrong, version: "1" })).code).toBe(4401);
  expect((await turnedAway(server, { ...wrong, version: "1", role: "test" })).code).toBe(4400);
  expect((await turnedAway(server, { role: "test", client_id: "c", token: "x" })).code).toBe(1008);
});

test("[E5, E43, X9] the role admin without a token of that role: 4401", async () => {
  const away = { error: DENIED, code: 4401 };
  const query = { client_id: "c", role: "admin", contextId: room };
  expect(await turnedAway(server, query)).toMatchObject(away);
  const user = await server.token({ user: "ann", room });
  expect(await turnedAway(server, { ...query, token: user })).toMatchObject(away);
  const service = await server.token({ user: "backend", room, ...SERVICE });
  expect(await turnedAway(server, { ...query, token: service })).toMatchObject(away);
});

test("[X9] an admin's token leads to its own rooms and no others", async () => {
  const token = await server.token({ user: "root", room, claims: { role: "admin" } });
  const query = { client_id: "c", role: "admin", token, contextId: "elsewhere" };
  expect(await turnedAway(server, query)).toMatchObject({ error: DENIED, code: 1008 });
});

test("[E5, E26] the role test in production: 4401, whatever the token", async () => {
  const token = await server.token({ user: "root", room, claims: { role: "admin" } });
  const ways: Record<string, string>[] = [{}, { token }];
  for (const query of ways) {
    const away = await turnedAway(production, { client_id: "c", role: "test", ...query });
    expect(away).toMatchObject({ error: DENIED, code: 4401 });
  }
});

test("[E43] a token that does not verify, or is no longer good, is 1008: never an anonymous way in", async () => {
  const away = { error: UNAUTHENTICATED, code: 1008 };
  expect(await turnedAway(server, { client_id: "c", token: "nonsense" })).toMatchObject(away);
  expect(await turnedAway(server, { client_id: "c", token: "" })).toMatchObject(away);
  const late = await server.token({ user: "ann", room, lifetime: "-1 minute" });
  expect(await turnedAway(server, { client_id: "c", token: late })).toMatchObject(away);
  expect(await turnedAway(production, { client_id: "c", token: "test" })).toMatchObject(away);
  const header = { Authorization: "Bearer nonsense" };
  expect(await turnedAway(server, { client_id: "c" }, header)).toMatchObject(away);
});

test("[E43] a page of another origin is turned away, with a token and without", async () => {
  const token = await production.token({ user: "ann", room: "r" });
  const away = { error: DENIED, code: 1008 };
  const [bad, good] = [{ Origin: "https://bad.example" }, { Origin: "https://good.example" }];
  expect(await turnedAway(production, { client_id: "c" }, bad)).toMatchObject(away);
  expect(await turnedAway(production, { client_id: "c", token }, bad)).toMatchObject(away);
  const client = await production.open("/ws/client", { client_id: "c", token }, { headers: good });
  await client.next("hello");
});

test("[X9, K2] without a token no query leads out of the lobby", async () => {
  const token = await server.token({ user: "ann", room: "lobby" });
  const inside = await server.open("/ws/client", { token, contextId: "lobby", client_id: "c" });
  await inside.next("hello");
  const client = await server.open("/ws/client", { client_id: "c", contextId: room });
  await client.next("hello");
  inside.send({ type: "said_in_the_lobby" });
  await client.next("said_in_the_lobby");
  ann.send({ type: "said_elsewhere" });
  await ann.next("said_elsewhere");
  await witness.next("said_elsewhere");
  expect(await heard(client)).toEqual([]);
});

const REFUSED: [string, string | Buffer, string][] = [
  ["nothing", "", INVALID],
  ["no JSON", "hello", INVALID],
  ["a list", '["ping"]', INVALID],
  ["no type", '{"payload":1}', INVALID],
  ["a number for a type", '{"type":7}', INVALID],
  ["a duplicate type", '{"type":"ping","type":"x"}', INVALID],
  ["a number for an id", '{"type":"x","id":7}', INVALID],
  ["depth 33", `{"type":"x","a":${"[".repeat(32)}${"]".repeat(32)}}`, INVALID],
  ["binary", Buffer.from('{"type":"ping"}'), INVALID],
  ["a field whose name is half a letter", String.raw`{"type":"x","\ud800":1}`, INVALID],
  ["an empty type", '{"type":""}', UNKNOWN],
  ["a type with a space", '{"type":"a b"}', UNKNOWN],
  ["a type of 129 letters", JSON.stringify({ type: "t".repeat(129) }), UNKNOWN],
  ["auth without a token", '{"type":"auth"}', INVALID],
  ["auth with a bad token", '{"type":"auth","token":"x"}', UNAUTHENTICATED],
  ["a forged broadcast", '{"type":"broadcast","text":"x"}', DENIED],
  ["a forged metric_update", '{"type":"metric_update","metric":"m"}', DENIED],
  [
    "a forged workflow_update",
    '{"type":"workflow_update","workflow_id":"w","status":"failed","stage":"review","progress":1}',
    DENIED,
  ],
];

/** The protocols' own words: what the server says, and what other protocols ask. */
const RESERVED = ["hello", "error", "event", "response", "connection_established", "batch", "ack"].concat(
  ["subscribe", "unsubscribe", "query", "command", "publish", "history", "presence", "typing"],
  ["connect", "connect_confirm", "user_joined", "user_left", "large_data", "state.key"],
);
for (const type of RESERVED) REFUSED.push([`the reserved type ${type}`, JSON.stringify({ type }), INVALID]);

test.each(REFUSED)(
  "[E44, H2, K10] %s is refused, the socket stays, and nobody hears of it",
  async (_, frame, code) => {
    ann.send(frame);
    const refusal = await ann.next("error");
    expect(refusal.code).toBe(code);
    expect(JSON.stringify(refusal)).not.toMatch(/SELECT|INSERT|panicked|\.rs|line \d+/);
    expect(await heard(ann)).toEqual([]);
    expect(await heard(witness)).toEqual([]);
  },
);

test("[E44, K11] a refusal names the message it is about", async () => {
  ann.send({ type: "hello", id: "mine" });
  expect(await ann.next("error")).toEqual({
    type: "error",
    timestamp: expect.stringMatching(RFC_3339),
    id: "mine",
    code: INVALID,
    message: expect.any(String),
  });
});

test("[A14, E19] what users must not forge a service may say, if it is well-formed", async () => {
  const backend = await greeted(server, room, "backend", SERVICE);
  const update = { workflow_id: "w", status: "failed", stage: "review", progress: 1 };
  backend.send({ type: "workflow_update", id: "u1", ...update, progress: 101, stage: "sleeping" });
  const { code, id, details } = await backend.next("error");
  expect([code, id]).toEqual([INVALID, "u1"]);
  expect(details.faults.map((it: { field: string }) => it.field)).toEqual(["stage", "progress"]);
  backend.send({ type: "workflow_update", ...update });
  expect(await witness.next("workflow_update")).toMatchObject(update);
  await ann.next("workflow_update");
});

test("[X7, H7] too fast is forgiven twice, with the time to wait; the third time is 1008", async () => {
  const small = await serve({ MESSAGES_PER_MINUTE: "3" });
  try {
    const client = await greeted(small, "r");
    for (let i = 0; i < 6; i++) client.send({ type: "status" });
    for (let i = 0; i < 3; i++) await client.next("status");
    for (let i = 0; i < 3; i++) {
      const refusal = await client.next("error");
      expect(refusal.code).toBe("RATE_LIMIT_EXCEEDED");
      expect(refusal.retry_after).toBeGreaterThan(0);
      expect(refusal.retry_after).toBeLessThanOrEqual(60);
    }
    expect((await client.closed()).code).toBe(1008);
  } finally {
    await small.stop();
  }
});

test("[K1] a full room says so with 1013", async () => {
  const small = await serve({ WS_MAX_CONNECTIONS: "1" });
  try {
    await greeted(small, "r", "ann");
    const token = await small.token({ user: "bob", room: "r" });
    const away = await turnedAway(small, { token, contextId: "r", client_id: "b" });
    expect(away).toMatchObject({ error: "CONNECTION_LIMIT", code: 1013 });
  } finally {
    await small.stop();
  }
});
