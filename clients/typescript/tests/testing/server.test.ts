// What a test can do to the connections of the fake server.
import { expect, test } from "vitest";
import { FakeServer, VirtualClock } from "../../src/testing/index.ts";
import { type Told, Wire } from "./wire.ts";

const ROOM = "chat:demo";
const types = (all: Told[]) => all.map((it) => it.type);

test("[N4, N5, N15] what is sent before the hello is answered after it, in one frame", async () => {
  const server = new FakeServer();
  const wire = new Wire(server, ROOM);
  wire.socket.onopen = () => wire.send({ type: "query", id: "q", query: "position" });
  await wire.settle();
  expect(types(wire.messages)).toEqual(["hello", "ack"]);
  expect(wire.frames).toEqual([2]);
  const single = await Wire.join(server, ROOM, { batch: "0" });
  single.send([
    { type: "publish", event: "a" },
    { type: "publish", event: "b" },
  ]);
  await single.settle();
  expect(single.frames.every((it) => it === 1)).toBe(true);
});

test("[N8] without a token the first message is auth, alone and in time for nothing else", async () => {
  const server = new FakeServer();
  const ann = new Wire(server, ROOM, { token: "" });
  await ann.settle();
  expect(ann.messages).toEqual([]);
  ann.send({ type: "auth", token: "ann" });
  await ann.settle();
  expect(ann.hello).toMatchObject({ type: "hello", user_id: "ann" });
  const eve = new Wire(server, ROOM, { token: "" });
  await eve.settle();
  await eve.hears({ type: "publish", event: "a" });
  expect(types(eve.messages)).toEqual(["error", "closing"]);
  expect(eve.close).toEqual({ code: 1008, reason: "token" });
});

test("[N16, N17] a kill loses what is under way, and a resend is acknowledged as said before", async () => {
  const server = new FakeServer({ delayMs: 50 });
  const ann = new Wire(server, ROOM);
  await server.clock.advance(500);
  ann.send({ type: "publish", id: "k-1", event: "a" });
  await server.clock.advance(60);
  server.kill();
  await server.clock.advance(500);
  expect([types(ann.messages), ann.close, server.room(ROOM).offset]).toEqual([
    ["hello"],
    { code: 1006, reason: "" },
    1,
  ]);
  const again = new Wire(server, ROOM, { resume: `${ann.hello.epoch}:0` });
  again.socket.onopen = () => again.send({ type: "publish", id: "k-1", event: "a" });
  await server.clock.advance(500);
  expect(again.messages.map((it) => [it.type, it.offset, it.duplicate])).toEqual([
    ["hello", 1, undefined],
    ["ack", 1, true],
    ["event", 1, undefined],
    ["position", 1, undefined],
  ]);
});

test("[N24] what is said while one is behind comes from the log, and what is in no log does not", async () => {
  const server = new FakeServer({ delayMs: 10 });
  const room = server.room(ROOM);
  for (let at = 1; at <= 2_000; at += 1) room.publish("n", at);
  const ann = new Wire(server, ROOM, { rewind: "1000" });
  await ann.clock.until(() => 0 < ann.messages.length);
  room.publish("wave", 1, { ephemeral: true });
  room.publish("n", 2_001);
  await server.clock.advance(100);
  expect(ann.events("wave")).toEqual([]);
  room.publish("wave", 2, { ephemeral: true });
  await server.clock.advance(100);
  expect(ann.offsets).toEqual(Array.from({ length: 1_001 }, (_, at) => 1_001 + at));
  expect(ann.events("wave").map((it) => it.data)).toEqual([2]);
  expect(ann.messages.filter((it) => it.type === "position").map((it) => it.offset)).toEqual([2_001]);
});

test("[N31, N46] a connection that is half open says nothing, takes nothing, and nobody is told", async () => {
  const server = new FakeServer();
  const ann = await Wire.join(server, ROOM);
  const bob = await Wire.join(server, ROOM, { token: "bob" });
  server.halfOpen("ann");
  await bob.publish("a");
  expect(await ann.hears({ type: "ping" })).toEqual([]);
  expect([ann.socket.readyState, ann.close, ann.offsets, bob.offsets]).toEqual([1, undefined, [], [1]]);
  // The server gives up after its silence, the client's own close after the platform's.
  for (let beat = 0; beat < 12; beat += 1) {
    bob.send('{"type":"ping"}');
    await bob.clock.advance(30_000);
  }
  expect(bob.events("presence").map((it) => [it.user, it.data.action])).toEqual([["ann", "leave"]]);
  ann.socket.close();
  await bob.clock.advance(20_000);
  expect(ann.close).toEqual({ code: 1006, reason: "" });
});

