import { describe, expect, test } from "vitest";
import { settle } from "./support/clock.ts";
import { hello, joined, said } from "./support/room.ts";

/** The newest message to the server of this type. */
const lastOf = (socket: { sent: { type: string; id?: unknown }[] }, type: string) =>
  socket.sent.filter((it) => it.type === type).at(-1);

describe("who is here", () => {
  const presence = (user: string, action: string, more: object = {}) => ({
    ...{ type: "event", event: "presence", at: 1, user },
    data: { action, connections: 1, ...more },
  });

  test("[N37] the list is asked for when somebody looks, and kept up by what follows the answer", async () => {
    const { room, socket } = await joined();
    await settle();
    expect(socket().sent).toEqual([]);
    let changes = 0;
    room.presence.subscribe(() => {
      changes += 1;
    });
    await settle();
    const id = lastOf(socket(), "presence")?.id;
    const members = [{ user: "ann", connections: 1 }];
    socket().says([
      { type: "ack", id, mode: "members", connections: 1, users: 1, members },
      presence("bob", "join", { connections: 2, data: { at: "desk" } }),
    ]);
    const bob = { user: "bob", connections: 2, data: { at: "desk" } };
    expect(room.presence.getSnapshot()).toMatchObject({
      users: 2,
      connections: 3,
      members: [members[0], bob],
    });
    socket().says(presence("bob", "join", { connections: 2, data: { at: "desk" } }));
    expect(room.presence.getSnapshot().users).toBe(2);
    socket().says(presence("ann", "leave"));
    expect(room.presence.getSnapshot().members).toEqual([bob]);
    expect(changes).toBe(4);
  });

  test("[N37] it is asked for again after each attachment", async () => {
    const { room, socket, cut } = await joined();
    room.presence.start();
    room.presence.start();
    await cut();
    await settle();
    expect(socket().sent.filter((it) => it.type === "presence")).toHaveLength(1);
  });

  test("[N36, N38] in a large room there are numbers, and `sync` replaces the list", async () => {
    const { room, socket } = await joined();
    room.presence.start();
    const event = { type: "event", at: 1 };
    socket().says({
      ...event,
      event: "occupancy",
      data: { mode: "occupancy", connections: 900, users: 800 },
    });
    expect(room.presence.getSnapshot()).toMatchObject({ mode: "occupancy", users: 800 });
    const members = [{ user: "cat", connections: 1 }];
    socket().says({
      ...event,
      event: "presence",
      data: { action: "sync", connections: 1, users: 1, members },
    });
    expect(room.presence.getSnapshot()).toEqual({ mode: "members", connections: 1, users: 1, members });
  });

  test("[N34, N35] coming, saying something of oneself, and leaving are commands", async () => {
    const { room, socket } = await joined();
    void room.presence.enter({ at: "desk" });
    void room.presence.update({ at: "door" });
    void room.presence.leave();
    await settle();
    expect(socket().sent).toMatchObject([
      { command: "presence.enter", params: { data: { at: "desk" } } },
      { command: "presence.update", params: { data: { at: "door" } } },
      { command: "presence.leave", params: {} },
    ]);
  });
});

describe("who types", () => {
  const typing = (user: string, on: boolean) => ({
    type: "event",
    event: "typing",
    at: 1,
    user,
    data: { on },
  });

  test("[N58] is over when it is said, or 5 s after it was last said, and is never oneself", async () => {
    const { room, socket, clock } = await joined();
    room.typing.start();
    socket().says(typing("bob", true), typing("cat", true), typing("ann", true));
    expect(room.typing.getSnapshot()).toEqual(["bob", "cat"]);
    await clock.advance(3000);
    socket().says(typing("bob", true), typing("cat", false));
    await clock.advance(3000);
    expect(room.typing.getSnapshot()).toEqual(["bob"]);
    await clock.advance(2000);
    expect(room.typing.getSnapshot()).toEqual([]);
  });

  test("[N58] is said at most every 3 s, however many keys are pressed, and its end once", async () => {
    const { room, socket, clock } = await joined();
    const told = () => socket().sent.map(({ data }) => (data as { on: boolean }).on);
    for (let at = 0; at < 60; at++) {
      room.typing.set(true);
      await clock.advance(100);
    }
    room.typing.set(false);
    room.typing.set(false);
    await settle();
    expect(told()).toEqual([true, true, false]);
  });

  test("without a connection it is not said", async () => {
    const { room, socket, cut } = await joined();
    socket().ends(1006);
    room.typing.set(true);
    await cut();
    expect(socket().sent).toEqual([]);
  });
});

