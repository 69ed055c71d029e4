// The native protocol on the platform, in both encodings.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Native, type Said } from "../support/native.ts";
import { QUIET, type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({
    MESSAGES_PER_MINUTE: "0",
    BROADCASTS_PER_MINUTE: "0",
    AUTH_TIMEOUT_MS: "20000",
    ...QUIET,
  });
});
afterAll(() => server.stop());

const FORMATS = ["json", "msgpack"] as const;
const both = (title: string, run: (format: "json" | "msgpack") => Promise<void>) =>
  test.concurrent.each(FORMATS)(`${title}, in %s`, run);

const rooms = (kind: string) => `${kind}:${server.room()}`;
const types = (all: Said[]) => all.map((it) => it.type);
/** So many filters of so many characters each. */
const filters = (count: number, length: number) =>
  Array.from({ length: count }, (_, at) => String(at).padStart(length, "f"));

both("[N4, N5, N6, N9, N12] the first message says all there is to know", async (format) => {
  const room = rooms("chat");
  const token = await server.token({ user: "ann", name: "Ann", room: room.slice(5) });
  const ann = await Native.open(server.ws, room, { format, token, client_id: "c-1" });
  ann.send({ type: "query", id: "early", query: "position" });
  await ann.answer("early");
  expect(types(ann.messages)).toEqual(["hello", "ack"]);
  expect(ann.hello).toMatchObject({
    accepted_version: 2,
    session_id: expect.stringMatching(/^session_/),
    user_id: "ann",
    client_id: "c-1",
    heartbeat_interval_ms: 25_000,
    limits: {
      frame_bytes: 1_048_576,
      batch_bytes: 262_144,
      filters: 100,
      history: 200,
      rewind: 1000,
      rooms: 1,
    },
    room,
    offset: 0,
    first: 0,
    from: 0,
    recovered: false,
    grants: ["join", "send", "history", "presence"],
  });
  expect(ann.hello.expires_at).toBeGreaterThan(ann.hello.server_time);
  expect(ann.hello.limits).not.toHaveProperty("messages_per_minute");
  expect(await ann.ask({ type: "query", query: "position", room })).toMatchObject({ type: "ack" });
});

both("[N1, N15, N17, N33] what is said comes to all, and its author's ack after it", async (format) => {
  const room = rooms("chat");
  const ann = await Native.join(server.ws, room, { format });
  const bob = await Native.join(server.ws, room, { protocols: ["dormouse.v2.msgpack"] });
  expect(bob.socket.protocol).toBe("dormouse.v2.msgpack");
  const data = { content: "hi", messageType: "text" };
  const ack = await ann.publish("message", { content: "hi" });
  expect(ack).toEqual({ type: "ack", id: ack.id, offset: 1, epoch: ann.epoch });
  const log = ann.messages.filter((it) => it.event !== "presence");
  expect(types(log)).toEqual(["hello", "event", "ack"]);
  await bob.until(() => bob.heard.length === 1, "the message");
  const said = { type: "event", event: "message", offset: 1, at: expect.any(Number), user: "test", data };
  expect([ann.heard, bob.heard]).toEqual([[said], [said]]);
  const page = await bob.ask({ type: "history" });
  const { type, ...entry } = said;
  expect(page).toMatchObject({ entries: [entry], has_more: false, offset: 1, epoch: ann.epoch });
  expect([type, "type" in page.entries[0]]).toEqual(["event", false]);
});

both("[N16] what comes again is acknowledged, and not said again", async (format) => {
  const ann = await Native.join(server.ws, rooms("hub"), { format });
  const first = await ann.publish("a", 1, { id: "k-1" });
  await ann.publish("b", 1);
  ann.send({ type: "publish", id: "k-1", event: "a", data: "other" });
  await ann.settle();
  const answers = ann.messages.filter((it) => it.id === "k-1");
  expect(answers).toEqual([first, { ...first, duplicate: true }]);
  expect(ann.heard.map((it) => [it.event, it.data])).toEqual([
    ["a", 1],
    ["b", 1],
  ]);
});

both("[N15, N16] an id that is used twice at once names what was said first", async (format) => {
  const ann = await Native.join(server.ws, rooms("hub"), { format });
  const say = (data: string) => ({ type: "publish", id: "same", event: "a", data });
  ann.send([say("first"), say("second")]);
  const answers = () => ann.messages.filter((it) => it.id === "same");
  await ann.until(() => answers().length === 2, "two answers");
  expect(answers().map((it) => [it.type, it.offset, it.duplicate])).toEqual([
    ["ack", 1, undefined],
    ["ack", 1, true],
  ]);
  await ann.settle();
  expect(ann.heard.map((it) => it.data)).toEqual(["first"]);
});

