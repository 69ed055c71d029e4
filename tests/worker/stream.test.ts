// Event streams: a room's log by Server-Sent Events.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, serve, type Who } from "../support/server.ts";
import { type Asked, Stream } from "../support/stream.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({
    HISTORY_MAX_ENTRIES: "50",
    BROADCASTS_PER_MINUTE: "0",
    // What is written to a client that is gone shows that it is.
    STREAM_HEARTBEAT_MS: "50",
  });
});
afterAll(() => server.stop());

type Options = Asked & { query?: Record<string, string>; kind?: string; who?: Who };

const path = (room: string, kind = "hub") => `/api/v1/rooms/${kind}/${room}/stream`;

async function stream(room: string, { query, kind, who, ...asked }: Options = {}): Promise<Stream> {
  const token = await server.token({ user: "ann", room, ...who });
  return Stream.open(`${server.http}${path(room, kind)}?${new URLSearchParams(query)}`, { token, ...asked });
}

async function publish(room: string, type: string, data: unknown = type, more: object = {}, kind = "hub") {
  const events = `/api/v1/rooms/${kind}/${room}/events`;
  const claims = { caps: [{ room: `${kind}:${room}`, can: ["publish"] }] };
  const token = await server.token({ user: "backend", claims });
  const { status, json, text } = await server.call("POST", events, { type, data, ...more }, token);
  expect(status, text).toBe(200);
  return json;
}

test.concurrent("[J1, J2, J4] a stream says where it begins, and then every entry as history has it", async () => {
  const room = server.room();
  await publish(room, "before");
  const reader = await stream(room);
  const { data, id } = await reader.next("dormouse.attached");
  expect(data).toMatchObject({ user_id: "ann", offset: 1, first: 1, from: 1, recovered: false });
  expect(data).not.toHaveProperty("reason");
  expect(data.session_id).toMatch(/^session_[0-9a-f]{14}$/);
  expect(id).toBe(`${data.epoch}:1`);
  expect(reader.retry).toBeGreaterThanOrEqual(1000);
  expect(reader.retry).toBeLessThan(5000);
  await publish(room, "agent.started", { agent: 7 });
  await publish(room, "broadcast", "hear, hear");
  const [started, heard] = [await reader.next("agent.started"), await reader.next("broadcast")];
  expect([started.id, heard.id]).toEqual([`${data.epoch}:2`, `${data.epoch}:3`]);
  const { json } = await server.call("GET", `/api/v1/rooms/hub/${room}/events`);
  expect([started.data, heard.data]).toEqual(json.events.slice(1));
});

test.concurrent("[J5] with the last id a stream goes on, without a gap and without a double", async () => {
  const room = server.room();
  const first = await stream(room);
  await first.next("dormouse.attached");
  for (let at = 0; at < 5; at++) await publish(room, "a", at);
  await first.until(() => first.offsets.length === 5, "five events");
  first.abort();
  for (let at = 5; at < 10; at++) await publish(room, "a", at);
  await server.sleep(room, "HUBS");
  const second = await stream(room, { lastEventId: first.events[3]?.id });
  const { data } = await second.next("dormouse.attached");
  expect(data).toMatchObject({ recovered: true, from: 3, offset: 10 });
  await publish(room, "a", 10);
  await second.until(() => second.offsets.length === 8, "eight events");
  expect(second.offsets).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
  // The query says it as well; the header, which a page sends when it comes back, has more to say.
  const third = await stream(room, { lastEventId: second.lastEventId, query: { resume: `${data.epoch}:1` } });
  expect((await third.next("dormouse.attached")).data).toMatchObject({ recovered: true, from: 11 });
  second.abort();
  const fourth = await stream(room, { query: { resume: `${data.epoch}:10` } });
  await fourth.next("dormouse.attached");
  await fourth.next("a");
  expect(fourth.offsets).toEqual([11]);
});