describe("keyed state", () => {
  const changed = (key: string, value: unknown, offset: number) =>
    said(offset, { event: `state.${key}`, data: { value } });

  test("[N61] the entries of the answer, and every change above its offset", async () => {
    const { room, socket } = await joined();
    room.state.start();
    await settle();
    const id = lastOf(socket(), "query")?.id;
    socket().says(changed("a", "old", 1), changed("b", 1, 2));
    const entries = [
      { key: "a", value: "old", version: 1 },
      { key: "b", value: 1, version: 2 },
    ];
    socket().says([
      { type: "ack", id, result: { entries, offset: 2 } },
      changed("a", "new", 3),
      changed("b", null, 4),
    ]);
    expect(room.state.getSnapshot()).toEqual({ a: { value: "new", version: 3 } });
  });

  test("[N61] it is not loaded again where the log is gone on with, and is where it is not", async () => {
    const { room, socket, cut } = await joined();
    room.state.start();
    await settle();
    socket().says({ type: "ack", id: lastOf(socket(), "query")?.id, result: { entries: [], offset: 0 } });
    await cut({ recovered: true });
    await settle();
    expect(socket().sent).toEqual([]);
    await cut({ epoch: "e2", reason: "epoch" });
    await settle();
    expect(lastOf(socket(), "query")).toMatchObject({ query: "state" });
  });

  test("[N61] a change may ask for the version that it is a change of", async () => {
    const { room, socket } = await joined();
    const done = room.state.set("a", 1, { ifVersion: 0 });
    await settle();
    expect(socket().sent[0]).toMatchObject({
      command: "set_state",
      params: { key: "a", value: 1, if_version: 0 },
    });
    socket().says({ type: "ack", id: socket().sent[0]?.id, offset: 3, epoch: "e1" });
    expect(await done).toBeUndefined();
  });
});

describe("the log", () => {
  test("[N32] a page, and the pages that follow it in the same direction", async () => {
    const { room, socket } = await joined();
    const asked = room.history({ before: 100, limit: 2 });
    await settle();
    expect(socket().sent[0]).toMatchObject({ type: "history", before: 100, limit: 2 });
    const answer = { entries: [{ offset: 98 }, { offset: 99 }], has_more: true, next: { before: 98 } };
    socket().says({ type: "ack", id: socket().sent[0]?.id, ...answer, offset: 120, epoch: "e1" });
    const page = await asked;
    expect(page).toMatchObject({ entries: answer.entries, hasMore: true, offset: 120, epoch: "e1" });
    const next = page.next();
    await settle();
    expect(socket().sent[1]).toMatchObject({ type: "history", before: 98, limit: 2 });
    socket().says({
      type: "ack",
      id: socket().sent[1]?.id,
      entries: [],
      has_more: false,
      offset: 120,
      epoch: "e1",
    });
    expect((await next)?.next()).toBeNull();
  });

  test("a question that is under way when the connection ends is asked again on the next", async () => {
    const { room, socket, cut } = await joined();
    const asked = room.query("reads");
    await settle();
    await cut({ recovered: true });
    socket().says({ type: "ack", id: socket().sent[0]?.id, result: { bob: 3 } });
    expect(await asked).toEqual({ bob: 3 });
  });
});

describe("what is about another message", () => {
  test("[N58] edits, deletions and reactions are events of these names about the entry", async () => {
    const { room, socket } = await joined();
    void room.edit(3, { content: "better" });
    void room.remove(4);
    void room.react(5, "👍");
    void room.react(5, "👍", false);
    void room.read(6);
    await settle();
    expect(socket().sent).toMatchObject([
      { type: "publish", event: "edit", of: 3, data: { content: "better" } },
      { type: "publish", event: "delete", of: 4 },
      { type: "publish", event: "reaction", of: 5, data: { key: "👍", on: true } },
      { type: "publish", event: "reaction", of: 5, data: { key: "👍", on: false } },
      { type: "command", command: "read", params: { offset: 6 } },
    ]);
  });
});

describe("two tabs with one client id", () => {
  test("each has ids of its own, and both hear everything", async () => {
    const drawn = [0.1, 0.9];
    const tabs = [];
    for (let at = 0; at < 2; at++) {
      tabs.push(await joined({ clientId: "same", random: () => drawn.shift() ?? 0.5 }));
    }
    for (const { room } of tabs) void room.publish("said");
    await settle();
    const ids = tabs.map(({ socket }) => socket().sent[0]?.id);
    expect(new Set(ids).size).toBe(2);
    for (const { socket, offsets } of tabs) {
      socket().says(said(1), { ...hello(), type: "unknown" });
      expect(offsets()).toEqual([1]);
    }
  });
});
