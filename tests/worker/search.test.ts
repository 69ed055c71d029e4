// History found again, in both protocols and over HTTP, by the platform's own SQLite.
import { afterAll, beforeAll, expect, test } from "vitest";
import { answer, ask, listening } from "../support/asking.ts";
import type { Client, Frame } from "../support/client.ts";
import { publish } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ SEARCH: "chat,hub", MESSAGES_PER_MINUTE: "0", HISTORY_MAX_ENTRIES: "20" });
});
afterAll(() => server.stop());

/** What a chat room finds. */
async function search(client: Client, data: object): Promise<Frame["data"]> {
  const frame = await answer(client, { type: "search", data });
  expect(frame.type, JSON.stringify(frame)).toBe("search");
  return frame.data;
}

const offsets = ({ matches }: { matches: { offset: number }[] }) => matches.map((it) => it.offset);

/** A match as it is shown, with what is marked in brackets. */
const shown = ({ snippet }: { snippet: { text: string; marked: boolean }[] }) =>
  snippet.map(({ text, marked }) => (marked ? `[${text}]` : text)).join("");

/** A room in which this was said. */
async function said(...contents: string[]): Promise<{ room: string; ann: Client }> {
  const room = server.room();
  const ann = await server.join(room);
  for (const content of contents) ann.say(content);
  await ann.settle();
  return { room, ann };
}

test("[S2] messages are found in any language, whatever their case and accents", async () => {
  const { room, ann } = await said(
    "Grüße aus Köln",
    "東京タワーへ行きました",
    "我们明天去北京大学",
    "Straße, Ærø, ΟΔΥΣΣΕΎΣ",
    "done 🎉",
  );
  const all: [string, number[]][] = [
    ["grusse", [1]],
    ["KÖLN gruße", [1]],
    ["köl*", [1]],
    ["東京", [2]],
    ["タワー", [2]],
    ["北京", [3]],
    ["大学", [3]],
    ["京", [3, 2]],
    ["strasse aero οδυσσευς", [4]],
    ["🎉", [5]],
    ['"koln aus"', []],
    ["kol", []],
  ];
  for (const [text, expected] of all) expect(offsets(await search(ann, { text })), text).toEqual(expected);
  await server.sleep(room);
  for (const [text, expected] of all) expect(offsets(await search(ann, { text })), text).toEqual(expected);
});

test("[S4] what is found comes in parts of plain text", async () => {
  const { ann } = await said('<b>Hello</b>, "wörld"', `${"hay ".repeat(100)}needle${" hay".repeat(100)}`);
  const [first] = (await search(ann, { text: "world hel*" })).matches;
  expect(shown(first)).toBe('<b>[Hello]</b>, "[wörld]"');
  expect(first).toMatchObject({ type: "message", author: "ann", authorId: "ann", offset: 1 });
  const [long] = (await search(ann, { text: "needle" })).matches;
  expect(shown(long)).toMatch(/^…hay .* \[needle\] hay .*…$/s);
});

test("[S6] matches come page by page, and the best first where that is asked", async () => {
  const filler = "some other words that stand here to make it longer";
  const { ann } = await said("rare", `rare ${filler}`, "nothing", `rare rare ${filler}`, "more");
  const page = await search(ann, { text: "rare", limit: 2 });
  expect(page).toMatchObject({ hasMore: true, nextBefore: 2, complete: true, offset: 5 });
  expect(offsets(page)).toEqual([4, 2]);
  const last = await search(ann, { text: "rare", limit: 2, before: page.nextBefore });
  expect([offsets(last), last.hasMore, last.nextBefore]).toEqual([[1], false, null]);
  expect(offsets(await search(ann, { text: "rare", order: "best" }))).toEqual([1, 4, 2]);
});

test("[S5] whatever is typed is searched for or refused, and the room goes on", async () => {
  const { ann } = await said("a word", "and NOT near text");
  const good: [string, number[]][] = [
    ["word AND NOT", []],
    ["and not near", [2]],
    ["NEAR(word a)", []],
    ["text:word", []],
    ["-word ^a +a", [1]],
    ['"word', [1]],
    ["a\0word", [1]],
    ["word'; DROP TABLE search; --", []],
    ["{text}: (near)", [2]],
  ];
  for (const [text, expected] of good) expect(offsets(await search(ann, { text })), text).toEqual(expected);
  const bad = [
    {},
    { text: "" },
    { text: "x".repeat(4096) },
    { text: '""" ***' },
    { text: "* - ^ ( ) : +" },
    { text: "\0" },
    { text: "\ud800" },
    { text: 1 },
    { text: "a ".repeat(17) },
    { text: "word", limit: 0 },
    { text: "word", limit: 101 },
    { text: "word", limit: 1.5 },
    { text: "word", order: "oldest" },
    { text: "word", before: "yesterday" },
  ];
  for (const data of bad) {
    const frame = await answer(ann, { type: "search", data });
    expect([frame.type, frame.code], JSON.stringify(data)).toEqual(["error", "INVALID_MESSAGE_FORMAT"]);
  }
  expect(offsets(await search(ann, { text: "word" }))).toEqual([1]);
});