test("[N46, N44] who is silent is closed, and told why", async () => {
  const server = new FakeServer();
  const ann = await Wire.join(server, ROOM);
  await ann.clock.advance(299_000);
  expect(ann.close).toBeUndefined();
  await ann.clock.advance(2_000);
  expect(ann.messages.slice(-2)).toMatchObject([
    { type: "error", code: "CONNECTION_TIMEOUT" },
    { type: "closing", code: 1001, reason: "silent", reconnect: "now" },
  ]);
  expect(ann.close?.code).toBe(1001);
});

test("[N44] it closes with any code, with or without a word", async () => {
  const server = new FakeServer();
  const [ann, bob] = [await Wire.join(server, ROOM), await Wire.join(server, ROOM, { token: "bob" })];
  server.closeWith(1012, "moved", "ann");
  server.say({ type: "closing", code: 1012, reason: "drain", reconnect: "after", after_ms: 7 }, "bob");
  await ann.settle();
  expect([ann.messages.at(-1)?.type, ann.close]).toEqual(["event", { code: 1012, reason: "moved" }]);
  expect(bob.messages.at(-1)).toMatchObject({ type: "closing", after_ms: 7 });
  expect(bob.close).toEqual({ code: 1012, reason: "drain" });
  expect(server.connections.size).toBe(0);
});

test("[N4, N44, N47] it refuses at the door, as often as a test says", async () => {
  const server = new FakeServer();
  const ends: unknown[] = [];
  for (const code of [
    "AUTHENTICATION_FAILED",
    "RATE_LIMIT_EXCEEDED",
    "CONNECTION_LIMIT",
    "SYSTEM_ERROR",
    "NOT_FOUND",
  ]) {
    server.refuse(code, { times: 1, ...(code === "RATE_LIMIT_EXCEEDED" && { retry_after: 9 }) });
    const wire = new Wire(server, ROOM);
    await wire.settle();
    expect(wire.messages[0]).toMatchObject({ type: "error", code });
    const { reason, reconnect, after_ms } = wire.messages[1] as Told;
    ends.push([wire.close?.code, reason, reconnect, after_ms]);
  }
  expect(ends).toEqual([
    [1008, "token", "auth", undefined],
    [1008, "rate", "after", 9_000],
    [1013, "full", "after", 5_000],
    [1011, "error", "after", 500],
    [1008, "denied", "never", undefined],
  ]);
  await Wire.join(server, ROOM);
  server.hangUp(1);
  const cut = new Wire(server, ROOM);
  await cut.settle();
  expect([cut.messages, cut.close?.code]).toEqual([[], 1006]);
  for (const room of ["conversation:x", "nothing", "hub:a b"]) {
    const wire = new Wire(server, room);
    await wire.settle();
    expect(types(wire.messages)).toEqual(["error", "closing"]);
  }
});

test("[N43] a token expires, and its holder is held back until there is another", async () => {
  const server = new FakeServer();
  const at = server.clock.now();
  const users: Record<string, object> = {
    old: { expiresAt: at + 60_000 },
    young: { expiresAt: at + 600_000 },
  };
  server.setTokenValidator((token) => (users[token] ? { user: "ann", ...users[token] } : null));
  const ann = await Wire.join(server, ROOM, { token: "old" });
  expect(ann.hello.expires_at).toBe(at + 60_000);
  await ann.clock.advance(60_000);
  expect(ann.messages.at(-1)).toEqual({ type: "reauth", within_ms: 30_000 });
  server.room(ROOM).publish("meanwhile");
  expect(await ann.publish("no")).toMatchObject({ code: "AUTHENTICATION_FAILED" });
  expect(await ann.ask({ type: "auth", token: "nobody" })).toMatchObject({ code: "AUTHENTICATION_FAILED" });
  expect(ann.offsets).toEqual([]);
  expect(await ann.ask({ type: "auth", token: "young" })).toMatchObject({
    type: "ack",
    expires_at: at + 600_000,
  });
  expect(ann.offsets).toEqual([1]);
  const late = await Wire.join(server, ROOM, { token: "young" });
  server.expire();
  await late.clock.advance(31_000);
  expect(late.messages.at(-1)).toMatchObject({ type: "closing", reason: "token", reconnect: "auth" });
  expect(late.close?.code).toBe(1008);
});

