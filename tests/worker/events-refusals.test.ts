// The events protocol: what it refuses, and that the room goes on.
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, command, listening, publish, query, RFC_3339, refused, SERVICE } from "../support/asking.ts";
import type { Client } from "../support/client.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
let room: string;
let ann: Client;
let backend: Client;
let witness: Client;
beforeAll(async () => {
  // One user fills a room here: what users share is tests/worker/owners.test.ts.
  server = await serve({ MESSAGES_PER_MINUTE: "0", BROADCASTS_PER_MINUTE: "0", USER_SHARE_PERCENT: "0" });
  room = server.room();
  witness = await listening(server, room, "witness", ["*"]);
  ann = await listening(server, room, "ann");
  backend = await listening(server, room, "backend", [], SERVICE);
  await witness.settle();
});
afterAll(() => server.stop());

const INVALID = "INVALID_MESSAGE_FORMAT";
const UNKNOWN = "UNKNOWN_MESSAGE_TYPE";
const DENIED = "PERMISSION_DENIED";
const NOT_FOUND = "NOT_FOUND";

const NAMES = Array.from({ length: 10_000 }, (_, i) => `topic-${i}`);
const order = (name: unknown, params?: unknown) => ({ type: "command", command: name, params });
const history = (params: unknown) => ({ type: "query", query: "history", params });
const update = { workflow_id: "w", status: "completed", stage: "review", progress: 100 };

const REFUSED: [string, object, string][] = [
  ["an unknown type", { type: "teleport" }, UNKNOWN],
  ["a server's type", { type: "event", event: "x" }, UNKNOWN],
  ["another protocol's type", { type: "message", data: { content: "x" } }, UNKNOWN],
  ["a number for a type", { type: 7 }, INVALID],
  ["subscribe to nothing", { type: "subscribe" }, INVALID],
  ["subscribe to a string", { type: "subscribe", events: "agent.*" }, INVALID],
  ["subscribe to numbers", { type: "subscribe", events: [1] }, INVALID],
  ["subscribe to null", { type: "subscribe", events: [null] }, INVALID],
  ["subscribe to an empty name", { type: "subscribe", events: [""] }, INVALID],
  ["a star at the start", { type: "subscribe", events: ["*.started"] }, INVALID],
  ["a star in the middle", { type: "subscribe", events: ["agent.*.started"] }, INVALID],
  ["two stars", { type: "subscribe", events: ["agent.**"] }, INVALID],
  ["a space in a topic", { type: "subscribe", events: ["agent started"] }, INVALID],
  ["a topic of 129 letters", { type: "subscribe", events: ["a".repeat(129)] }, INVALID],
  ["one bad topic among good ones", { type: "subscribe", events: ["good", "b*d"] }, INVALID],
  ["10,000 topics", { type: "subscribe", events: NAMES }, INVALID],
  ["unsubscribe from nothing", { type: "unsubscribe" }, INVALID],
  ["unsubscribe from 10,000 topics", { type: "unsubscribe", events: NAMES }, INVALID],
  ["an unknown query", { type: "query", query: "secrets" }, NOT_FOUND],
  ["a query without a name", { type: "query" }, INVALID],
  ["a query with a number for a name", { type: "query", query: 7 }, INVALID],
  ["history with params in a list", history([1]), INVALID],
  ["history with limit 0", history({ limit: 0 }), INVALID],
  ["history with limit -1", history({ limit: -1 }), INVALID],
  ["history with limit 1.5", history({ limit: 1.5 }), INVALID],
  ["history before yesterday", history({ before: "yesterday" }), INVALID],
  ["history after a time", history({ after: "2024-01-01T00:00:00Z" }), INVALID],
  ["history after -1", history({ after: -1 }), INVALID],
  ["an unknown command", order("reboot", {}), NOT_FOUND],
  ["a command without a name", { type: "command" }, INVALID],
  ["publish without params", order("publish"), INVALID],
  ["publish with params in a list", order("publish", ["x"]), INVALID],
  ["publish without an event", order("publish", { data: 1 }), INVALID],
  ["publish of a number", order("publish", { event: 7 }), INVALID],
  ["publish of an empty name", order("publish", { event: "" }), INVALID],
  ["publish of a wildcard", order("publish", { event: "agent.*" }), INVALID],
  ["publish of 129 letters", order("publish", { event: "a".repeat(129) }), INVALID],
  ["publish to a number", order("publish", { event: "x", user_id: 7 }), INVALID],
  ["set_state without a key", order("set_state", { value: 1 }), INVALID],
  ["set_state of an empty key", order("set_state", { key: "", value: 1 }), INVALID],
  ["set_state of a key with a space", order("set_state", { key: "a b", value: 1 }), INVALID],
  ["set_state of a key too long for its event", order("set_state", { key: "k".repeat(123) }), INVALID],
  ["kick of nobody", order("kick", {}), INVALID],
  ["kick of a user and a session", order("kick", { user_id: "a", session_id: "b" }), INVALID],
  ["kick of what is no session", order("kick", { session_id: "me" }), INVALID],
  ["kick without being an administrator", order("kick", { user_id: "witness" }), DENIED],
  ["auth without a token", { type: "auth" }, INVALID],
  ["auth with a bad token", { type: "auth", token: "x" }, "AUTHENTICATION_FAILED"],
  ...["ping", "pong", "error", "response", "event", "hello", "subscribe", "user_joined", "state.x"].map(
    (event): [string, object, string] => [`publish of ${event}`, order("publish", { event }), INVALID],
  ),
  ["a forged broadcast", order("publish", { event: "broadcast" }), DENIED],
  ["a forged workflow_update", order("publish", { event: "workflow_update", data: update }), DENIED],
  ["a forged metric_update", order("publish", { event: "metric_update", data: {} }), DENIED],
];

