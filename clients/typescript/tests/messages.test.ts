// The list of a room's messages, over the fake server and in virtual time.
import { expect, test } from "vitest";
import { type MessageOptions, messagesOf } from "../src/messages/index.ts";
import { FakeServer } from "../src/testing/index.ts";
import { faked } from "./support/fake.ts";

const ROOM = "hub:demo";

/** A list that somebody looks at, on a connection that is open. */
async function shown(options: MessageOptions = {}, server = new FakeServer(), token = "ann") {
  const { client, clock } = faked({ token }, server);
  const room = client.room(ROOM);
  const list = messagesOf<string>(room, options);
  let changes = 0;
  list.subscribe(() => {
    changes += 1;
  });
  await clock.advance(100);
  const state = () => list.getSnapshot();
  const texts = () => state().messages.map((it) => it.data);
  return { server, client, clock, room, list, state, texts, at: server.room(ROOM), changes: () => changes };
}

/** A server on which so much was said. */
function said(count: number): FakeServer {
  const server = new FakeServer();
  for (let at = 1; at <= count; at += 1) server.room(ROOM).publish("message", `m${at}`, { user: "bob" });
  return server;
}

test("[B10, N26] history and what is said now are one list, without gap or overlap", async () => {
  const { at, clock, texts, state } = await shown({ pageSize: 3 }, said(5));
  expect([texts(), state().hasMore, state().isLoading]).toEqual([["m3", "m4", "m5"], true, false]);
  at.publish("message", "m6");
  at.publish("other", "no message");
  await clock.advance(10);
  expect(texts()).toEqual(["m3", "m4", "m5", "m6"]);
});

test("[B10, N32] paging back shows older ones before them, until there are none", async () => {
  const { list, clock, texts, state } = await shown({ pageSize: 3 }, said(8));
  for (const expected of [5, 8]) {
    void list.loadMore();
    void list.loadMore();
    await clock.advance(10);
    expect(texts()).toEqual(["m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"].slice(expected === 5 ? 2 : 0));
  }
  expect(state().hasMore).toBe(false);
  await list.loadMore();
  expect(texts()).toHaveLength(8);
});

test("[N33] paging back goes on over pages without a message", async () => {
  const server = said(1);
  for (let at = 0; at < 20; at += 1) server.room(ROOM).publish("other", at);
  server.room(ROOM).publish("message", "last");
  const { list, clock, texts } = await shown({ pageSize: 5 }, server);
  expect(texts()).toEqual(["last"]);
  void list.loadMore();
  await clock.advance(10);
  expect(texts()).toEqual(["m1", "last"]);
});

test("[B22, N16] a message is shown at once, keeps its key, and is there once after its event", async () => {
  const { list, clock, state, at } = await shown();
  const key = list.send("hello");
  await Promise.resolve();
  expect(state().messages).toMatchObject([{ key, data: "hello", status: "sending" }]);
  expect(state().messages[0]?.offset).toBeUndefined();
  await clock.advance(10);
  expect(state().messages).toMatchObject([{ key, data: "hello", status: "sent", offset: 1, user: "ann" }]);
  at.publish("message", "hello", { user: "ann" });
  await clock.advance(10);
  expect(state().messages.map((it) => it.key)).toEqual([key, "2"]);
});

test("[D19, B34] what is said while there is no connection is shown, and is in the log once later", async () => {
  const { list, clock, texts, state, server } = await shown();
  server.kill();
  list.send("one");
  list.send("two");
  await Promise.resolve();
  expect(state().messages.map((it) => it.status)).toEqual(["sending", "sending"]);
  await clock.advance(30_000);
  expect([texts(), state().messages.map((it) => it.status)]).toEqual([
    ["one", "two"],
    ["sent", "sent"],
  ]);
});

test("[N16] while an answer is lost, the event that comes back stands for the message", async () => {
  const server = new FakeServer({ delayMs: 50 });
  const { list, clock, room, texts } = await shown({}, server);
  await clock.advance(1000);
  const seen: unknown[][] = [];
  list.subscribe(() => seen.push(texts()));
  list.send("once");
  await clock.advance(60);
  server.kill();
  await clock.advance(30_000);
  expect(room.link.isOpen).toBe(true);
  expect(texts()).toEqual(["once"]);
  expect(seen.filter((it) => 1 < it.length)).toEqual([]);
});

test("a message that is refused stays with the reason, and is sent again or discarded", async () => {
  const { list, clock, state, server } = await shown();
  server.failNext("PERMISSION_DENIED", { type: "publish" });
  const key = list.send("hello");
  await clock.advance(10);
  expect(state().messages).toMatchObject([{ key, status: "failed", error: { code: "PERMISSION_DENIED" } }]);
  server.failNext("PERMISSION_DENIED", { type: "publish" });
  list.retry(key);
  await Promise.resolve();
  expect(state().messages).toMatchObject([{ key, status: "sending", error: undefined }]);
  await clock.advance(10);
  list.retry(key);
  await clock.advance(10);
  expect(state().messages).toMatchObject([{ key, status: "sent", offset: 1 }]);
  list.discard(key);
  server.failNext("CONFLICT", { type: "publish" });
  const other = list.send("no");
  await clock.advance(10);
  list.discard(other);
  await clock.advance(10);
  expect(state().messages.map((it) => it.key)).toEqual([key]);
});

