import "fake-indexeddb/auto";
import { describe, expect, test } from "vitest";
import vectors from "../../../tests/vectors/native.json" with { type: "json" };
import type { DormouseOptions, Frame, StoredMessage } from "../src/index.ts";
import { msgpack } from "../src/msgpack/index.ts";
import { indexedDb } from "../src/storage/index.ts";
import { settle } from "./support/clock.ts";
import { joined } from "./support/room.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bufferOf = (data: string | Uint8Array) => Uint8Array.from(data as Uint8Array).buffer;
const buffer = (text: string) => new Uint8Array(Buffer.from(text, "hex")).buffer;

/** As JSON says it, but for what bytes need there (N51): that they are base64, and its padding. */
const plain = (frame: unknown) => {
  const replace = (_: string, it: unknown) =>
    it instanceof Uint8Array ? Buffer.from(it).toString("base64") : it;
  const { encoding, ...rest } = JSON.parse(JSON.stringify(frame, replace).replace(/=+"/g, '"'));
  return encoding === undefined || encoding === "base64" ? rest : { ...rest, encoding };
};

describe("MessagePack", () => {
  const said = vectors.in.filter((it) => it.msgpack && it.frame && !it.frame.startsWith("["));

  test("[N49, N60] frames of the vectors are read as the JSON beside them, and written as they stand", () => {
    expect(said.length).toBeGreaterThan(20);
    for (const it of said) {
      const frame = JSON.parse(it.frame);
      const read = msgpack.decode(buffer(it.msgpack));
      expect(plain(read), it.title).toEqual(plain(frame));
      expect(msgpack.decode(bufferOf(msgpack.encode(read as Frame))), it.title).toEqual(read);
    }
  });

  test("[N1, N2] several messages are an array, and text is JSON", () => {
    const frames: Frame[] = [{ type: "a" }, { type: "b", data: Uint8Array.of(1, 2), none: undefined }];
    const joinedFrames = msgpack.join?.(frames.map((it) => msgpack.encode(it))) as Uint8Array;
    expect(hex(joinedFrames).slice(0, 6)).toBe("dc0002");
    const [first, second] = msgpack.decode(joinedFrames.slice().buffer) as Frame[];
    expect(first).toEqual({ type: "a" });
    expect(second).toEqual({ type: "b", data: Uint8Array.of(1, 2) });
    expect(msgpack.decode('{"type":"pong"}')).toEqual({ type: "pong" });
  });

  test("[N1, N45] a room speaks it by its sub-protocol, and its ping is text all the same", async () => {
    const { socket, room } = await joined({ codec: msgpack });
    expect(socket().protocols?.[0]).toBe("dormouse.v2.msgpack");
    room.link.ping();
    void room.publish("said", 1);
    await settle();
    expect(socket().raw[0]).toBe('{"type":"ping"}');
    const frame = msgpack.decode((socket().raw[1] as Uint8Array).slice().buffer as ArrayBuffer);
    expect(frame).toMatchObject({ type: "publish", event: "said", data: 1 });
  });
});

describe("IndexedDB", () => {
  const message = (id: string, at: number): StoredMessage => ({
    ...{ id, frame: { type: "say", id }, priority: "normal", at, ttlMs: 1e12 },
  });

  test("[D19, B34] what was put is there after a reload, the oldest first, by the queue's name", async () => {
    const make = indexedDb({ database: "one" });
    const queue = make("room a");
    await Promise.all([queue.put(message("2", 2)), queue.put(message("1", 1)), queue.put(message("3", 3))]);
    await make("room b").put(message("other", 1));
    await queue.remove("2");
    const reloaded = indexedDb({ database: "one" })("room a");
    expect((await reloaded.load()).map((it) => it.id)).toEqual(["1", "3"]);
  });

  test("[D19] messages of one millisecond keep their order, over several reloads", async () => {
    const ids = Array.from({ length: 12 }, (_, at) => `x-${at}`);
    for (let reload = 0; reload < 3; reload += 1) {
      const queue = indexedDb({ database: "order" })("room");
      const loaded = await queue.load();
      expect(loaded).toEqual(reload ? ids.map((id) => message(id, 1)) : []);
      await Promise.all((reload ? loaded : ids.map((id) => message(id, 1))).map((it) => queue.put(it)));
    }
  });

  test("what is removed before it was put is not left behind", async () => {
    const queue = indexedDb({ database: "two" })("room");
    void queue.put(message("1", 1));
    void queue.remove("1");
    expect(await queue.load()).toEqual([]);
  });

  test("[D19] a publish outlives a reload, and leaves it when it is acknowledged", async () => {
    const storage = indexedDb({ database: "three" });
    const before = await joined({ storage, random: () => 0.1 }, {}, null);
    const lost = before.room.publish("said", "offline");
    lost.catch(() => {});
    for (let at = 0; at < 20; at++) await settle();

    const after = await joined({ storage, random: () => 0.9 });
    for (let at = 0; at < 20; at++) await settle();
    const [frame] = after.socket().sent;
    expect(frame).toMatchObject({ type: "publish", event: "said", data: "offline" });
    after.socket().says({ type: "ack", id: frame?.id, offset: 1, epoch: "e1" });
    for (let at = 0; at < 20; at++) await settle();
    expect(await storage("http://test hub:demo ").load()).toEqual([]);
  });

  describe("a page that is loaded again by somebody else", () => {
    const tokenOf = (sub: string) =>
      ["{}", JSON.stringify({ sub, iat: Math.random() }), "?"]
        .map((it) => Buffer.from(it).toString("base64url"))
        .join(".");
    const settled = async () => {
      for (let at = 0; at < 20; at++) await settle();
    };
    const storage = indexedDb({ database: "users" });
    /** Ann's page: it says something before it has ever had a connection. */
    const annSays = async (text: string, options: Partial<DormouseOptions>) => {
      const { room } = await joined({ storage, ...options }, {}, null);
      room.publish("said", text).catch(() => {});
      await settled();
    };
    /** What a page says once it is connected. */
    const saidBy = async (user: string, options: Partial<DormouseOptions>) => {
      const { socket } = await joined({ storage, ...options }, {}, { user_id: user });
      await settled();
      return socket().sent.map((it) => it.data);
    };

    test("with a token that says who it is of, what was queued before is said by nobody else", async () => {
      await annSays("by token", { token: tokenOf("ann") });
      expect(await saidBy("bob", { token: tokenOf("bob") })).toEqual([]);
      expect(await saidBy("ann", { token: tokenOf("ann") })).toEqual(["by token"]);
    });

    test("with `identity` it is said by nobody else, where a function gives the token", async () => {
      const token = () => "t";
      await annSays("by identity", { token, identity: "ann" });
      expect(await saidBy("bob", { token, identity: "bob" })).toEqual([]);
      expect(await saidBy("ann", { token, identity: "ann" })).toEqual(["by identity"]);
    });

    test("with neither it is said by who comes next, unless the page was connected once", async () => {
      const [token, url] = [() => "t", "http://one"];
      await annSays("of nobody known", { token, url });
      expect(await saidBy("bob", { token, url })).toEqual(["of nobody known"]);

      const { room, greet } = await joined({ storage, token, url: "http://two" }, {}, null);
      room.publish("said", "of ann").catch(() => {});
      await greet();
      await settled();
      expect(await saidBy("bob", { token, url: "http://two" })).toEqual([]);
    });
  });

  test("a database that is denied leaves the queue in memory", async () => {
    const { indexedDB } = globalThis;
    Object.defineProperty(globalThis, "indexedDB", {
      configurable: true,
      get() {
        throw new Error("denied");
      },
    });
    try {
      const { room, socket, logs } = await joined({ storage: indexedDb({ database: "four" }) });
      const done = room.publish("said", 1);
      await settle();
      socket().says({ type: "ack", id: socket().sent[0]?.id, offset: 1, epoch: "e1" });
      expect(await done).toMatchObject({ offset: 1 });
      expect(logs).toEqual(["queue storage failed"]);
    } finally {
      Object.defineProperty(globalThis, "indexedDB", {
        configurable: true,
        value: indexedDB,
        writable: true,
      });
    }
  });
});
