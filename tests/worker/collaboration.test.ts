// Editing together, end to end: `/api/collaboration/ws` (B17 to B21; T1 to T18).
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { collaborator, diceOf, type Editor, editor, sits } from "../support/editor.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({
    EDITS_PER_SECOND: "0",
    ROOM_EDITS_PER_SECOND: "0",
    MESSAGES_PER_MINUTE: "0",
    MAX_CONNECTIONS_PER_USER: "0",
  });
});
afterAll(() => server.stop());

const sleep = (room: string) => server.wasAwake(room, "COLLABORATIONS"); // It may sleep already.
const insert = (position: number, content: string, version: number) => ({
  type: "edit",
  data: { operation: "insert", position, content, version },
});
const leave = { type: "leave_session", id: "l", data: { sessionId: "notes" } };

/** The text as somebody finds it who comes now. */
async function textOf(room: string, sessionId = "notes"): Promise<string> {
  const reader = await collaborator(server, room, "reader");
  const { data } = await sits(reader, sessionId, "viewer");
  await reader.leave();
  return data.content;
}

/** Sends edits faster than they are answered, and waits for the last answer. */
async function pour(client: Client, version: number, count: number, content: string): Promise<void> {
  for (let i = 0; i < count; i++) client.send(insert(0, content, version + i));
  const last = version + count;
  await client.until(() => client.frames.at(-1)?.data?.version === last, `version ${last}`);
  client.frames.length = 0;
}

test("[B1, B17, T15] who joins a session gets its state, and the others hear of it once per user", async () => {
  const room = server.room();
  const ann = await collaborator(server, room, "ann", { name: "Ann" });
  ann.send({ type: "join_session", id: "j1", data: { sessionId: "session_123", role: "participant" } });
  const state = await ann.next("session_state");
  const self = { userId: "ann", username: "Ann", role: "participant" };
  expect(state.id).toBe("j1");
  expect(state.data).toEqual({ sessionId: "session_123", version: 0, content: "", participants: [self] });
  const tabs = [await collaborator(server, room, "bob"), await collaborator(server, room, "bob")];
  await ann.next("user_joined");
  for (const tab of tabs) {
    const { data } = await sits(tab, "session_123", "viewer");
    expect(data.participants).toEqual([self, { userId: "bob", username: "bob", role: "viewer" }]);
  }
  const came = await ann.next("join_session");
  expect(came.data).toEqual({ sessionId: "session_123", userId: "bob", username: "bob", role: "viewer" });
  expect(await ann.settle()).toEqual([]);
});

test("[B18, T15] who leaves, or is lost, is missed by the others when its last socket is gone", async () => {
  const room = server.room();
  const [ann, bob, tab] = [
    await collaborator(server, room, "ann"),
    await collaborator(server, room, "bob"),
    await collaborator(server, room, "bob"),
  ];
  for (const client of [ann, bob, tab]) await sits(client);
  await ann.settle();
  bob.send(leave);
  await bob.upTo("leave_session");
  expect(await ann.settle()).toEqual([]);
  await sleep(room);
  tab.vanish();
  const heard = await ann.next("leave_session");
  expect(heard.data).toEqual({ sessionId: "notes", userId: "bob", username: "bob" });
  // Out of the session, one hears nothing of it.
  bob.frames.length = 0;
  ann.send(insert(0, "x", 0));
  await ann.next("edit_ack");
  bob.send({ type: "ping", id: "p" });
  await bob.until(() => bob.frames.some((it) => it.id === "p"), "a pong");
  expect(bob.frames.map((it) => it.type)).toEqual(["pong"]);
});

test("[B19, B20, X11, X15, T4, T5] an edit is acknowledged to its author and told to the others", async () => {
  const room = server.room();
  const [ann, bob] = [await collaborator(server, room, "ann"), await collaborator(server, room, "bob")];
  await sits(ann);
  await pour(ann, 0, 15, "...");
  await sits(bob);
  await ann.settle();
  ann.send({
    type: "edit",
    id: "e1",
    data: { operation: "insert", position: 42, content: "Hello World", version: 15 },
  });
  const ack = await ann.next("edit_ack");
  expect([ack.id, ack.data]).toEqual(["e1", { version: 16 }]);
  expect(await ann.settle()).toEqual([]);
  const { data } = await bob.next("edit");
  const told = { operation: "insert", position: 42, content: "Hello World", author: "ann", length: 0 };
  expect(data).toEqual({ ...told, version: 16 });
  expect(await textOf(room)).toBe(`${".".repeat(42)}Hello World...`);
});