test.each(REFUSED)(
  "[C21, H8, V8] %s is refused under its id, and the socket stays",
  async (_, request, code) => {
    const refusal = await refused(ann, request);
    expect(refusal).toEqual({
      type: "error",
      id: expect.any(String),
      timestamp: expect.stringMatching(RFC_3339),
      code,
      message: expect.any(String),
    });
    expect(refusal.message).not.toMatch(/SELECT|INSERT|panicked|\.rs|line \d+/);
    expect(await query(ann, "subscriptions")).toEqual({ subscriptions: [] });
    expect(await witness.settle()).toEqual([]);
  },
);

test.each([
  ["nothing", ""],
  ["no JSON", "hello"],
  ["a list", "[]"],
  ["a number for an id", '{"type":"ping","id":7}'],
  ["an endless id", JSON.stringify({ type: "ping", id: "i".repeat(129) })],
  ["depth 33", `{"type":"ping","x":${"[".repeat(32)}${"]".repeat(32)}}`],
  ["binary", Buffer.from('{"type":"ping"}')],
])("[C21] %s is refused without an id, and the socket stays", async (_, frame) => {
  ann.send(frame);
  const refusal = await ann.next("error");
  expect([refusal.code, refusal.id]).toEqual([INVALID, undefined]);
  await ann.settle();
});

test("[C21, H3] every fault of a notification or an update is named, and nobody's value is repeated", async () => {
  const faults = async (event: string, data: unknown) => {
    const refusal = await refused(backend, order("publish", { event, data }));
    expect(refusal.code).toBe(INVALID);
    expect(JSON.stringify(refusal)).not.toContain("SECRET");
    return refusal.details.faults.map((it: { field: string }) => it.field);
  };
  const bad = { workflow_id: "", status: "SECRET", stage: "sleeping", progress: 101 };
  expect(await faults("workflow_update", bad)).toEqual(["workflow_id", "status", "stage", "progress"]);
  expect(await faults("workflow_update", "SECRET")).toEqual(["data"]);
  expect(await faults("notification", { notification_id: "n", title: "t", message: "m" })).toEqual([
    "category",
    "priority",
  ]);
  expect(await witness.settle()).toEqual([]);
});

test("[H5] a refused publish leaves no trace: not in history, not as a resend", async () => {
  const before = (await query(ann, "stats")).offset;
  await refused(ann, { ...order("publish", { event: "broadcast", data: 1 }), id: "mine" });
  expect(await publish(ann, "plain", 1, "mine")).toMatchObject({ offset: before + 1, duplicate: false });
  expect((await witness.settle()).map((it) => it.event)).toEqual(["plain"]);
});