test.concurrent("[J6] a position that is none of this log is told so, and the stream is live", async () => {
  const room = server.room();
  for (let at = 0; at < 60; at++) await publish(room, "a", at);
  const attach = async (lastEventId: string, who: Who = {}) => {
    const reader = await stream(room, { lastEventId, who });
    const { data } = await reader.next("dormouse.attached");
    reader.abort();
    return data;
  };
  const { epoch } = await attach("");
  for (const [asked, reason] of [
    ["0123456789abcdef:3", "epoch"],
    ["garbage", "epoch"],
    ["😀", "epoch"],
    [`${epoch}:-1`, "epoch"],
    [`${epoch}:61`, "ahead"],
    [`${epoch}:9`, "gone"],
    ["another:0", "gone"],
  ] as const) {
    const lastEventId = Buffer.from(asked).toString("latin1");
    expect(await attach(lastEventId, { user: asked }), asked).toMatchObject({
      recovered: false,
      reason,
      from: 60,
      first: 11,
    });
  }
  const blind = { user: "cid", claims: { contexts: [], caps: [{ room: `hub:${room}`, can: ["join"] }] } };
  expect(await attach(`${epoch}:20`, blind)).toMatchObject({ recovered: false, reason: "denied" });
  expect(await attach(`${epoch}:60`, { user: "dan" })).toMatchObject({ recovered: true, from: 60 });
  expect(await attach(`${epoch}:10`, { user: "eve" })).toMatchObject({ recovered: true, from: 10 });
});

test.concurrent("[J6] a room that nobody wrote to keeps its place for who was there first", async () => {
  const room = server.room();
  const early = await stream(room);
  const { id } = await early.next("dormouse.attached");
  early.abort();
  await publish(room, "a");
  const late = await stream(room, { lastEventId: id });
  expect((await late.next("dormouse.attached")).data).toMatchObject({ recovered: true, from: 0, offset: 1 });
  await late.next("a");
});

test.concurrent("[J3] a stream is of the events it names, of its user's own, and of broadcasts", async () => {
  const room = server.room();
  await publish(room, "a.1");
  const events = { query: { events: "a.*,b" } };
  const [reader, bob] = [await stream(room, events), await stream(room, { ...events, who: { user: "bob" } })];
  const { data } = await reader.next("dormouse.attached");
  for (const type of ["a.2", "c", "b", "bb", "broadcast"]) await publish(room, type);
  await publish(room, "a.3", 1, { user_id: "bob" });
  await publish(room, "a.4");
  await reader.until(() => reader.events.at(-1)?.event === "a.4", "the last");
  expect(reader.events.slice(1).map((it) => it.event)).toEqual(["a.2", "b", "broadcast", "a.4"]);
  await bob.until(() => bob.events.at(-1)?.event === "a.4", "the last");
  expect(bob.events.slice(1).map((it) => it.event)).toEqual(["a.2", "b", "broadcast", "a.3", "a.4"]);
  reader.abort();
  // What comes from the log is filtered likewise, and ends where the log does.
  await publish(room, "c");
  const again = await stream(room, { query: { events: "b" }, lastEventId: `${data.epoch}:0` });
  await again.until(() => again.lastEventId === `${data.epoch}:9`, "the log's end");
  expect(again.offsets).toEqual([4, 6]);
});

test.concurrent("[J3] lists of events are bounded", async () => {
  const room = server.room();
  const token = await server.token({ room });
  const names = (count: number, length: number) =>
    Array.from({ length: count }, (_, at) => `${at}`.padStart(length, "0")).join(",");
  const status = async (events: string) => {
    const url = `${path(room)}?${new URLSearchParams({ events, token })}`;
    return (await server.call("GET", url, undefined, "")).json;
  };
  for (const events of [names(101, 3), names(100, 82), "a b", "*a"]) {
    expect(await status(events)).toMatchObject({ status: 400, code: "INVALID_MESSAGE_FORMAT" });
  }
  const longest = await stream(room, { query: { events: names(100, 81) } });
  await longest.next("dormouse.attached");
  await server.sleep(room, "HUBS");
  await publish(room, "7".padStart(81, "0"));
  await longest.next("7".padStart(81, "0"));
});

