// Analytics rooms: metrics that backends publish, and those of the chat room of the same name.
import { afterAll, beforeAll, expect, test } from "vitest";
import { RFC_3339, SERVICE } from "../support/asking.ts";
import type { Client, Frame } from "../support/client.ts";
import { type Answer, type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  // Reports to the directory at once, so that no alarm for one wakes a room later.
  server = await serve({ PRESENCE_GRACE_MS: "0", REPORT_INTERVAL_MS: "0" });
});
afterAll(() => server.stop());

const PATH = "/api/analytics/ws";
const OWN = ["engagement", "performance", "activity"];

async function dashboard(room: string, user = "dora"): Promise<Client> {
  const token = await server.token({ user, room });
  return server.open(PATH, { token, contextId: room });
}

const events = (room: string) => `/api/v1/rooms/analytics/${room}/events`;

async function publish(room: string, metric: unknown, value: unknown, more: object = {}): Promise<Answer> {
  return server.call("POST", events(room), { type: "metric_update", data: { metric, value }, ...more });
}

/** Asks for something, and reads the answer to it, wherever it comes. */
async function asks(client: Client, type: string, metrics: unknown): Promise<Frame> {
  const id = `${type}-${client.frames.length}-${Math.random()}`;
  client.send({ type, id, data: { metrics } });
  const found = () => client.frames.find((it) => it.id === id);
  await client.until(() => found() !== undefined, `the answer to ${id}`);
  return found() as Frame;
}

const last = (frame: Frame) =>
  Object.fromEntries(
    frame.data.metrics.map((it: { metric: string; value: number }) => [it.metric, it.value]),
  );

const updates = (client: Client) =>
  client.frames.filter((it) => it.type === "metric_update").map((it) => it.data);

/** What a dashboard shows of a metric by now. */
const shown = (client: Client, metric: string) =>
  updates(client).findLast((it) => it.metric === metric)?.value;

const shows = (client: Client, metric: string, value: number) =>
  client.until(() => shown(client, metric) === value, `${metric} ${value}`);

/** Until both rooms have said to each other what they want to: the chat room is observed, or not. */
async function isObserved(room: string, state: "no" | "quiet" | "busy"): Promise<void> {
  const statement = "SELECT value FROM meta WHERE key = 'observed'";
  const deadline = Date.now() + 30_000;
  let seen: unknown;
  while (seen !== state) {
    if (deadline < Date.now()) throw new Error(`waited in vain for ${state}; saw ${seen}`);
    // An object that is busy waking cannot be asked.
    seen = (await server.sql(room, statement).catch(() => []))[0]?.value;
    // Without it no socket of this process gets a word in.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("[B15, M3] a subscription is confirmed with the last values, to its asker alone", async () => {
  const room = server.room();
  const [dora, eve] = [await dashboard(room), await dashboard(room, "eve")];
  await dora.next("user_joined");
  await publish(room, "score", 0.5);
  const before = Date.now();
  const frame = await asks(dora, "subscribe", ["score", "unheard-of"]);
  expect(frame).toEqual({
    type: "subscribe",
    id: frame.id,
    timestamp: expect.stringMatching(RFC_3339),
    data: {
      metrics: [
        { metric: "score", value: 0.5, timestamp: expect.stringMatching(RFC_3339) },
        { metric: "unheard-of", value: null, timestamp: null },
      ],
    },
  });
  expect(Date.parse(frame.data.metrics[0].timestamp)).toBeLessThanOrEqual(before);
  expect(last(await asks(dora, "subscribe", ["more"]))).toEqual({
    more: null,
    score: 0.5,
    "unheard-of": null,
  });
  expect(last(await asks(dora, "unsubscribe", ["score", "unheard-of"]))).toEqual({ more: null });
  expect(await eve.settle()).toEqual([]);
});