test("[B3, P1] a token may come in the first message", async () => {
  const room = server.room();
  const ann = await server.open("/api/collaboration/ws");
  ann.send({ type: "auth", token: await server.token({ user: "ann", room }), contextId: room });
  expect((await sits(ann)).data.participants).toHaveLength(1);
});

test("[B21, T6, T13, T8, T11, T12] people who type at once, over a room that falls asleep, all have the same text in the end", async () => {
  const room = server.room();
  // One is there in two tabs, and one takes batches.
  const editors: Editor[] = await Promise.all([
    editor(server, room, "ann"),
    editor(server, room, "ann"),
    editor(server, room, "bob", "notes", { batch: "1" }),
    editor(server, room, "cid"),
    editor(server, room, "dan"),
  ]);
  const dice = diceOf(20);
  for (let step = 0; step < 60; step++) {
    for (const it of editors) {
      for (let typed = dice(4); typed > 0; typed--) it.types(dice);
      if (dice(12) === 0) it.undoes();
    }
    if (dice(4) === 0) await sleep(room);
    // Sometimes all have heard all, mostly not.
    if (dice(6) === 0) for (const it of editors) await it.rests();
  }
  for (const it of editors) await it.rests();
  for (const it of editors) await it.client.settle();
  const text = await textOf(room);
  for (const it of editors) {
    it.check();
    expect(it.replica.text, it.name).toBe(text);
  }
  const versions = new Set(editors.map((it) => it.replica.version));
  expect([versions.size, text.length > 50]).toEqual([1, true]);
  await sleep(room);
  expect(await textOf(room)).toBe(text);
});

test("[T2, T9] delete and replace, and what comes in is what was typed", async () => {
  const room = server.room();
  const [ann, bob] = [await editor(server, room, "ann"), await editor(server, room, "bob")];
  const awkward = "\0 \u{feff} 😀 ‮ \" \\ </script> '; DROP TABLE document_edit;--";
  ann.inserts(0, awkward);
  ann.replaces(0, 1, "é");
  ann.replaces(2, 3, "");
  await ann.rests();
  await bob.client.until(() => bob.replica.text === ann.replica.text, "the same text");
  await sleep(room);
  expect(await textOf(room)).toBe(`é${awkward[1]}${awkward.slice(3)}`);
  ann.inserts(0, "\0");
  await ann.rests();
  await sleep(room);
  expect(await textOf(room)).toBe(`\0é${awkward[1]}${awkward.slice(3)}`);
});

test("[T7] an edit to a text that is no longer known brings the state, and everyone goes on", async () => {
  const room = server.room();
  const [ann, bob] = [await collaborator(server, room, "ann"), await collaborator(server, room, "bob")];
  await sits(ann);
  await pour(ann, 0, 2_100, "x");
  await sits(bob);
  await sleep(room);
  bob.send({ ...insert(0, "late", 999), id: "late" });
  const error = await bob.next("error");
  expect([error.code, error.id]).toEqual(["CONFLICT", "late"]);
  const { data } = await bob.next("session_state");
  expect([data.version, data.content.length]).toEqual([2_100, 2_100]);
  // What was made to version 1,000, a mark, is still welcome.
  bob.send(insert(0, "y", 1_000));
  expect((await bob.next("edit_ack")).data.version).toBe(2_101);
  expect(await server.sql(room, "SELECT COUNT(*) AS n FROM document_edit", "COLLABORATIONS")).toEqual([
    { n: 1_101 },
  ]);
});

test("[T14] undo takes back one's own, for everyone", async () => {
  const room = server.room();
  const [ann, bob] = [await editor(server, room, "ann"), await editor(server, room, "bob")];
  ann.inserts(0, "abc");
  await ann.rests();
  await bob.client.until(() => bob.replica.version === 1, "ann's edit");
  bob.inserts(1, "😀");
  await bob.rests();
  await sleep(room);
  ann.undoes();
  for (const it of [ann, bob]) await it.client.until(() => it.replica.text === "😀", "the undo");
  ann.undoes();
  await ann.client.until(() => ann.client.frames.at(-1)?.code === "NOT_FOUND", "a refusal");
  bob.undoes();
  for (const it of [ann, bob]) await it.client.until(() => it.replica.text === "", "the other undo");
});

