import { describe, expect, test } from "vitest";
import { settle } from "./support/clock.ts";
import { hello, joined, said } from "./support/room.ts";

describe("connecting to a room", () => {
  test("[N6] the address says the room; format and token go as sub-protocols", async () => {
    const { socket, room } = await joined({ clientId: "tab-1" });
    expect(socket().url).toBe("ws://test/ws/v2/connect?room=hub%3Ademo&client_id=tab-1");
    expect(socket().protocols).toEqual(["dormouse.v2.json", "bearer.t"]);
    expect(room.link.phase).toBe("open");
    expect(room.user).toBe("ann");
    expect(room.attachment?.epoch).toBe("e1");
  });

  test("[N8] a token may go in the address, or in a first message", async () => {
    const query = await joined({ auth: "query" });
    expect(query.asked("token")).toBe("t");
    expect(query.room.link.state.url).not.toContain("token=t");
    const message = await joined({ auth: "message" });
    expect(message.socket().sent).toEqual([{ type: "auth", token: "t" }]);
    const odd = await joined({ token: "with spaces" });
    expect(odd.asked("token")).toBe("with spaces");
  });

  test("[N13, N20, N21, N34] rewind, filters and not being present are asked for in the address", async () => {
    const { asked } = await joined({}, { rewind: 50, events: ["agent.*", "said"], present: false });
    expect([asked("rewind"), asked("events"), asked("present")]).toEqual(["50", "agent.*,said", "0"]);
  });

  test("[C24, E40] all who ask for a room share one connection, which ends when each has closed it", async () => {
    const { client, room, sockets, socket, clock } = await joined();
    const second = client.room("hub:demo");
    expect(second).toBe(room);
    room.close();
    await clock.advance(10);
    expect(socket().closed).toBeUndefined();
    second.close();
    const third = client.room("hub:demo");
    await clock.advance(10);
    expect(socket().closed).toBeUndefined();
    third.close();
    third.close();
    await clock.advance(10);
    expect(socket().closed).toEqual({ code: 1000, reason: "" });
    expect(sockets).toHaveLength(1);
    client.room("hub:demo", { events: ["said"] });
    await settle();
    expect(sockets).toHaveLength(2);
  });

  test("a room that is not to be connected opens no socket until it is asked to", async () => {
    const { room, sockets } = await joined({}, { connect: false }, null);
    await settle();
    expect(sockets).toHaveLength(0);
    void room.connect();
    await settle();
    expect(sockets).toHaveLength(1);
  });
});

describe("publishing", () => {
  test("[N15, N17] resolves with the place in the log that the ack says", async () => {
    const { room, socket } = await joined();
    const done = room.publish("said", { text: "hi" }, { of: 3 });
    await settle();
    const [frame] = socket().sent;
    expect(frame).toEqual({
      type: "publish",
      id: expect.any(String),
      event: "said",
      data: { text: "hi" },
      of: 3,
    });
    socket().says({ type: "ack", id: frame?.id, offset: 4, epoch: "e1" });
    expect(await done).toEqual({ offset: 4, epoch: "e1", duplicate: undefined });
  });

  test("[N16] ids of different starts of a client are different", async () => {
    const drawn = [0.1, 0.2];
    const id = async () => {
      const { room, socket } = await joined({ random: () => drawn.shift() ?? 0.5 });
      void room.publish("said");
      await settle();
      return socket().sent[0]?.id;
    };
    expect(await id()).not.toBe(await id());
  });

  test("[N41] a refusal rejects with its code, its details and whether it may pass", async () => {
    const { room, socket } = await joined();
    const done = room.publish("said", 1, { id: "mine" });
    await settle();
    const refusal = { code: "CONFLICT", message: "no", retryable: false, details: { version: 3 } };
    socket().says({ type: "error", id: "mine", ...refusal });
    await expect(done).rejects.toMatchObject(refusal);
    expect(room.link.phase).toBe("open");
  });

  test("[N18] what is ephemeral fails without a connection, and is not said again", async () => {
    const { room, socket, cut } = await joined();
    const lost = expect(room.publish("cursor", 1, { ephemeral: true })).rejects.toMatchObject({
      retryable: true,
    });
    await settle();
    expect(socket().sent[0]).toMatchObject({ ephemeral: true });
    await cut();
    await lost;
    expect(socket().sent).toEqual([]);
  });

  test("[N19] an event of ours that we did not want to hear is not shown when it is told again", async () => {
    const { room, socket, cut, offsets } = await joined();
    void room.publish("said", 1, { echo: false, id: "mine" });
    await settle();
    socket().says({ type: "ack", id: "mine", offset: 1, epoch: "e1" });
    await cut({ offset: 2, from: 0, recovered: true });
    socket().says(said(1, { user: "ann" }), said(2));
    expect(offsets()).toEqual([2]);
    expect(room.position.offset).toBe(2);
  });

  test("[L3] what is longer than the server takes is refused here", async () => {
    const { room, socket } = await joined({}, {}, { limits: { frame_bytes: 100 } });
    await expect(room.publish("said", "é".repeat(60))).rejects.toMatchObject({ code: "MESSAGE_TOO_LARGE" });
    expect(socket().sent).toEqual([]);
  });
});