both("[N3, N9, N10, N15, N41, N42] what is refused says so once, and harms nothing", async (format) => {
  const room = rooms("hub");
  const ann = await Native.join(server.ws, room, { format });
  const cases: [object, string][] = [
    [{ type: "dance" }, "UNKNOWN_MESSAGE_TYPE"],
    [{ type: "publish" }, "INVALID_MESSAGE_FORMAT"],
    [{ type: "publish", event: "a b" }, "INVALID_MESSAGE_FORMAT"],
    [{ type: "publish", event: "a", room: "hub:other" }, "NOT_FOUND"],
    [{ type: "attach", room: "hub:other" }, "CONFLICT"],
    [{ type: "detach", room: "chat:x" }, "NOT_FOUND"],
    [{ type: "subscribe", events: [] }, "INVALID_MESSAGE_FORMAT"],
    [{ type: "subscribe", events: ["**"] }, "INVALID_MESSAGE_FORMAT"],
    [{ type: "subscribe", events: filters(101, 4) }, "INVALID_MESSAGE_FORMAT"],
    [{ type: "subscribe", events: filters(65, 127) }, "CONFLICT"],
    [{ type: "attach", events: filters(65, 127) }, "CONFLICT"],
    [{ type: "history", limit: 0 }, "INVALID_MESSAGE_FORMAT"],
    [{ type: "history", before: -1 }, "INVALID_MESSAGE_FORMAT"],
    [{ type: "query", query: "secrets" }, "NOT_FOUND"],
    [{ type: "command", command: "dance" }, "NOT_FOUND"],
    [{ type: "publish", event: "edit", of: 99, data: 1 }, "NOT_FOUND"],
    [{ type: "publish", event: "edit", of: 1, data: 1, ephemeral: true }, "NOT_FOUND"],
    [{ type: "attach", rewind: 1001 }, "INVALID_MESSAGE_FORMAT"],
    [{ type: "attach", rewind: "soon", resume: "nonsense" }, "INVALID_MESSAGE_FORMAT"],
    [{ type: "auth", token: "nonsense" }, "AUTHENTICATION_FAILED"],
  ];
  for (const [message, code] of cases) {
    const id = `x${cases.findIndex(([it]) => it === message)}`;
    const answer = await ann.ask({ ...message, id });
    expect(answer, JSON.stringify(message)).toMatchObject({ type: "error", id, code, retryable: false });
  }
  for (const id of [0, "", "i".repeat(129)]) ann.send({ type: "publish", id, event: "a" });
  await ann.settle();
  const unnamed = ann.messages.filter((it) => it.type === "error" && !("id" in it));
  expect(unnamed.map((it) => it.code)).toEqual(Array(3).fill("INVALID_MESSAGE_FORMAT"));
  expect(await ann.publish("still", "here", { room })).toMatchObject({ offset: 1 });
});

both("[N20] filters of more than 8 KiB are refused at the door too", async (format) => {
  const events = filters(65, 127).join();
  const late = await Native.open(server.ws, rooms("hub"), { format, events });
  await late.closed();
  expect(late.messages[0]).toMatchObject({ type: "error", code: "INVALID_MESSAGE_FORMAT" });
});

both("[N2, N48] several messages come and go in one frame", async (format) => {
  const ann = await Native.join(server.ws, rooms("hub"), { format });
  const many = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ type: "publish", id: `k${at}`, event: "a" }));
  ann.send(many(100));
  await ann.answer("k99");
  expect(ann.heard.length).toBe(100);
  for (const wrong of [[], many(101), [[{ type: "ping", id: "nested" }]]]) ann.send(wrong);
  await ann.settle();
  const errors = ann.messages.filter((it) => it.type === "error");
  expect(errors.map((it) => it.code)).toEqual(Array(3).fill("INVALID_MESSAGE_FORMAT"));
  expect(ann.messages.filter((it) => it.type === "ack").length).toBe(101);
});

test.concurrent("[N48] a client may have one message a frame", async () => {
  const room = rooms("hub");
  const frames: unknown[] = [];
  const bob = await Native.join(server.ws, room, { batch: "0" });
  bob.socket.on("message", (data) => frames.push(JSON.parse(data.toString())));
  const ann = await Native.join(server.ws, room);
  ann.send([
    { type: "publish", event: "a" },
    { type: "publish", event: "b" },
    { type: "ping", id: "p" },
  ]);
  await bob.until(() => bob.heard.length === 2, "both");
  expect(frames.some(Array.isArray)).toBe(false);
});