test("[T16] what was in flight when the connection was lost is sent again and made once", async () => {
  const room = server.room();
  const ann = await editor(server, room, "ann");
  const bob = await editor(server, room, "bob");
  ann.inserts(0, "first ");
  await ann.rests();
  ann.inserts(6, "second");
  const [id, sent] = [ann.lastId, ann.replica.sent];
  // It arrived, but nobody knows: the answer is lost with the socket.
  await bob.client.until(() => bob.replica.version === 2, "both edits");
  ann.client.vanish();
  await bob.client.until(() => bob.client.frames.at(-1)?.type === "leave_session", "ann's leaving");
  await sleep(room);
  const again = await collaborator(server, room, "ann");
  await sits(again);
  for (let times = 0; times < 2; times++) {
    again.send({ type: "edit", id, data: sent });
    const ack = await again.next("edit_ack");
    expect([ack.id, ack.data.version]).toEqual([id, 2]);
  }
  expect((await sits(again)).data).toMatchObject({ version: 2, content: "first second" });
  await bob.client.settle();
  expect(bob.replica.version).toBe(2);
});

test("[T17] cursors go to the others as they came, and are kept nowhere", async () => {
  const room = server.room();
  const [ann, bob] = [await collaborator(server, room, "ann"), await collaborator(server, room, "bob")];
  await sits(ann);
  await sits(bob, "notes", "viewer");
  await ann.settle();
  bob.send('{"type":"cursor","data":{"position":3,"selection":{ "from": 1, "to": [2.50] }}}');
  const { data } = await ann.next("cursor");
  expect(data).toEqual({ userId: "bob", position: 3, selection: { from: 1, to: [2.5] } });
  expect(ann.raw.at(-1)).toContain('{ "from": 1, "to": [2.50] }');
  expect(await bob.settle()).toEqual([]);
});

test("[T1, T7] the longest document with 100,000 operations behind it opens in one round trip", async () => {
  const room = server.room();
  const bob = await collaborator(server, room, "bob");
  await sits(bob, "other");
  bob.send(insert(0, "x", 0));
  await bob.next("edit_ack");
  // What a room holds of such a life, written by SQL: a native test makes each of 100,000
  // edits and finds just this, the snapshot at the mark before the last and what came since.
  const sql = (statement: string) => server.sql(room, statement, "COLLABORATIONS");
  const repeated = (letter: string, count: number) => `replace(hex(zeroblob(${count})), '00', '${letter}')`;
  const longest = 768 * 1024;
  const old = longest - 1000;
  await sql(`INSERT INTO document_snapshot (document, version, content)
    VALUES ('notes', 99000, ${repeated("x", old)}),
           ('notes', 100000, ${repeated("y", 1000)} || ${repeated("x", old)})`);
  await sql(`WITH RECURSIVE number (n) AS (SELECT 99001 UNION ALL SELECT n + 1 FROM number WHERE n < 100000)
    INSERT INTO document_edit (document, first, author, ref, undoes, operations, content)
    SELECT 'notes', n, 'ann', 'ref-' || n, NULL, '[{"position":0,"bytes":1}]', 'y' FROM number`);
  bob.send({ type: "join_session", data: { sessionId: "notes" } });
  const { data } = await bob.next("session_state");
  expect([data.version, data.content.length]).toEqual([100_000, longest]);
  expect(data.content === "y".repeat(1000) + "x".repeat(old)).toBe(true);
  // It is the document it was: what was known is known, and a new edit has its place.
  const ann = await collaborator(server, room, "ann");
  await sits(ann);
  ann.send({ ...insert(0, "y", 99_999), id: "ref-100000" });
  expect((await ann.next("edit_ack")).data.version).toBe(100_000);
  bob.send({ type: "edit", data: { operation: "delete", position: 0, length: longest, version: 100_000 } });
  await bob.upTo("edit_ack");
  await sleep(room);
  expect(await textOf(room)).toBe("");
});
