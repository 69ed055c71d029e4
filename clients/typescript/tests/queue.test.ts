import { describe, expect, test } from "vitest";
import { DormouseError, type Frame, type QueueStorage, type StoredMessage } from "../src/index.ts";
import { settle } from "./support/clock.ts";
import { linked } from "./support/linked.ts";

const ids = (frames: Frame[]) => frames.map((it) => it.id);

describe("the queue", () => {
  test("[D15, D16, D18, B34, A49] what is said without a connection waits for the hello, and leaves in order", async () => {
    const { link, socket } = linked();
    for (const id of ["a", "b"]) link.send({ type: "say", id });
    void link.connect();
    link.send({ type: "say", id: "c" });
    await settle();
    socket().opens();
    link.send({ type: "say", id: "d" });
    await settle();
    expect(socket().raw).toEqual([]);
    socket().says({ type: "hello" });
    expect(ids(socket().sent)).toEqual(["a", "b", "c", "d"]);
  });

  test("[A51, C25] what is said in one turn is one frame", async () => {
    const { link, open, socket } = linked();
    void link.connect();
    await open();
    for (const id of ["a", "b", "c"]) link.send({ type: "say", id });
    await settle();
    expect(socket().raw).toEqual([
      '[{"type":"say","id":"a"},{"type":"say","id":"b"},{"type":"say","id":"c"}]',
    ]);
  });

  test("[D17, D19, N16] what has no answer leaves again with its id, ahead of what came later", async () => {
    const { link, open, socket, clock } = linked();
    void link.connect();
    await open();
    const answers = ["a", "b"].map((id) => link.request({ type: "say", id }));
    await settle();
    socket().says({ type: "ack", id: "b" });
    socket().ends(1006);
    const third = link.request({ type: "say", id: "c" });
    await clock.advance(1000);
    await open();
    expect(ids(socket().sent)).toEqual(["a", "c"]);
    socket().says({ type: "ack", id: "a" }, { type: "ack", id: "c" });
    expect(await Promise.all([...answers, third])).toMatchObject([{ id: "a" }, { id: "b" }, { id: "c" }]);
    expect(link.state.queued).toBe(0);
  });

  test("what nothing answers is done when it is sent, and not said again", async () => {
    const { link, open, socket, clock } = linked();
    void link.connect();
    await open();
    await link.request({ type: "say", text: "hi" });
    socket().ends(1006);
    await clock.advance(1000);
    await open();
    expect(socket().sent).toEqual([]);
  });

  test("[A37] a higher priority leaves first, and order holds within each", async () => {
    const { link, open, socket } = linked();
    for (const [id, priority] of [
      ["n1", "normal"],
      ["l1", "low"],
      ["c1", "critical"],
      ["n2", "normal"],
      ["c2", "critical"],
    ] as const) {
      link.send({ type: "say", id }, { priority });
    }
    void link.connect();
    await open();
    expect(ids(socket().sent)).toEqual(["c1", "c2", "n1", "n2", "l1"]);
  });

  test("[N47] at most 32 wait for their answers at once", async () => {
    const { link, open, socket } = linked();
    void link.connect();
    await open();
    for (let at = 0; at < 40; at++) link.send({ type: "say", id: `${at}` });
    await settle();
    expect(socket().sent).toHaveLength(32);
    socket().says({ type: "ack", id: "0" }, { type: "ack", id: "1" });
    expect(ids(socket().sent).slice(32)).toEqual(["32", "33"]);
  });

  test("[D23] what is not answered in its time fails, though nothing else happens", async () => {
    const { link, clock } = linked();
    const asked = link.request({ type: "say", id: "a" }, { ttlMs: 5000 });
    const failed = expect(asked).rejects.toMatchObject({ code: "EXPIRED" });
    await clock.advance(5000);
    await failed;
    expect(link.state.queued).toBe(0);
  });

  test("a full queue takes no more, or lets go of the oldest of the lowest priority", async () => {
    const full = linked({ queue: { limit: 2 } }).link;
    full.send({ type: "say", id: "a" });
    full.send({ type: "say", id: "b" });
    await expect(full.request({ type: "say", id: "c" })).rejects.toMatchObject({ code: "QUEUE_FULL" });

    const { link, open, socket } = linked({ queue: { limit: 2, overflow: "drop-oldest" } });
    const high = link.request({ type: "say", id: "a" }, { priority: "high" });
    const oldest = expect(link.request({ type: "say", id: "b" })).rejects.toMatchObject({
      code: "QUEUE_FULL",
    });
    link.send({ type: "say", id: "c" });
    await oldest;
    await expect(link.request({ type: "say", id: "d" }, { priority: "low" })).rejects.toMatchObject({
      code: "QUEUE_FULL",
    });
    void link.connect();
    await open();
    expect(ids(socket().sent)).toEqual(["a", "c"]);
    socket().says({ type: "ack", id: "a" });
    await high;
  });

  test("a signal takes a message back that did not leave", async () => {
    const { link, open, socket } = linked();
    const stop = new AbortController();
    const asked = link.request({ type: "say", id: "a" }, { signal: stop.signal });
    stop.abort(new Error("never mind"));
    await expect(asked).rejects.toThrow("never mind");
    const late = link.request({ type: "say", id: "b" }, { signal: stop.signal });
    await expect(late).rejects.toThrow("never mind");
    void link.connect();
    await open();
    expect(socket().sent).toEqual([]);
  });

  test("a message that must not wait fails where there is no connection, and when it ends", async () => {
    const { link, open, socket } = linked();
    await expect(link.request({ type: "say", id: "a" }, { queue: false })).rejects.toMatchObject({
      code: "NOT_CONNECTED",
    });
    void link.connect();
    await open();
    const asked = link.request({ type: "say", id: "b" }, { queue: false });
    await settle();
    socket().ends(1006);
    await expect(asked).rejects.toMatchObject({ retryable: true });
  });

  test("[A27, N42] a refusal that may pass is said again after its time with the same id, and what follows waits", async () => {
    const { link, open, socket, clock } = linked();
    void link.connect();
    await open();
    const first = link.request({ type: "say", id: "a" });
    await settle();
    socket().says({
      type: "error",
      id: "a",
      code: "RATE_LIMIT_EXCEEDED",
      retryable: true,
      retryAfterMs: 7000,
    });
    link.send({ type: "say", id: "b" });
    await clock.advance(6999);
    expect(ids(socket().sent)).toEqual(["a"]);
    await clock.advance(1);
    expect(ids(socket().sent)).toEqual(["a", "a", "b"]);
    socket().says({ type: "ack", id: "a" });
    expect(await first).toMatchObject({ id: "a" });
  });

  test("[N41] a fault of the server's is tried five times in all", async () => {
    const { link, open, socket, clock } = linked({ heartbeatMs: 0 });
    void link.connect();
    await open();
    const asked = link.request({ type: "say", id: "a" });
    const failed = expect(asked).rejects.toMatchObject({ code: "SYSTEM_ERROR" });
    for (let at = 0; at < 10; at++) {
      await clock.advance(60_000);
      if (at < socket().sent.length) {
        socket().says({ type: "error", id: "a", code: "SYSTEM_ERROR", retryable: true });
      }
    }
    await failed;
    expect(socket().sent).toHaveLength(5);
  });

  test("who takes everything back at the first sign of it fails it like any other", async () => {
    const { link } = linked();
    link.on("state", ({ queued }) => {
      if (queued) link.queue.clear(new DormouseError("CLOSED"));
    });
    await expect(link.request({ type: "say", id: "a" })).rejects.toMatchObject({ code: "CLOSED" });
    expect(link.state.queued).toBe(0);
  });

  test("a clock that jumps by a day back makes nothing old, and nothing late", async () => {
    const { link, open, socket, clock } = linked();
    void link.connect();
    await open();
    const asked = link.request({ type: "say", id: "a" }, { ttlMs: 60_000 });
    clock.skew = -86_400_000;
    await clock.advance(1000);
    socket().says({ type: "ack", id: "a" });
    expect(await asked).toMatchObject({ type: "ack" });
  });
});