test("[B16, M4] updates go to those who watch that metric, also after sleep", async () => {
  const room = server.room();
  const [dora, eve] = [await dashboard(room), await dashboard(room, "eve")];
  await asks(dora, "subscribe", ["a", "b"]);
  await asks(eve, "subscribe", ["b"]);
  await server.sleep(room, "ANALYTICS");
  const { json } = await publish(room, "a", 1);
  expect(json).toMatchObject({ offset: 1, duplicate: false });
  await server.sleep(room, "ANALYTICS");
  const timestamp = "2024-01-01T12:00:00+01:00";
  await server.call("POST", events(room), {
    type: "metric_update",
    data: { metric: "b", value: -2.5, timestamp },
  });
  await publish(room, "c", 3);
  await asks(dora, "unsubscribe", ["b"]);
  await publish(room, "b", 4);
  await Promise.all([dora.settle(), eve.settle()]);
  const own = { metric: "b", value: -2.5, timestamp: "2024-01-01T11:00:00.000Z" };
  expect(updates(dora)).toEqual([{ metric: "a", value: 1, timestamp: expect.stringMatching(RFC_3339) }, own]);
  expect(updates(eve)).toEqual([own, { metric: "b", value: 4, timestamp: expect.stringMatching(RFC_3339) }]);
  await server.sleep(room, "ANALYTICS");
  expect(last(await asks(eve, "subscribe", ["a", "c"]))).toEqual({ a: 1, b: 4, c: 3 });
  const { json: past } = await server.call("GET", events(room));
  expect(past.events[1]).toMatchObject({ type: "metric_update", offset: 2, data: own });
});

test("[B16, M5] a metric published twice with one id is told once, and a batch tells each", async () => {
  const room = server.room();
  const dora = await dashboard(room);
  await asks(dora, "subscribe", ["a", "b"]);
  const { json: first } = await publish(room, "a", 1, { id: "once" });
  await server.sleep(room, "ANALYTICS");
  expect((await publish(room, "a", 1, { id: "once" })).json).toEqual({ ...first, duplicate: true });
  const event = (metric: string, value: unknown, more = {}) => ({
    room: `analytics:${room}`,
    type: "metric_update",
    data: { metric, value },
    ...more,
  });
  const batch = [
    event("a", 2),
    event("b", "3"),
    event("b", 4),
    event("a", 1, { id: "once" }),
    event("b", 5, { user_id: "dora" }),
  ];
  const { json } = await server.call("POST", "/api/v1/events", { events: batch });
  expect(
    json.results.map((it: { offset?: number; error?: { code: string } }) => it.offset ?? it.error?.code),
  ).toEqual([2, "INVALID_MESSAGE_FORMAT", 3, 1, "INVALID_MESSAGE_FORMAT"]);
  await dora.settle();
  expect(updates(dora).map((it) => [it.metric, it.value])).toEqual([
    ["a", 1],
    ["a", 2],
    ["b", 4],
  ]);
});

test("[G7] what is no metric is refused with every fault named", async () => {
  const room = server.room();
  const post = (data: string, more = "") =>
    server.call("POST", events(room), `{"type":"metric_update","data":${data}${more}}`);
  const faults = ({ status, json }: Answer) => [
    status,
    json.code,
    json.faults?.map((it: { field: string }) => it.field),
  ];
  const wrong = "INVALID_MESSAGE_FORMAT";
  for (const value of ["1e999", "-1e999", '"1"', "null", "{}", "[1]", "true"]) {
    expect(faults(await post(`{"metric":"a","value":${value}}`)), value).toEqual([422, wrong, ["value"]]);
  }
  expect(faults(await post('{"value":NaN,"metric":"a"}'))).toEqual([400, wrong, undefined]);
  expect(faults(await post('{"metric":"","timestamp":"soon"}', ',"user_id":"ann"'))).toEqual([
    422,
    wrong,
    ["user_id", "metric", "value", "timestamp"],
  ]);
  for (const data of ["null", "[]", '"text"', "7"]) {
    expect(faults(await post(data)), data).toEqual([422, wrong, ["data"]]);
  }
  expect((await server.call("GET", events(room))).json.events).toEqual([]);
});

test("[M5] users forge no metrics, over HTTP or on a socket", async () => {
  const room = server.room();
  const user = await server.token({ user: "mallory", room });
  const event = { type: "metric_update", data: { metric: "score", value: 99 } };
  const { status, json } = await server.call("POST", events(room), event, user);
  expect([status, json.code]).toEqual([403, "PERMISSION_DENIED"]);
  const mallory = await dashboard(room, "mallory");
  await asks(mallory, "subscribe", ["score"]);
  mallory.send({ ...event, id: "forged" });
  await mallory.until(() => mallory.frames.some((it) => it.id === "forged"), "the refusal");
  expect(mallory.frames.find((it) => it.id === "forged")).toMatchObject({
    type: "error",
    code: "UNKNOWN_MESSAGE_TYPE",
  });
  const service = await server.token({ user: "bot", room, ...SERVICE });
  expect((await server.call("POST", events(room), event, service)).status).toBe(200);
  await mallory.settle();
  expect(updates(mallory)).toHaveLength(1);
});

