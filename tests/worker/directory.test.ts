// Which rooms there are: the list of all of them, however many.
import { afterAll, beforeAll, expect, test } from "vitest";
import { publish, RFC_3339, told, workflow } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({
    REPORT_INTERVAL_MS: "50",
    MESSAGES_PER_MINUTE: "0",
    BROADCASTS_PER_MINUTE: "0",
    PRESENCE_GRACE_MS: "0",
  });
});
afterAll(() => server.stop());

type Listed = { room: string; connections: number; reported_at: string };
type Page = { rooms: Listed[]; cursor?: string };

async function list(query: Record<string, string> = {}, token?: string): Promise<Page> {
  const path = `/api/v1/rooms?${new URLSearchParams(query)}`;
  const { status, json } = await server.call("GET", path, undefined, token);
  expect(status).toBe(200);
  return json;
}

const names = async (query: Record<string, string> = {}, token?: string) =>
  (await list(query, token)).rooms.map((it) => it.room);

/** Every page, by its cursor. */
async function pages(query: Record<string, string>): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ ...query, ...(cursor && { cursor }) });
    pages.push(page.rooms.map((it) => it.room));
    cursor = page.cursor;
  } while (cursor);
  return pages;
}

const rooms = async () =>
  Number(/^dormouse_rooms (\d+)$/m.exec((await server.call("GET", "/metrics")).text)?.[1]);

/** Waits for the rooms' reports. */
const lists = (query: Record<string, string>, expected: string[]) =>
  expect.poll(() => names(query), { timeout: 30_000 }).toEqual(expected);

test("rooms are listed once somebody was in them or something was published there, by kind and prefix", async () => {
  expect(await names()).toEqual([]);
  const ann = await workflow(server, "team-1");
  await told(ann);
  await publish(server, "team-2", { type: "n" });
  await publish(server, "other", { type: "n" });
  const chat = await server.chat({ token: "test", contextId: "team-1" });
  chat.say("hello");
  await chat.next("message");
  await lists({}, ["chat:team-1", "hub:other", "hub:team-1", "hub:team-2"]);
  expect(await names({ kind: "hub" })).toEqual(["hub:other", "hub:team-1", "hub:team-2"]);
  expect(await names({ kind: "hub", prefix: "team-" })).toEqual(["hub:team-1", "hub:team-2"]);
  expect(await names({ kind: "chat", prefix: "team-2" })).toEqual([]);
  expect(await names({ prefix: "hub:team" })).toEqual(["hub:team-1", "hub:team-2"]);
  // Nothing in a prefix is a wildcard.
  for (const prefix of ["%", "_", "*", "hub:%", "team", "'; DROP TABLE room;--"]) {
    expect(await names({ prefix }), prefix).toEqual([]);
  }
  expect(await pages({ limit: "3" })).toEqual([["chat:team-1", "hub:other", "hub:team-1"], ["hub:team-2"]]);
  // A full last page has no other after it.
  expect(await pages({ limit: "2" })).toEqual([
    ["chat:team-1", "hub:other"],
    ["hub:team-1", "hub:team-2"],
  ]);
  // A cursor is a place, and not a room that must still be there.
  const cursor = Buffer.from("hub:p").toString("base64url");
  expect(await names({ cursor })).toEqual(["hub:team-1", "hub:team-2"]);
});

test("the list tells how many connections each room has, and follows them", async () => {
  const of = async (name: string) =>
    (await list({ kind: "hub", prefix: name })).rooms.map(({ room, connections }) => [room, connections]);
  const [ann, bob] = [await workflow(server, "busy"), await workflow(server, "busy")];
  await Promise.all([ann, bob].map(told));
  await expect.poll(() => of("busy"), { timeout: 30_000 }).toEqual([["hub:busy", 2]]);
  expect((await list({ prefix: "hub:busy" })).rooms[0]).toEqual({
    room: "hub:busy",
    connections: 2,
    reported_at: expect.stringMatching(RFC_3339),
  });
  await bob.leave();
  await expect.poll(() => of("busy"), { timeout: 30_000 }).toEqual([["hub:busy", 1]]);
  // With nobody in it and nothing kept in it, it is no more.
  await ann.leave();
  await expect.poll(() => of("busy"), { timeout: 30_000 }).toEqual([]);
  expect(await names({ prefix: "hub:team-2" })).toEqual(["hub:team-2"]);
});

test("an erased room is listed no more, until there is something in it again", async () => {
  await publish(server, "doomed", { type: "n" });
  await lists({ prefix: "hub:doomed" }, ["hub:doomed"]);
  expect((await server.call("DELETE", "/api/v1/rooms/hub/doomed?confirm=doomed")).status).toBe(204);
  expect(await names({ prefix: "hub:doomed" })).toEqual([]);
  await publish(server, "doomed", { type: "n" });
  await lists({ prefix: "hub:doomed" }, ["hub:doomed"]);
});

test("an admin sees every room, others those they administer", async () => {
  await publish(server, "mine-1", { type: "n" });
  await publish(server, "mine-2", { type: "n" });
  await lists({ prefix: "hub:mine" }, ["hub:mine-1", "hub:mine-2"]);
  const admin = await server.token({ claims: { role: "admin" } });
  expect(await names({ prefix: "hub:mine" }, admin)).toEqual(["hub:mine-1", "hub:mine-2"]);
  const caps = [{ room: "hub:mine-2", can: ["admin"] }];
  const steward = await server.token({ claims: { caps, contexts: ["mine-1"] } });
  expect(await names({}, steward)).toEqual(["hub:mine-2"]);
  const service = await server.token({ claims: { role: "service", contexts: "*" } });
  expect((await server.call("GET", "/api/v1/rooms", undefined, service)).status).toBe(403);
});

test("[A36, X22] a thousand rooms are all listed, page by page, and counted exactly", async () => {
  const before = await rooms();
  const all = Array.from({ length: 1000 }, (_, at) => `hub:k-${String(at).padStart(3, "0")}`);
  for (let from = 0; from < all.length; from += 100) {
    const events = all.slice(from, from + 100).map((room) => ({ room, type: "n", data: room }));
    const { json } = await server.call("POST", "/api/v1/events", { events });
    expect(json.results.every((it: { offset: number }) => it.offset === 1)).toBe(true);
  }
  await expect.poll(rooms, { timeout: 60_000 }).toBe(before + 1000);
  const listed = await pages({ kind: "hub", prefix: "k-" });
  expect(listed.map((it) => it.length)).toEqual(Array(10).fill(100));
  expect(listed.flat()).toEqual(all);
  expect((await pages({ prefix: "hub:k-", limit: "1000" })).map((it) => it.length)).toEqual([1000]);
  const odd = await pages({ prefix: "hub:k-", limit: "333" });
  expect(odd.map((it) => it.length)).toEqual([333, 333, 333, 1]);
  expect(odd.flat()).toEqual(all);
  // In eight directories, none of them empty.
  const shards = await Promise.all(
    Array.from({ length: 8 }, (_, shard) =>
      server.sql(
        `shard-${shard}`,
        "SELECT COUNT(*) AS n FROM room WHERE address LIKE 'hub:k-%'",
        "DIRECTORY",
      ),
    ),
  );
  const counts = shards.map(([row]) => Number(row?.n));
  expect(counts.reduce((sum, n) => sum + n)).toBe(1000);
  expect(Math.min(...counts)).toBeGreaterThan(0);
}, 120_000);