describe("a queue with a storage", () => {
  /** A storage in memory; `kept` outlives a link as a disk does. */
  const storage = (kept: Map<string, StoredMessage>): QueueStorage => ({
    load: async () => structuredClone([...kept.values()]),
    put: (message) => void kept.set(message.id, structuredClone(message)),
    remove: (id) => void kept.delete(id),
  });

  test("[D19, B34] what had no answer before a reload is said after it, with its id", async () => {
    const kept = new Map<string, StoredMessage>();
    const before = linked({ queue: { storage: storage(kept) } });
    before.link.send({ type: "say", id: "a" }, { keep: true });
    before.link.send({ type: "say", id: "b" }, { keep: true });
    before.link.send({ type: "say", id: "c" });
    void before.link.connect();
    await before.open();
    before.socket().says({ type: "ack", id: "a" });

    const after = linked({ queue: { storage: storage(kept) } });
    void after.link.connect();
    await after.open();
    await settle();
    expect(after.socket().sent).toEqual([{ type: "say", id: "b" }]);
    after.socket().says({ type: "ack", id: "b" });
    expect(kept.size).toBe(0);
  });

  test("what a reload brings back keeps its age, however often", async () => {
    const kept = new Map<string, StoredMessage>();
    const before = linked({ queue: { storage: storage(kept) } });
    const lost = before.link.request({ type: "say", id: "a" }, { keep: true, ttlMs: 60_000 });
    lost.catch(() => {});
    const at = before.clock.now();
    for (const ms of [20_000, 39_999]) {
      const { link, clock } = linked({ queue: { storage: storage(kept) } });
      clock.sleep(ms);
      await settle();
      expect([link.state.queued, kept.get("a")]).toEqual([1, expect.objectContaining({ at, ttlMs: 60_000 })]);
    }
    const { link, clock } = linked({ queue: { storage: storage(kept) } });
    clock.sleep(59_999);
    await settle();
    expect(link.state.queued).toBe(1);
    await clock.advance(1);
    expect([link.state.queued, kept.size]).toEqual([0, 0]);
  });

  test("whose a message is is kept from the hello on", async () => {
    const kept = new Map<string, StoredMessage>();
    const { link, open } = linked({ queue: { storage: storage(kept) } });
    link.send({ type: "say", id: "a" }, { keep: true });
    link.send({ type: "say", id: "b" });
    expect(kept.get("a")?.user).toBeUndefined();
    link.on("hello", () => {
      link.queue.user = "ann";
    });
    void link.connect();
    await open();
    link.send({ type: "say", id: "c" }, { keep: true });
    expect([...kept.values()].map(({ id, user }) => [id, user])).toEqual([
      ["a", "ann"],
      ["c", "ann"],
    ]);
  });

  test("messages of another user are not said", async () => {
    const kept = new Map<string, StoredMessage>();
    const message = { type: "say", id: "a" };
    kept.set("a", {
      id: "a",
      frame: message,
      priority: "normal",
      at: 1_700_000_000_000,
      ttlMs: 1e6,
      user: "ann",
    });
    const { link, open, socket } = linked({ queue: { storage: storage(kept) } });
    link.on("hello", () => {
      link.queue.user = "bob";
    });
    void link.connect();
    await open();
    await settle();
    expect(socket().sent).toEqual([]);
    expect(kept.size).toBe(0);
  });

  test("messages of another user are not said either where the storage is slower than the server", async () => {
    const kept = new Map<string, StoredMessage>();
    const message = { type: "say", id: "a" };
    kept.set("a", {
      id: "a",
      frame: message,
      priority: "normal",
      at: 1_700_000_000_000,
      ttlMs: 1e6,
      user: "ann",
    });
    let loaded = () => {};
    const slow = {
      ...storage(kept),
      load: () =>
        new Promise<StoredMessage[]>((done) => {
          loaded = () => done([...kept.values()]);
        }),
    };
    const { link, open, socket } = linked({ queue: { storage: slow } });
    link.on("hello", () => {
      link.queue.user = "bob";
    });
    void link.connect();
    await open();
    loaded();
    await settle();
    expect(socket().sent).toEqual([]);
    expect(kept.size).toBe(0);
  });

  test("what was stored longer ago than it may wait is not said, and forgotten", async () => {
    const kept = new Map<string, StoredMessage>();
    const old = {
      id: "a",
      frame: { type: "say", id: "a" },
      priority: "normal",
      at: 1_600_000_000_000,
      ttlMs: 1e6,
    } as const;
    kept.set("a", old);
    const { link, open, socket, clock } = linked({ queue: { storage: storage(kept) } });
    void link.connect();
    await open();
    await clock.advance(1);
    expect(socket().sent).toEqual([]);
    expect(kept.size).toBe(0);
  });

  test("[bad input] a storage that is denied leaves the queue in memory", async () => {
    const denied: QueueStorage = {
      load: () => Promise.reject(new Error("denied")),
      put: () => {
        throw new Error("full");
      },
      remove: () => {
        throw new Error("denied");
      },
    };
    const { link, open, socket } = linked({ queue: { storage: denied } });
    const asked = link.request({ type: "say", id: "a" }, { keep: true });
    void link.connect();
    await open();
    socket().says({ type: "ack", id: "a" });
    expect(await asked).toMatchObject({ type: "ack" });
  });
});