test("what a dashboard gets wrong is refused, and the room goes on", async () => {
  const room = server.room();
  const dora = await dashboard(room);
  const many = Array.from({ length: 10_000 }, (_, at) => `m${at}`);
  for (const [metrics, code] of [
    [many, "CONFLICT"],
    [Array(10_000).fill("same"), "CONFLICT"],
    [[""], "INVALID_MESSAGE_FORMAT"],
    [["a b"], "INVALID_MESSAGE_FORMAT"],
    [[1], "INVALID_MESSAGE_FORMAT"],
    ["engagement", "INVALID_MESSAGE_FORMAT"],
    [{}, "INVALID_MESSAGE_FORMAT"],
    [undefined, "INVALID_MESSAGE_FORMAT"],
  ] as const) {
    expect((await asks(dora, "subscribe", metrics)).code).toBe(code);
    expect((await asks(dora, "unsubscribe", metrics)).code).toBe(code);
  }
  const before = dora.frames.length;
  dora.send('{"type":"subscribe","data":{"metrics":[NaN]}}');
  await dora.until(() => before < dora.frames.length, "the refusal");
  expect(dora.frames.at(-1)?.code).toBe("INVALID_MESSAGE_FORMAT");
  expect(Object.keys(last(await asks(dora, "subscribe", many.slice(0, 100))))).toHaveLength(100);
  expect((await asks(dora, "subscribe", ["one-more"])).code).toBe("CONFLICT");
  await server.sleep(room, "ANALYTICS");
  expect((await asks(dora, "subscribe", ["one-more"])).code).toBe("CONFLICT");
  await publish(room, "m99", 1);
  await dora.until(() => shown(dora, "m99") === 1, "the update");
});

test("an analytics room serves no messages, typing or edits, and a chat room no metrics", async () => {
  const room = server.room();
  const [dora, ann] = [await dashboard(room), await server.join(room, "ann")];
  const code = async (client: Client, frame: object) => {
    const id = `x-${Math.random()}`;
    client.send({ id, ...frame });
    await client.until(() => client.frames.some((it) => it.id === id), "the refusal");
    return client.frames.find((it) => it.id === id)?.code;
  };
  for (const frame of [
    { type: "message", data: { content: "x" } },
    { type: "typing", data: { isTyping: true } },
    { type: "edit", data: { operation: "insert", position: 0, content: "x", version: 0 } },
  ]) {
    expect(await code(dora, frame), frame.type).toBe("UNKNOWN_MESSAGE_TYPE");
  }
  for (const type of ["subscribe", "unsubscribe", "observe", "measures", "metric_update"]) {
    expect(await code(ann, { type, data: { metrics: ["activity"] } }), type).toBe("UNKNOWN_MESSAGE_TYPE");
  }
});

test("[B3, P1] a first message authenticates here too, and users are seen to come and go", async () => {
  const room = server.room();
  const dora = await dashboard(room);
  const eve = await server.open(PATH);
  eve.send({ type: "auth", token: await server.token({ user: "eve", room }), contextId: room });
  eve.send({ type: "subscribe", id: "s1", data: { metrics: ["score"] } });
  expect(last(await eve.next("subscribe"))).toEqual({ score: null });
  expect((await dora.next("user_joined")).data).toEqual({ userId: "eve", username: "eve" });
  await publish(room, "score", 3);
  expect((await eve.next("metric_update")).data).toMatchObject({ metric: "score", value: 3 });
  dora.send({ type: "presence", id: "p" });
  const users = (await dora.next("presence")).data.members.map((it: { userId: string }) => it.userId);
  expect(users).toEqual(["dora", "eve"]);
  await eve.leave();
  expect((await dora.next("user_left")).data).toEqual({ userId: "eve", username: "eve" });
  const nobody = await server.open(PATH);
  nobody.send({ type: "auth", token: "nonsense" });
  expect((await nobody.closed()).code).toBe(1008);
});