test("edits, deletions and reactions of others change the message they are about", async () => {
  const { clock, state, at } = await shown({}, said(3));
  const before = state().messages;
  at.publish("edit", "m1!", { of: 1, user: "bob" });
  at.publish("reaction", { key: "👍", on: true, count: 1 }, { of: 2, user: "bob" });
  at.publish("delete", null, { of: 3, user: "bob" });
  await clock.advance(10);
  expect(state().messages).toMatchObject([
    { data: "m1!", edited: { user: "bob" } },
    { data: "m2", reactions: { "👍": { count: 1, users: ["bob"] } } },
    { deleted: { user: "bob" } },
  ]);
  expect(state().messages[2]?.data).toBeUndefined();
  expect(before.map((it) => it.data)).toEqual(["m1", "m2", "m3"]);
});

test("a reaction may have any key, also one that every object has as a member", async () => {
  const { at, clock, state } = await shown({}, said(1));
  for (const key of ["__proto__", "constructor", "toString"]) {
    at.publish("reaction", { key, on: true, count: 1 }, { of: 1, user: "bob" });
    await clock.advance(10);
    const reactions = state().messages[0]?.reactions ?? {};
    expect(Object.entries(reactions).find(([it]) => it === key)?.[1]).toMatchObject({
      count: 1,
      users: ["bob"],
    });
  }
  expect(Object.keys(state().messages[0]?.reactions ?? {})).toHaveLength(3);
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test("own edits and reactions are shown at once, and taken back if they fail", async () => {
  const { list, clock, state, server } = await shown({}, said(2));
  const react = list.react(1, "🎉");
  await Promise.resolve();
  expect(state().messages[0]).toMatchObject({
    isChanging: true,
    reactions: { "🎉": { count: 1, me: true } },
  });
  await clock.advance(10);
  expect(await react).toBe(true);
  expect(state().messages[0]?.isChanging).toBeUndefined();
  expect(state().messages[0]).toMatchObject({ reactions: { "🎉": { count: 1, me: true, users: ["ann"] } } });

  server.failNext("PERMISSION_DENIED", { type: "publish" });
  const edit = list.edit(2, "mine");
  await Promise.resolve();
  expect(state().messages[1]).toMatchObject({ data: "mine", isChanging: true });
  await clock.advance(10);
  expect(await edit).toBe(false);
  expect(state()).toMatchObject({ error: { code: "PERMISSION_DENIED" } });
  expect(state().messages[1]?.data).toBe("m2");

  void list.react(1, "🎉", false);
  await clock.advance(10);
  expect(state().messages[0]?.reactions).toEqual({});
});

test("answers in a thread are counted, and are the list of who asks for the thread", async () => {
  const { server, clock, state, texts, room } = await shown({}, said(2));
  const thread = messagesOf<string>(room, { of: 1 });
  thread.subscribe(() => {});
  await clock.advance(10);
  thread.send("answer");
  await clock.advance(10);
  server.room(ROOM).publish("message", "another", { of: 1, user: "bob" });
  await clock.advance(10);
  expect(texts()).toEqual(["m1", "m2"]);
  expect(state().messages[0]?.replies).toBe(2);
  expect(thread.getSnapshot().messages.map((it) => it.data)).toEqual(["answer", "another"]);
  const late = await shown({ of: 1 }, server, "eve");
  expect(late.texts()).toEqual(["answer", "another"]);
});

test("[P8, N26] another log replaces the list", async () => {
  const { server, clock, texts } = await shown({}, said(3));
  server.newEpoch(ROOM);
  server.room(ROOM).publish("message", "new");
  await clock.advance(30_000);
  expect(texts()).toEqual(["new"]);
});

test("no more is kept than was asked for, and what gave way can be paged back to", async () => {
  const { at, list, clock, texts, state } = await shown({ pageSize: 2, keep: 3 }, said(2));
  for (let count = 3; count <= 10; count += 1) at.publish("message", `m${count}`);
  await clock.advance(10);
  expect([texts(), state().hasMore]).toEqual([["m6", "m7", "m8", "m9", "m10"], true]);
  void list.loadMore();
  await clock.advance(10);
  expect(texts()).toEqual(["m4", "m5", "m6", "m7", "m8", "m9", "m10"]);
});

test("all that comes in one turn is one change of the list", async () => {
  const { at, clock, texts, changes } = await shown();
  const before = changes();
  for (let count = 0; count < 100; count += 1) at.publish("message", count);
  await clock.advance(10);
  expect(texts()).toHaveLength(100);
  expect(changes() - before).toBeLessThanOrEqual(2);
});

test("a page that is refused is an error, and what is said is shown all the same", async () => {
  const server = new FakeServer();
  server.failNext("PERMISSION_DENIED", { type: "history" });
  const { at, clock, texts, state } = await shown({}, server);
  expect(state()).toMatchObject({ isLoading: false, hasMore: false, error: { code: "PERMISSION_DENIED" } });
  at.publish("message", "hello");
  await clock.advance(10);
  expect(texts()).toEqual(["hello"]);
});