test("[N14, N26] an erased log is another epoch, and a trimmed one is gone", async () => {
  const server = new FakeServer();
  const room = server.room(ROOM);
  for (let at = 0; at < 10; at += 1) room.publish("a", at);
  const ann = await Wire.join(server, ROOM);
  const { epoch } = ann.hello;
  room.log.trim(3);
  expect((await Wire.join(server, ROOM, { resume: `${epoch}:5` })).hello).toMatchObject({
    reason: "gone",
    from: 10,
  });
  expect((await Wire.join(server, ROOM, { resume: `${epoch}:7` })).offsets).toEqual([8, 9, 10]);
  server.newEpoch(ROOM);
  await ann.settle();
  expect(ann.messages.at(-1)).toMatchObject({ type: "detached", reattach: true, code: "NOT_FOUND" });
  expect(await ann.publish("no")).toMatchObject({ code: "NOT_FOUND" });
  const again = await ann.ask({ type: "attach", resume: `${epoch}:10` });
  expect(again).toMatchObject({ recovered: false, reason: "epoch", offset: 0 });
  expect(again.epoch).not.toBe(epoch);
});

test("[N29] it loses a message only where a test asks for it", async () => {
  const server = new FakeServer();
  const ann = await Wire.join(server, ROOM);
  server.drop(1);
  for (const at of [1, 2]) server.room(ROOM).publish("a", at);
  await ann.settle();
  expect(ann.offsets).toEqual([2]);
});

test("[N41, N42] the next request fails as a test says", async () => {
  const server = new FakeServer();
  const ann = await Wire.join(server, ROOM);
  server.failNext("RATE_LIMIT_EXCEEDED", { retry_after: 2, type: "publish" });
  expect(await ann.ask({ type: "history" })).toMatchObject({ type: "ack" });
  expect(await ann.publish("a")).toMatchObject({
    code: "RATE_LIMIT_EXCEEDED",
    retryable: true,
    retry_after: 2,
  });
  expect(await ann.publish("a")).toMatchObject({ type: "ack", offset: 1 });
});

test("[E20] a network that is away fails attempts, and one that swallows does not even that", async () => {
  const server = new FakeServer();
  const ann = await Wire.join(server, ROOM);
  server.offline();
  const seen: string[] = [];
  const bob = new Wire(server, ROOM);
  bob.socket.onerror = () => seen.push("error");
  await bob.settle();
  expect([seen, bob.close, ann.close]).toEqual([["error"], { code: 1006, reason: "" }, undefined]);
  server.offline(false);
  server.isReachable = false;
  const cid = new Wire(server, ROOM);
  await cid.clock.advance(60_000);
  expect([cid.messages, cid.close, cid.socket.readyState]).toEqual([[], undefined, 0]);
  cid.socket.close();
  await cid.settle();
  expect(cid.close?.code).toBe(1006);
  server.isReachable = true;
  server.isMute = true;
  const dan = new Wire(server, ROOM);
  await dan.clock.advance(60_000);
  expect([dan.messages, dan.close, dan.socket.readyState]).toEqual([[], undefined, 1]);
  expect(server.attempts).toBe(4);
});

test("[N36, N38] of many the number is told, and of few each again", async () => {
  const server = new FakeServer({ presenceMembersMax: 3 });
  const all: Wire[] = [];
  for (const token of ["a", "b", "c", "d"]) all.push(await Wire.join(server, ROOM, { token }));
  const [ann] = all as [Wire];
  expect(all.at(-1)?.hello.presence).toBe("occupancy");
  expect(ann.events("occupancy").map((it) => it.data)).toEqual([
    { mode: "occupancy", connections: 4, users: 4 },
  ]);
  const told = ann.events("presence").length;
  for (const it of all.slice(1)) it.socket.close();
  await ann.clock.advance(20_000);
  expect(ann.events("presence").length).toBe(told + 1);
  expect(ann.events("presence").at(-1)?.data).toMatchObject({ action: "sync", mode: "members", users: 1 });
});

test("[E32] on the clock of the platform it needs no virtual time", async () => {
  const real = {
    now: Date.now,
    setTimeout: (run: () => void, ms?: number) => setTimeout(run, ms),
    clearTimeout,
  };
  const server = new FakeServer({ clock: real });
  const heard = await new Promise<Told>((resolve) => {
    const socket = new server.WebSocket(`${server.url}/ws/v2/connect?room=${ROOM}&token=ann`);
    socket.addEventListener("message", ({ data }: { data: string }) => resolve(JSON.parse(data)));
  });
  expect(heard).toMatchObject({ type: "hello", user_id: "ann", room: ROOM });
  server.kill();
});

test("[E32] two servers with one seed make up the same ids", async () => {
  const hellos = [];
  for (let at = 0; at < 2; at += 1) {
    hellos.push((await Wire.join(new FakeServer({ clock: new VirtualClock(0) }), ROOM)).hello);
  }
  expect(hellos[0]).toEqual(hellos[1]);
});
