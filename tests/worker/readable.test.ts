// What is accepted by one door can be read by every other: by strict parsers, in frames below the
// length that clients take.
import { afterAll, beforeAll, expect, test } from "vitest";
import { command, greeted, listening, query, refused } from "../support/asking.ts";
import type { Client } from "../support/client.ts";
import { answer, ask, history, talk } from "../support/conversation.ts";
import { publish, workflow } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve();
});
afterAll(() => server.stop());

const INVALID = "INVALID_MESSAGE_FORMAT";
const MIB = 1 << 20;
/** What a message may say, in bytes of JSON (L3). */
const DATA_MAX = MIB - 8 * 1024;

const brackets = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const depthOf = (value: unknown): number =>
  value === null || typeof value !== "object" ? 0 : 1 + Math.max(0, ...Object.values(value).map(depthOf));

/** Everything a socket was ever told. */
function isReadable(...clients: Client[]): void {
  for (const raw of clients.flatMap((it) => it.raw)) {
    expect(Buffer.byteLength(raw)).toBeLessThan(MIB);
    expect(depthOf(JSON.parse(raw.toString()))).toBeLessThanOrEqual(32);
  }
}

/** A hub's log over HTTP, page by page. */
async function pages(room: string): Promise<unknown[]> {
  const events: unknown[] = [];
  for (let before = ""; ; ) {
    const { status, text, json } = await server.call(
      "GET",
      `/api/v1/rooms/hub/${room}/events?limit=200${before}`,
    );
    expect(status, text.slice(0, 200)).toBe(200);
    expect(Buffer.byteLength(text)).toBeLessThan(MIB);
    events.unshift(...json.events);
    if (!json.has_more) return events;
    before = `&before=${json.next_before}`;
  }
}

/** A socket of each protocol in a hub; the last hears in batches. */
async function everyone(room: string): Promise<{ events: Client; all: Client[] }> {
  const events = await listening(server, room, "ann", ["*"]);
  const token = await server.token({ room });
  const batched = await server.open("/ws", { token, contextId: room, batch: "1" });
  const all = [events, await workflow(server, room, token), await greeted(server, room), batched];
  return { events, all };
}

/** The code of the refusal, if what comes next is one. */
async function outcome(client: Client, good: string): Promise<string | undefined> {
  const found = () => client.frames.find((it) => it.type === "error" || it.type === good);
  await client.until(() => found() !== undefined, "the answer");
  await client.leave();
  return found()?.code;
}

async function says(room: string, rest: string): Promise<string | undefined> {
  const eve = await listening(server, room, "eve");
  eve.send(`{"type":"command",${rest}}`);
  return outcome(eve, "response");
}

/** Publishes this data by every door of a hub. */
const DOORS: [string, (room: string, data: string) => Promise<string | undefined>][] = [
  [
    "HTTP",
    async (room, data) => {
      const body = `{"type":"n","data":${data}}`;
      return (await server.call("POST", `/api/v1/rooms/hub/${room}/events`, body)).json.code;
    },
  ],
  [
    "a batch over HTTP",
    async (room, data) => {
      const body = `{"events":[{"room":"hub:${room}","type":"n","data":${data}},{"room":"hub:${room}","type":"good"}]}`;
      const { results } = (await server.call("POST", "/api/v1/events", body)).json;
      expect(results[1].offset, "one that is refused harms no other").toBeGreaterThan(0);
      return results[0].error?.code;
    },
  ],
  ["/api/v1/ws", (room, data) => says(room, `"command":"publish","params":{"event":"n","data":${data}}`)],
  [
    "/api/v1/ws as state",
    (room, data) => says(room, `"command":"set_state","params":{"key":"k","value":${data}}`),
  ],
  [
    "/ws/client",
    async (room, data) => {
      const eve = await greeted(server, room, "eve");
      eve.send(`{"type":"n","a":${data}}`);
      return outcome(eve, "n");
    },
  ],
];

test.each(DOORS)(
  "[L4] data that %s takes can be read by everyone, and what is deeper is refused",
  async (name, say) => {
    const room = server.room();
    const { events, all } = await everyone(room);
    // A client's data is the object around its fields.
    const depth = name === "/ws/client" ? 23 : 24;
    expect(await say(room, brackets(depth))).toBeUndefined();
    expect(await say(room, brackets(depth + 1))).toBe(INVALID);
    expect(await say(room, brackets(200))).toBe(INVALID);
    await query(events, "history");
    await query(events, "state");
    await pages(room);
    await server.sleep(room, "HUBS");
    await query(events, "history");
    await query(events, "state");
    isReadable(...all);
    expect(JSON.stringify(events.frames)).toContain(brackets(depth));
  },
);

test.each(DOORS)(
  "[L23] %s refuses numbers that no double holds and strings that are no Unicode",
  async (_, say) => {
    const room = server.room();
    const { events, all } = await everyone(room);
    for (const bad of [
      "1e400",
      "-1e309",
      "7".repeat(5000),
      '"\\ud800"',
      '"\\udc00\\ud800"',
      '{"\\ud800":1}',
    ]) {
      expect(await say(room, bad), bad.slice(0, 20)).toBe(INVALID);
      expect(await say(room, `{"a":[${bad}]}`), bad.slice(0, 20)).toBe(INVALID);
    }
    expect(await say(room, '[1.7976931348623157e308,18446744073709551616,"\\ud83d\\ude00"]')).toBeUndefined();
    await query(events, "history");
    isReadable(...all);
    expect(JSON.stringify(await pages(room))).toContain("😀");
  },
);