test("[S1] it takes the grant history, and a kind of room in which it is on", async () => {
  const { room } = await said("secret");
  const may = async (can: string[]) =>
    server.join(room, "bob", { claims: { caps: [{ room: `chat:${room}`, can }], contexts: [] } });
  const bob = await may(["join", "send"]);
  const refused = await answer(bob, { type: "search", data: { text: "secret" } });
  expect([refused.type, refused.code]).toEqual(["error", "PERMISSION_DENIED"]);
  const cid = await may(["join", "history"]);
  expect(offsets(await search(cid, { text: "secret" }))).toEqual([1]);
  const url = (kind: string) => `/api/v1/rooms/${kind}/${room}/events?search=secret`;
  expect((await server.call("GET", url("chat"), undefined, "")).status).toBe(401);
  const sender = await server.token({ claims: { caps: [{ room: `chat:${room}`, can: ["send"] }] } });
  expect((await server.call("GET", url("chat"), undefined, sender)).status).toBe(403);
  for (const kind of ["analytics", "collaboration", "conversation"]) {
    const { status, json } = await server.call("GET", url(kind));
    expect([status, json.code], kind).toEqual([404, "NOT_FOUND"]);
    expect(json.detail).toMatch(/switched off/);
  }
  const analytics = await server.open("/api/analytics/ws", { token: "test", contextId: room });
  const off = await answer(analytics, { type: "search", data: { text: "secret" } });
  expect([off.type, off.code]).toEqual(["error", "NOT_FOUND"]);
});

test("[S1] nothing is indexed in a room that nobody searches", async () => {
  const { room, ann } = await said("word");
  const tables = "SELECT name FROM sqlite_master WHERE name LIKE 'search%'";
  expect(await server.sql(room, tables)).toEqual([]);
  await search(ann, { text: "word" });
  expect(await server.sql(room, tables)).not.toEqual([]);
});

test("[S2, S6] events are found over HTTP and in the events protocol, but none that are for somebody else", async () => {
  const room = server.room();
  for (const user_id of ["ann", "bob", undefined]) {
    await publish(server, room, { type: "note", data: { key: ["a word"], n: 1 }, user_id });
  }
  const ann = await listening(server, room);
  const result = await ask(ann, { type: "query", query: "search", params: { text: "word" } });
  expect(offsets(result)).toEqual([3, 1]);
  expect(result.matches[0]).toMatchObject({ event: "note", author: "test" });
  expect(shown(result.matches[0])).toBe("a [word]");
  expect(offsets(await ask(ann, { type: "query", query: "search", params: { text: "key" } }))).toEqual([]);
  const token = await server.token({ user: "bob", room });
  const get = (query: string, by = token) =>
    server.call("GET", `/api/v1/rooms/hub/${room}/events?${query}`, undefined, by);
  const { status, json } = await get("search=wor*&limit=1&order=newest");
  expect([status, offsets(json)]).toEqual([200, [3]]);
  expect(json).toMatchObject({ has_more: true, next_before: 3, complete: true });
  const next = await get(`search=%22a%20word%22&before=${json.next_before}`);
  expect(next.json.matches).toMatchObject([{ type: "note", offset: 2, user_id: "bob", author: "test" }]);
  expect(next.json).toMatchObject({ has_more: false });
  // Without the parameter it is the log.
  expect((await get("limit=1")).json.events).toHaveLength(1);
  for (const wrong of [
    "search=",
    "search=*",
    "search=a&limit=0",
    "search=a&limit=101",
    "search=a&limit=1.5",
  ]) {
    expect((await get(wrong)).status, wrong).toBe(400);
  }
  for (const wrong of ["search=a&order=x", "search=a&before=x", `search=${"x".repeat(4096)}`]) {
    expect((await get(wrong)).status, wrong).toBe(400);
  }
});

test("[S7] what is trimmed or erased is not found", async () => {
  const { room, ann } = await said("first word", "second word");
  expect(offsets(await search(ann, { text: "word" }))).toEqual([2, 1]);
  for (let i = 0; i < 30; i++) ann.say("other");
  await ann.settle();
  expect(offsets(await search(ann, { text: "word" }))).toEqual([]);
  expect(offsets(await search(ann, { text: "other", limit: 100 }))).toHaveLength(20);
  expect((await server.call("DELETE", `/api/v1/rooms/chat/${room}?confirm=${room}`)).status).toBe(204);
  await ann.closed();
  const again = await server.join(room);
  expect(offsets(await search(again, { text: "other" }))).toEqual([]);
  again.say("another word");
  await again.settle();
  expect(offsets(await search(again, { text: "word" }))).toEqual([1]);
});