test.concurrent("[J4] rooms of each kind but conversations are streamed", async () => {
  const room = server.room();
  const chat = await stream(room, { kind: "chat" });
  await chat.next("dormouse.attached");
  const ann = await server.join(room, "bob");
  ann.send({ type: "typing", data: { isTyping: true } });
  ann.say("hello");
  expect((await chat.next("message")).data).toMatchObject({
    author: "bob",
    data: { content: "hello", messageType: "text" },
  });
  const analytics = await stream(room, { kind: "analytics" });
  await analytics.next("dormouse.attached");
  await publish(room, "metric_update", { metric: "load", value: 2 }, {}, "analytics");
  expect((await analytics.next("metric_update")).data.data).toMatchObject({ metric: "load", value: 2 });
  const together = await stream(room, { kind: "collaboration" });
  await together.next("dormouse.attached");
  await publish(room, "saved", 1, {}, "collaboration");
  await together.next("saved");
  const { status, json } = await server.call("GET", path(room, "conversation"));
  expect([status, json.title]).toEqual([404, "Not Found"]);
});

test.concurrent("[J4] data of many lines is one, and of a megabyte is whole", async () => {
  const room = server.room();
  const reader = await stream(room);
  await reader.next("dormouse.attached");
  const claims = { caps: [{ room: `hub:${room}`, can: ["publish"] }] };
  const token = await server.token({ user: "backend", claims });
  const lines = '{"type":"lines","data":{\r\n"text":"a\\nb",\n\n"id: x":\r"event: y"}}';
  await server.call("POST", `/api/v1/rooms/hub/${room}/events`, lines, token);
  const said = await reader.next("lines");
  expect(said.data.data).toEqual({ text: "a\nb", "id: x": "event: y" });
  const large = "x".repeat(1_040_380);
  await publish(room, "large", large);
  expect((await reader.next("large")).data.data).toBe(large);
});

test.concurrent("[J10] whoever reads a stream is in the room, and gone from it at once", async () => {
  const room = server.room();
  const reader = await stream(room, { kind: "chat" });
  await reader.next("dormouse.attached");
  const bob = await server.join(room, "bob");
  const members = async () => {
    bob.send({ type: "presence" });
    return (await bob.next("presence")).data.members.map((it: { userId: string }) => it.userId);
  };
  expect(await members()).toEqual(["ann", "bob"]);
  reader.abort();
  expect((await bob.next("user_left")).data.userId).toBe("ann");
  expect(await members()).toEqual(["bob"]);
});

test.concurrent("[J9] a stream that the room ends says why", async () => {
  const room = server.room();
  const claims = { caps: [{ room: `hub:${room}`, can: ["admin"] }] };
  const admin = await server.token({ user: "admin", claims });
  const [kicked, erased] = [await stream(room), await stream(room, { who: { user: "bob" } })];
  const { data } = await kicked.next("dormouse.attached");
  await erased.next("dormouse.attached");
  await server.call("DELETE", `/api/v1/rooms/hub/${room}/connections/${data.session_id}`, undefined, admin);
  expect((await kicked.next("dormouse.closing")).data).toMatchObject({ code: "PERMISSION_DENIED" });
  await kicked.end();
  await server.call("DELETE", `/api/v1/rooms/hub/${room}?confirm=${room}`, undefined, admin);
  expect((await erased.next("dormouse.closing")).data).toMatchObject({ code: "NOT_FOUND" });
  await erased.end();
  expect(erased.events).toHaveLength(2);
});

test.concurrent("[J9] a stream ends with its token", async () => {
  const room = server.room();
  const reader = await stream(room, { who: { lifetime: "2s" } });
  await reader.next("dormouse.attached");
  const closing = await reader.next("dormouse.closing");
  expect(closing.data).toEqual({ code: "AUTHENTICATION_FAILED", message: "the token has expired" });
  await reader.end();
});