both("[N18] what is not kept has no place, and is heard all the same", async (format) => {
  const room = rooms("hub");
  const ann = await Native.join(server.ws, room, { format });
  const bob = await Native.join(server.ws, room);
  expect(await ann.publish("wave", { n: 1 }, { ephemeral: true, id: "w" })).toEqual({ type: "ack", id: "w" });
  await bob.until(() => bob.messages.length === 2, "it");
  expect(bob.messages[1]).toEqual({
    type: "event",
    event: "wave",
    at: expect.any(Number),
    user: "test",
    data: { n: 1 },
  });
  expect((await ann.ask({ type: "history" })).entries).toEqual([]);
});

test.concurrent("[N1, N49, N50, N51] bytes and numbers come as they are, whoever says them", async () => {
  const room = rooms("hub");
  const ann = await Native.join(server.ws, room, { format: "msgpack" });
  const bob = await Native.join(server.ws, room, { format: "json" });
  const bytes = Buffer.from([0, 1, 254, 255]);
  await ann.publish("blob", bytes);
  await bob.publish("blob", "AAH+/w", { encoding: "base64" });
  await bob.publish("numbers", [1, -1, 0.5, 2 ** 53, 1e300]);
  await ann.until(() => ann.heard.length === 3, "all");
  await bob.until(() => bob.heard.length === 3, "all");
  for (const at of [0, 1]) {
    expect(ann.heard[at]?.data).toEqual(bytes);
    expect("encoding" in (ann.heard[at] as Said)).toBe(false);
    expect(bob.heard[at]).toMatchObject({ data: "AAH+/w==", encoding: "base64" });
  }
  expect([ann.heard[2]?.data, bob.heard[2]?.data]).toEqual(Array(2).fill([1, -1, 0.5, 2 ** 53, 1e300]));
  const page = await ann.ask({ type: "history", limit: 2 });
  expect(page.entries[0].data).toEqual(bytes);
  // Frames of the other kind are read too.
  ann.socket.send(JSON.stringify({ type: "ping", id: "text" }));
  expect(await ann.answer("text")).toEqual({ type: "ack", id: "text" });
});

both("[N45] a ping is answered without the room, and in text", async (format) => {
  const room = rooms("hub");
  const ann = await Native.join(server.ws, room, { format });
  await server.sleep(room.slice(4), "HUBS");
  ann.send('{"type":"ping"}');
  await ann.until(() => ann.messages.some((it) => it.type === "pong"), "a pong");
  expect(await server.wasAwake(room.slice(4), "HUBS")).toBe(false);
});

both("[N8] a token may come in the first message", async (format) => {
  const room = rooms("hub");
  const ann = await Native.open(server.ws, room, { format, token: undefined });
  ann.send({ type: "auth", token: "test" });
  ann.send({ type: "publish", id: "k", event: "a" });
  expect(await ann.answer("k")).toMatchObject({ type: "ack", offset: 1 });
  expect(types(ann.messages)).toEqual(["hello", "event", "ack"]);
  const eve = await Native.open(server.ws, room, { format, token: undefined });
  eve.send({ type: "publish", event: "a" });
  expect((await eve.closed()).code).toBe(1008);
  expect(eve.messages[0]).toMatchObject({ type: "error", code: "AUTHENTICATION_FAILED" });
});

both("[N4, N44] the last message says what to do next", async (format) => {
  const last = async (room: string, asked: object) => {
    const client = await Native.open(server.ws, room, { format, ...asked });
    const { code } = await client.closed();
    expect(types(client.messages)).toEqual(["error", "closing"]);
    expect(client.messages[1]?.code).toBe(code);
    const [error, closing] = client.messages;
    return [error?.code, code, closing?.reason, closing?.reconnect];
  };
  expect(await last(rooms("hub"), { token: "nonsense" })).toEqual([
    "AUTHENTICATION_FAILED",
    1008,
    "token",
    "auth",
  ]);
  const other = await server.token({ user: "ann", room: "elsewhere" });
  expect(await last(rooms("hub"), { token: other })).toEqual(["PERMISSION_DENIED", 1008, "denied", "never"]);
  for (const room of ["", "hub", "conversation:x", "nothing:x"]) {
    expect(await last(room, {}), room).toEqual(["NOT_FOUND", 1008, "denied", "never"]);
  }
  expect(await last("hub:a b", {})).toEqual(["INVALID_MESSAGE_FORMAT", 1008, "denied", "never"]);
  const big = await Native.join(server.ws, rooms("hub"), { format });
  big.send("x".repeat(1_048_577));
  expect((await big.closed()).code).toBe(1009);
  expect(big.messages.at(-1)).toMatchObject({ type: "closing", reason: "too_large", reconnect: "now" });
});

test.concurrent("[N60] of another version, the client protocol says where it is spoken", async () => {
  const client = await server.open("/ws/client", { client_id: "c-1", version: "2" });
  await client.closed();
  expect(JSON.stringify(client.frames)).toContain("/ws/v2/connect");
});