test.each(DOORS.filter(([name]) => !/state|batch/.test(name)))(
  "[L22] the longest data that %s takes comes out in less than 1 MiB, and one byte more is refused",
  async (name, say) => {
    const room = server.room();
    const { events, all } = await everyone(room);
    const fields = name === "/ws/client" ? '{"a":}'.length : 0;
    const longest = `"${"x".repeat(DATA_MAX - 2 - fields)}"`;
    expect(await say(room, `"x${longest.slice(1)}`)).toBe("MESSAGE_TOO_LARGE");
    expect(await say(room, longest)).toBeUndefined();
    await events.until(() => events.frames.some((it) => it.event === "n"), "the event");
    await query(events, "history");
    await pages(room);
    isReadable(...all);
  },
);

test("[L22, P15] a page counts bytes: five messages of 260,000 😀 are five pages", async () => {
  const room = server.room();
  const ann = await server.join(room);
  for (let i = 0; i < 5; i++) {
    ann.say("😀".repeat(259_000));
    await ann.next("message");
  }
  await server.sleep(room);
  for (let before: number | undefined, page = 0; page < 5; page++) {
    ann.send({ type: "history", data: { before } });
    const { data } = await ann.next("history");
    expect([data.messages.length, data.hasMore]).toEqual([1, page < 4]);
    before = data.nextBefore;
  }
  isReadable(ann);
});

test("[L22] the longest message of a chat room is told, shown and answered in less than 1 MiB", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann", { name: '"'.repeat(128) });
  ann.say("x".repeat(DATA_MAX + 1), "too long");
  expect(await ann.next("error")).toMatchObject({ id: "too long", code: "MESSAGE_TOO_LARGE" });
  ann.say("x".repeat(DATA_MAX), "i".repeat(128));
  expect((await ann.next("message")).data.content).toHaveLength(DATA_MAX);
  ann.send({ type: "history" });
  expect((await ann.next("history")).data.messages).toHaveLength(1);
  isReadable(ann);
  const [client] = await talk(server);
  ask(client, "m1", "x".repeat(DATA_MAX + 1));
  expect(await client.next("error")).toMatchObject({ messageId: "m1", code: "MESSAGE_TOO_LARGE" });
  ask(client, "m2", "x".repeat(DATA_MAX));
  expect(await answer(client, "m2")).toHaveLength(DATA_MAX);
  expect((await history(client)).messages).toHaveLength(1);
  isReadable(client);
});

test("[H6] a state's bytes are counted awake as after sleep", async () => {
  const room = server.room();
  const ann = await listening(server, room);
  const set = (key: string) => ({
    type: "command",
    command: "set_state",
    params: { key, value: "中".repeat(100_000) },
  });
  await command(ann, "set_state", set("one").params);
  expect((await refused(ann, set("two"))).code).toBe("CONFLICT");
  await server.sleep(room, "HUBS");
  expect((await refused(ann, set("two"))).code).toBe("CONFLICT");
  expect((await query(ann, "state")).state).toHaveLength(1);
});

test.each([
  ["nothing", ""],
  ["129 bytes", "u".repeat(129)],
  ["a mebibyte", "u".repeat(MIB / 2)],
])("[H4] a user_id of %s is refused, by HTTP, in a batch, by events and for kicks", async (_, user_id) => {
  const room = server.room();
  const bad = await publish(server, room, { type: "n", user_id });
  expect([bad.status, bad.json.code, bad.json.detail]).toEqual([
    400,
    INVALID,
    expect.stringMatching(/^a user's id is 1 to 128 bytes/),
  ]);
  const events = [{ room: `hub:${room}`, type: "n", user_id }];
  const { results } = (await server.call("POST", "/api/v1/events", { events })).json;
  expect(results[0].error.code).toBe(INVALID);
  const who = { claims: { role: "admin" } };
  const ann = await listening(server, room, "ann", [], who);
  for (const command of ["publish", "kick"]) {
    const params = { event: "n", user_id };
    expect(await refused(ann, { type: "command", command, params })).toMatchObject({
      code: INVALID,
      message: expect.stringMatching(/^a user's id is 1 to 128 bytes/),
    });
  }
  if (user_id && user_id.length < 1000) {
    const path = `/api/v1/rooms/hub/${room}/users/${user_id}`;
    expect((await server.call("DELETE", path)).status).toBe(400);
  }
  expect((await query(ann, "stats")).offset).toBe(0);
});

test("[M5] a metric of a time before 1970 is refused; one of 1970 is not", async () => {
  const path = `/api/v1/rooms/analytics/${server.room()}/events`;
  const measure = (timestamp: string) =>
    server.call("POST", path, { type: "metric_update", data: { metric: "m", value: 1, timestamp } });
  expect((await measure("1969-12-31T23:59:59.999Z")).json.faults).toEqual([
    { field: "timestamp", problem: "must be an RFC 3339 time from 1970 on" },
  ]);
  expect((await measure("1970-01-01T00:00:00Z")).status).toBe(200);
});

test("[H6, Q8] a refusal speaks of what is wrong: the key of a state, the version of a connect", async () => {
  const ann = await listening(server, server.room());
  const params = { key: "k".repeat(123), value: 1 };
  expect((await refused(ann, { type: "command", command: "set_state", params })).message).toBe(
    "a state's key is 1 to 122 of A-Z a-z 0-9 . _ : ~ -, and neither . nor ..",
  );
  const client = await server.open("/ws/conversation", { token: await server.token({}) });
  client.send({ type: "connect", clientId: "c", timestamp: new Date().toISOString() });
  expect((await client.next("error")).error).toBe("connect needs clientId and version, which are strings");
});