describe("a server that takes less than it said", () => {
  test("[N41, N44] what it closed the connection for is not said again, and the rest is", async () => {
    const { room, socket, clock, greet } = await joined();
    await clock.advance(5000);
    const large = expect(room.publish("said", "x".repeat(1000))).rejects.toMatchObject({
      ...{ code: "MESSAGE_TOO_LARGE", retryable: false },
    });
    const small = room.publish("said", "y", { id: "small" });
    await settle();
    socket().says(
      { type: "error", code: "MESSAGE_TOO_LARGE", message: "", retryable: false },
      { type: "closing", code: 1009, reason: "too_large", reconnect: "now" },
    );
    await large;
    await clock.advance(0);
    await greet({ recovered: true });
    expect(socket().sent).toMatchObject([{ id: "small" }]);
    socket().says({ type: "ack", id: "small", offset: 1, epoch: "e1" });
    expect(await small).toMatchObject({ offset: 1 });
  });
});

describe("the position", () => {
  test("[N22, N23] events are handed on once, in order; the position goes with them and not with an ack", async () => {
    const { room, socket, offsets } = await joined({}, {}, { offset: 5, from: 5 });
    socket().says(said(6), said(6), said(5), said(7));
    socket().says({ type: "ack", id: "x", offset: 9, epoch: "e1" });
    expect(offsets()).toEqual([6, 7]);
    expect(room.position).toEqual({ epoch: "e1", offset: 7 });
    socket().says({ type: "position", offset: 6 });
    expect(room.position.offset).toBe(7);
  });

  test("[N22] it is raised before the event is handed on, and stays where a listener throws", async () => {
    const { room, socket } = await joined();
    const seen: number[] = [];
    const before = console.error;
    console.error = () => {};
    room.on("said", () => {
      seen.push(room.position.offset);
      throw new Error("a fault of the application's");
    });
    try {
      socket().says(said(1), said(2));
    } finally {
      console.error = before;
    }
    expect(seen).toEqual([1, 2]);
  });

  test("[N7, N22] a new connection asks to go on from it", async () => {
    const { socket, asked, cut, offsets } = await joined();
    socket().says(said(1), said(2));
    await cut({ offset: 4, from: 2, recovered: true });
    expect(asked("resume")).toBe("e1:2");
    socket().says([said(3), said(4), { type: "position", offset: 4 }]);
    expect(offsets()).toEqual([1, 2, 3, 4]);
  });

  test("[N12, N26] where it cannot be gone on with, that is told, and the position is the new one", async () => {
    const { room, socket, cut, offsets } = await joined();
    const lost: string[] = [];
    room.watch("lost", (reason) => lost.push(reason));
    socket().says(said(1), said(2));
    await cut({ epoch: "e2", offset: 1, from: 1, recovered: false, reason: "epoch" });
    socket().says(said(2));
    expect(lost).toEqual(["epoch"]);
    expect(offsets()).toEqual([1, 2, 2]);
    expect(room.position).toEqual({ epoch: "e2", offset: 2 });
  });

  test("[N27, N29] after a gap it attaches at the position, and drops what comes before the answer", async () => {
    const { room, socket, offsets } = await joined();
    let gaps = 0;
    room.watch("gap", () => {
      gaps += 1;
    });
    socket().says(said(1), said(4), said(5));
    const [attach] = socket().sent;
    expect(attach).toEqual({ type: "attach", id: expect.any(String), resume: "e1:1", events: null });
    socket().says({ ...hello({ offset: 5, from: 1, recovered: true }), type: "ack", id: attach?.id });
    socket().says(said(2), said(3), said(4), said(5));
    expect(offsets()).toEqual([1, 2, 3, 4, 5]);
    expect(gaps).toBe(1);
  });

  test("[N27, N28] what names its predecessor, and what is for one user alone, is no gap", async () => {
    const { socket, offsets } = await joined();
    socket().says(said(1), said(4, { prev: 1 }), said(6, { direct: true }), said(8, { prev: 4 }));
    expect(offsets()).toEqual([1, 4, 6, 8]);
    expect(socket().sent).toEqual([]);
  });

  test("[N30] with a filter a gap is no sign of anything, and `position` keeps the place", async () => {
    const { room, socket, offsets, cut, asked } = await joined({}, { events: ["said"] });
    socket().says(said(3), { type: "position", offset: 256 });
    expect(offsets()).toEqual([3]);
    expect(room.position.offset).toBe(256);
    await cut();
    expect(asked("resume")).toBe("e1:256");
  });

  test("[N31] back from sleep it asks for the log's position, and attaches again where it is behind", async () => {
    const { socket, page } = await joined();
    socket().says(said(1));
    page.says("shown");
    await settle();
    const query = socket().sent[0];
    expect(query).toMatchObject({ type: "query", query: "position" });
    socket().says({ type: "ack", id: query?.id, result: { epoch: "e1", offset: 1 } });
    await settle();
    expect(socket().sent).toHaveLength(1);
    page.says("shown");
    await settle();
    socket().says({ type: "ack", id: socket().sent[1]?.id, result: { epoch: "e1", offset: 3 } });
    await settle();
    expect(socket().sent[2]).toMatchObject({ type: "attach", resume: "e1:1" });
  });

  test("[N14] a detachment that may be undone is, at the position; another ends the connection", async () => {
    const { room, socket, clock, sockets } = await joined();
    socket().says(said(1));
    socket().says({ type: "detached", code: "NOT_FOUND", message: "erased", reattach: true, after_ms: 1000 });
    await clock.advance(500);
    const attach = socket().sent[0];
    expect(attach).toMatchObject({ type: "attach", resume: "e1:1" });
    socket().says({ ...hello({ epoch: "e2", reason: "epoch" }), type: "ack", id: attach?.id });
    const waiting = expect(room.publish("said")).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    socket().says({ type: "detached", code: "PERMISSION_DENIED", message: "kicked", reattach: false });
    await waiting;
    await clock.advance(100_000);
    expect(room.link.state).toMatchObject({ phase: "fallback", error: { message: "kicked" } });
    expect(sockets).toHaveLength(1);
  });

  test("[N20] filters that change are those of the next connection too, and none is not everything", async () => {
    const { room, socket, cut, asked } = await joined();
    const subscribed = room.subscribe("a.*");
    await settle();
    expect(socket().sent[0]).toMatchObject({ type: "subscribe", events: ["a.*"] });
    socket().says({ type: "ack", id: socket().sent[0]?.id, subscribed: ["a.*"] });
    expect(await subscribed).toEqual(["a.*"]);
    await cut({ recovered: true });
    expect(asked("events")).toBe("a.*");
    void room.unsubscribe("a.*");
    await settle();
    socket().says({ type: "ack", id: socket().sent[0]?.id, subscribed: [] });
    await cut({ recovered: true });
    expect(asked("events")).toBe("~");
  });

  test("[N20] filters that were refused are not in force, and gaps are gaps again", async () => {
    const { room, socket, cut, asked } = await joined();
    const refused = expect(room.subscribe("a.*")).rejects.toMatchObject({ code: "CONFLICT" });
    await settle();
    socket().says(said(2));
    socket().says({
      type: "error",
      id: socket().sent[0]?.id,
      code: "CONFLICT",
      message: "",
      retryable: false,
    });
    await refused;
    socket().says(said(4));
    await settle();
    expect(socket().sent.map((it) => it.type)).toEqual(["subscribe", "attach"]);
    await cut({ recovered: true });
    expect(asked("events")).toBeNull();
  });

  test("listeners hear names, beginnings and everything", async () => {
    const { room, socket } = await joined();
    const heard: string[] = [];
    room.on("a.*", ({ event }) => heard.push(`a.* ${event}`));
    room.on("a.b", ({ event }) => heard.push(`a.b ${event}`));
    const stop = room.on("*", ({ event }) => heard.push(`* ${event}`));
    socket().says(said(1, { event: "a.b" }), said(2, { event: "ab" }));
    stop();
    socket().says(said(3, { event: "a.c" }));
    expect(heard).toEqual(
      ["* a.b", "a.* a.b", "a.b a.b", "* ab", "a.* a.c"].sort((a, b) => heard.indexOf(a) - heard.indexOf(b)),
    );
    expect(heard).toHaveLength(5);
  });
});