test("[B15, B16, M6] the chat room's own numbers are the right ones", async () => {
  const room = server.room();
  const [ann, bob] = [await server.join(room, "ann"), await server.join(room, "bob")];
  await server.join(room, "cyd");
  ann.say("before anybody watches");
  await ann.upTo("message");
  const dora = await dashboard(room);
  await asks(dora, "subscribe", OWN);
  await shows(dora, "activity", 1);
  await shows(dora, "engagement", 1);
  for (let at = 0; at < 5; at += 1) bob.say(`message ${at}`);
  await shows(dora, "activity", 6);
  await shows(dora, "engagement", 2);
  // An author without a socket; a resend counts once.
  const event = { type: "message", id: "once", data: { content: "from a backend" } };
  const service = await server.token({ user: "bot", room, ...SERVICE });
  for (let at = 0; at < 2; at += 1)
    await server.call("POST", `/api/v1/rooms/chat/${room}/events`, event, service);
  await shows(dora, "activity", 7);
  await shows(dora, "engagement", 3);
  await dora.until(() => shown(dora, "performance") !== undefined, "the performance");
  for (const { metric, value, timestamp } of updates(dora)) {
    expect(OWN).toContain(metric);
    expect(Number.isFinite(value) && 0 <= value).toBe(true);
    expect(timestamp).toMatch(RFC_3339);
  }
  // At most one report a second: each has one time.
  const times = [...new Set(updates(dora).map((it) => Date.parse(it.timestamp)))];
  for (const [at, time] of times.slice(1).entries())
    expect(time - (times[at] ?? 0)).toBeGreaterThanOrEqual(1000);
  // Nobody else hears of it, and it is no entry of either log.
  expect((await server.call("GET", events(room))).json.events).toEqual([]);
  expect(ann.frames.some((it) => it.type === "metric_update")).toBe(false);
});

test("[B16, M4] sleep loses nothing: neither who watches, nor what was counted", async () => {
  const room = server.room();
  const [ann, dora] = [await server.join(room, "ann"), await dashboard(room)];
  await asks(dora, "subscribe", ["activity", "engagement"]);
  ann.say("one");
  await shows(dora, "activity", 1);
  await isObserved(room, "busy");
  for (const count of [2, 3, 4]) {
    await server.wasAwake(room);
    await server.wasAwake(room, "ANALYTICS");
    ann.say("again");
    await shows(dora, "activity", count);
  }
  expect(shown(dora, "engagement")).toBe(1);
});

test("[B16, M6] while nothing happens nothing is said, and both rooms sleep", async () => {
  const room = server.room();
  const [ann, dora] = [await server.join(room, "ann"), await dashboard(room)];
  await asks(dora, "subscribe", OWN);
  await isObserved(room, "quiet");
  await Promise.all([dora.settle(), ann.settle()]);
  expect(updates(dora)).toEqual([]);
  await server.wasAwake(room);
  await server.wasAwake(room, "ANALYTICS");
  // Pings that the platform answers wake nobody.
  for (const client of [ann, dora]) {
    client.send('{"type":"ping"}');
    await client.upTo("pong");
  }
  expect(await server.wasAwake(room)).toBe(false);
  expect(await server.wasAwake(room, "ANALYTICS")).toBe(false);
  ann.say("good morning");
  await shows(dora, "activity", 1);
});

test("[B16, M6] when nobody watches any more the chat room says no more", async () => {
  const room = server.room();
  const [ann, dora, eve] = [
    await server.join(room, "ann"),
    await dashboard(room),
    await dashboard(room, "eve"),
  ];
  await asks(dora, "subscribe", OWN);
  await asks(eve, "subscribe", ["activity"]);
  ann.say("one");
  await shows(dora, "activity", 1);
  await asks(dora, "unsubscribe", OWN);
  ann.say("two");
  await shows(eve, "activity", 2);
  expect(shown(dora, "activity")).toBe(1);
  await eve.leave();
  ann.say("three");
  await isObserved(room, "no");
  const kept = await server.sql(room, "SELECT value FROM metric WHERE name = 'activity'", "ANALYTICS");
  ann.say("four");
  await ann.until(() => ann.frames.filter((it) => it.type === "message").length === 4, "four messages");
  await ann.settle();
  expect(await server.sql(room, "SELECT value FROM metric WHERE name = 'activity'", "ANALYTICS")).toEqual(
    kept,
  );
  // Whoever comes back sees how it is now.
  await asks(dora, "subscribe", ["activity"]);
  await shows(dora, "activity", 4);
});

test("an erased analytics room has forgotten its metrics", async () => {
  const room = server.room();
  await publish(room, "score", 1);
  const erase = `/api/v1/rooms/analytics/${room}?confirm=${room}`;
  expect((await server.call("DELETE", erase)).status).toBe(204);
  const dora = await dashboard(room);
  expect(last(await asks(dora, "subscribe", ["score"]))).toEqual({ score: null });
});