test("[C28, V4] a socket has at most 100 topics, of 8 KiB together, and keeps those it has", async () => {
  const many = await listening(server, room, "many");
  const some = (from: number, to: number) => ({ type: "subscribe", events: NAMES.slice(from, to) });
  expect((await ask(many, some(0, 60))).subscribed).toHaveLength(60);
  expect((await refused(many, some(60, 101))).code).toBe("CONFLICT");
  expect((await query(many, "subscriptions")).subscriptions).toHaveLength(60);
  expect((await ask(many, some(40, 100))).subscribed).toHaveLength(100);
  expect((await refused(many, some(100, 101))).code).toBe("CONFLICT");

  const long = await listening(server, room, "long");
  const wide = Array.from({ length: 65 }, (_, i) => `${"w".repeat(125)}${100 + i}`);
  expect((await ask(long, { type: "subscribe", events: wide.slice(0, 64) })).subscribed).toHaveLength(64);
  expect((await refused(long, { type: "subscribe", events: wide.slice(64) })).code).toBe("CONFLICT");
  await server.sleep(room, "HUBS");
  expect((await query(long, "subscriptions")).subscriptions).toEqual(wide.slice(0, 64));
  await witness.settle();
});

test("[H6] a room keeps at most 1,000 keys; dropping one makes room for another", async () => {
  const full = server.room();
  const bob = await listening(server, full, "bob");
  for (let i = 0; i < 1000; i++) {
    bob.send({ id: `s${i}`, ...order("set_state", { key: `key-${i}`, value: i }) });
  }
  await bob.until(() => bob.frames.some((it) => it.id === "s999"), "the last answer");
  await bob.settle();
  const set = order("set_state", { key: "one-more", value: 1 });
  expect((await refused(bob, set)).code).toBe("CONFLICT");
  await server.sleep(full, "HUBS");
  expect((await refused(bob, set)).code).toBe("CONFLICT");
  expect((await query(bob, "state")).state).toHaveLength(1000);
  await command(bob, "set_state", { key: "key-7", value: "another" });
  await command(bob, "set_state", { key: "key-7", value: null });
  await ask(bob, set);
  const keys = (await query(bob, "state")).state.map((it: { key: string }) => it.key);
  expect(keys).toHaveLength(1000);
  expect([keys.includes("key-7"), keys.includes("one-more")]).toEqual([false, true]);
});

test("[H5] a resend of set_state is acknowledged, also when the room has filled since", async () => {
  const bob = await listening(server, server.room(), "bob");
  const first = await command(bob, "set_state", { key: "early", value: 1 }, "mine");
  await command(bob, "set_state", { key: "early", value: null });
  await command(bob, "set_state", { key: "large", value: "x".repeat(512 * 1024 - 7) });
  expect((await refused(bob, order("set_state", { key: "small", value: 1 }))).code).toBe("CONFLICT");
  const again = await command(bob, "set_state", { key: "early", value: 1 }, "mine");
  expect(again).toEqual({ ...first, duplicate: true });
});

test("[H6] a room keeps at most 512 KiB of keys and values; a larger one can shrink", async () => {
  const bob = await listening(server, server.room(), "bob");
  const KIB = 1024;
  const set = (key: string, length: number) => order("set_state", { key, value: "x".repeat(length) });
  await ask(bob, set("a", 300 * KIB));
  expect((await refused(bob, set("b", 212 * KIB))).code).toBe("CONFLICT");
  // The bytes of the keys and the quotes around the values count too.
  await ask(bob, set("b", 212 * KIB - 6));
  expect((await refused(bob, set("b", 212 * KIB - 5))).code).toBe("CONFLICT");
  expect((await refused(bob, set("c", 0))).code).toBe("CONFLICT");
  await ask(bob, set("a", 10));
  await ask(bob, set("c", 299 * KIB));
  const { state } = await query(bob, "state");
  expect(state.map((it: { value: string }) => it.value.length)).toEqual([10, 212 * KIB - 6, 299 * KIB]);
});

test("[V5, V6] what a token does not allow is refused, request by request", async () => {
  const caps = (...can: string[]) => ({ caps: [{ room: `hub:${room}`, can }] });
  const token = await server.token({ user: "mute", claims: caps("join") });
  const mute = await server.open("/api/v1/ws", { token, contextId: room });
  await mute.next("connection_established");
  await ask(mute, { type: "subscribe", events: ["*"] });
  const denied = [
    order("publish", { event: "x" }),
    order("set_state", { key: "k", value: 1 }),
    order("kick", { user_id: "ann" }),
    history({}),
    { type: "query", query: "state" },
    { type: "query", query: "presence" },
    { type: "query", query: "stats" },
  ];
  for (const request of denied) expect((await refused(mute, request)).code).toBe(DENIED);
  await listening(server, room, "newcomer");
  await publish(ann, "audible");
  // It hears what is said, and not who comes.
  expect((await mute.settle()).map((it) => it.event)).toEqual(["audible"]);
});