describe("the end of a connection", () => {
  test("[N44] `now`, `after`, `auth` and `never` are what the server says", async () => {
    const end = async (closing: object) => {
      const it = await joined();
      await it.clock.advance(5000);
      it.socket().says({ type: "closing", ...closing });
      const { phase, retryAt } = it.room.link.state;
      return [phase, retryAt === null ? null : retryAt - it.clock.now()];
    };
    expect(await end({ code: 1001, reason: "silent", reconnect: "now" })).toEqual(["failed", 0]);
    expect(await end({ code: 1013, reason: "full", reconnect: "after", after_ms: 9123 })).toEqual([
      "failed",
      9123,
    ]);
    expect(await end({ code: 1008, reason: "token", reconnect: "auth" })).toEqual(["failed", 0]);
    expect(await end({ code: 1008, reason: "denied", reconnect: "never" })).toEqual(["fallback", null]);
  });

  test("[N4] a refused connection says why, by the error before the closing", async () => {
    const { room, socket } = await joined({}, {}, null);
    const connected = room.connect();
    await settle();
    socket().opens();
    socket().says(
      { type: "error", code: "PERMISSION_DENIED", message: "Not your room", retryable: false },
      { type: "closing", code: 1008, reason: "denied", reconnect: "never" },
    );
    await expect(connected).rejects.toMatchObject({ code: "PERMISSION_DENIED", message: "Not your room" });
  });

  test("[N43] a token is renewed a minute before it expires, by the server's clock", async () => {
    let calls = 0;
    const token = () => `t${++calls}`;
    const greeting = { server_time: 1000, expires_at: 3_601_000 };
    const { socket, clock, sockets } = await joined({ token, heartbeatMs: 0 }, {}, greeting);
    await clock.advance(3_539_999);
    expect(socket().sent).toEqual([]);
    await clock.advance(1);
    const auth = socket().sent[0];
    expect(auth).toMatchObject({ type: "auth", token: "t2" });
    socket().says({ type: "ack", id: auth?.id, user_id: "ann", expires_at: 7_201_000, grants: {} });
    await clock.advance(3_600_000);
    expect(socket().sent[1]).toMatchObject({ type: "auth", token: "t3" });
    expect(sockets).toHaveLength(1);
  });

  test("[N43] a function that returns the same token for ever is not asked for ever", async () => {
    let calls = 0;
    const token = () => {
      calls += 1;
      return "t";
    };
    const greeting = { server_time: 0, expires_at: 3_600_000 };
    const { room, socket, clock } = await joined({ token, heartbeatMs: 0 }, {}, greeting);
    await clock.advance(3_540_000);
    socket().says({
      type: "ack",
      id: socket().sent[0]?.id,
      user_id: "ann",
      expires_at: 3_600_000,
      grants: {},
    });
    await clock.advance(60_000);
    expect(calls).toBe(3);
    for (let at = 0; at < 10; at++) {
      for (const { id } of socket().sent) {
        socket().says({ type: "error", id, code: "AUTHENTICATION_FAILED", message: "", retryable: false });
      }
      socket().says({ type: "reauth", within_ms: 30_000 });
      await clock.advance(30_000);
      socket().says({ type: "closing", code: 1008, reason: "token", reconnect: "auth" });
      await clock.advance(30_000);
      socket().opens();
    }
    expect(room.link.phase).toBe("fallback");
    const asked = calls;
    await clock.advance(3_600_000);
    expect(calls).toBe(asked);
    expect(asked).toBeLessThan(12);
  });
});
