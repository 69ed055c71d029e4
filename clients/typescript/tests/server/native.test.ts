// The client over the real Worker.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Server } from "../../../../tests/support/server.ts";
import { msgpack } from "../../src/msgpack/index.ts";
import { closeAll, join, start } from "./support.ts";

let server: Server;
beforeAll(async () => {
  server = await start();
});
afterEach(closeAll);
afterAll(() => server.stop());

/** A room of this kind that nobody has been in. */
const fresh = (kind = "hub") => {
  const name = server.room();
  return { name, address: `${kind}:${name}` };
};

const evict = (name: string, webSockets: "close" | "hibernate") =>
  server.harness.getWorker().evictDurableObject("HUBS", { name, webSockets });

describe("what is said", () => {
  test("[N15, N17] is acknowledged with its place, and heard by everyone in order", async () => {
    const { address } = fresh();
    const [ann, bob] = [await join(server, address), await join(server, address)];
    const receipts = await Promise.all([1, 2, 3].map((it) => ann.room.publish("said", it)));
    expect(receipts.map((it) => it.offset)).toEqual([1, 2, 3]);
    await bob.until(() => bob.heard.length === 3, "three events");
    expect(bob.data()).toEqual([1, 2, 3]);
    expect(bob.heard[0]).toMatchObject({ event: "said", offset: 1, user: "test" });
  });

  test("[N16] is said once, though it is sent twice", async () => {
    const { address } = fresh();
    const ann = await join(server, address);
    const first = await ann.room.publish("said", 1, { id: "once" });
    const second = await ann.room.publish("said", 2, { id: "once" });
    expect(second).toEqual({ ...first, duplicate: true });
    await ann.room.publish("said", 3);
    expect(ann.data()).toEqual([1, 3]);
  });

  test("[N51] may be bytes, in both encodings", async () => {
    const { address } = fresh();
    const [ann, bob] = [await join(server, address), await join(server, address, { codec: msgpack })];
    const bytes = Uint8Array.from({ length: 300 }, (_, at) => at % 256);
    await ann.room.publish("said", bytes);
    await bob.room.publish("said", bytes);
    await ann.until(() => ann.heard.length === 2, "both in JSON");
    await bob.until(() => bob.heard.length === 2, "both in MessagePack");
    expect(bob.data()).toEqual([bytes, bytes]);
    for (const { data, encoding } of ann.heard) {
      expect(encoding).toBe("base64");
      expect([...Buffer.from(data as string, "base64")]).toEqual([...bytes]);
    }
  });

  test("[N20] comes by the filters that are asked for", async () => {
    const { address } = fresh();
    const ann = await join(server, address, {}, { events: ["a.*"] });
    await ann.room.publish("b", 1);
    await ann.room.publish("a.x", 2);
    expect(await ann.room.subscribe("b")).toEqual(["a.*", "b"]);
    await ann.room.publish("b", 3);
    await ann.room.unsubscribe("a.*", "b");
    await ann.room.publish("b", 4);
    expect(ann.data()).toEqual([2, 3]);
  });
});

describe("a gap", () => {
  test("[N11, N13, N29] is repaired by attaching at the position, with all that was asked for", async () => {
    const { address } = fresh();
    const bob = await join(server, address);
    for (let at = 1; at <= 5; at++) await bob.room.publish("said", at);
    const ann = await join(server, address, {}, { rewind: 2, present: false });
    await ann.until(() => ann.heard.length === 2, "what was before");
    // An event that gets lost on its way does not exist: so it is made up that the position is lower.
    ann.room.position.offset = 1;
    await bob.room.publish("said", 6);
    await ann.until(() => ann.heard.length === 7, "what was missing");
    expect(ann.data()).toEqual([4, 5, 2, 3, 4, 5, 6]);
    expect(ann.room.gaps).toBe(1);
    expect((await bob.room.presence.get()).connections).toBe(1);
  });
});

describe("a room that goes away", () => {
  test("[N7, N22, N24] after an eviction that closes sockets nothing is missed and nothing heard twice", async () => {
    const { name, address } = fresh();
    const [ann, bob] = [await join(server, address), await join(server, address)];
    const said: number[] = [];
    const saying: Promise<unknown>[] = [];
    for (let round = 0; round < 5; round++) {
      for (let at = 0; at < 10; at++) {
        said.push(said.length);
        saying.push(ann.room.publish("said", said.length - 1));
      }
      await saying[round * 10];
      await evict(name, "close");
    }
    await Promise.all(saying);
    await bob.until(() => bob.heard.length === said.length, "all of it");
    await ann.until(() => ann.heard.length === said.length, "all of it");
    expect(bob.data()).toEqual(said);
    expect(ann.data()).toEqual(said);
    expect(bob.wire.all.length).toBeGreaterThan(1);
    for (const { room } of [ann, bob]) expect(room.position.offset).toBe(said.length);
  });

  test("one that sleeps is not noticed", async () => {
    const { name, address } = fresh();
    const ann = await join(server, address);
    await ann.room.publish("said", 1);
    await evict(name, "hibernate");
    await ann.room.publish("said", 2);
    expect(ann.data()).toEqual([1, 2]);
    expect(ann.wire.all).toHaveLength(1);
  });

  test("[N14, N26] one that is erased is attached to again, and that what was built is void is told", async () => {
    const { name, address } = fresh();
    const ann = await join(server, address);
    const lost: string[] = [];
    ann.room.watch("lost", (reason) => lost.push(reason));
    await ann.room.publish("said", 1);
    const answer = await server.call(
      "DELETE",
      `/api/v1/rooms/hub/${name}?confirm=${name}`,
      undefined,
      await admin(),
    );
    expect(answer.status).toBe(204);
    await ann.until(() => lost.length === 1, "to be told");
    expect(lost).toEqual(["epoch"]);
    await ann.room.publish("said", 2);
    await ann.until(() => ann.heard.length === 2, "what is said in the new log");
    expect(ann.data()).toEqual([1, 2]);
  });

  test("[N14] who is kicked stays away, and what they say is refused", async () => {
    const { name, address } = fresh();
    const ann = await join(server, address);
    const answer = await server.call(
      "DELETE",
      `/api/v1/rooms/hub/${name}/users/test`,
      undefined,
      await admin(),
    );
    expect(answer.status).toBe(200);
    await ann.until(() => ann.room.link.phase === "fallback", "the end");
    expect(ann.room.link.state.error).toMatchObject({ code: "PERMISSION_DENIED" });
    expect(ann.wire.all).toHaveLength(1);
  });

  const admin = () => server.token({ user: "root", claims: { caps: [{ room: "*", can: ["admin"] }] } });
});

describe("a connection that is dead and open", () => {
  test("[N46] is replaced, and what was missed and not yet said comes and goes then", async () => {
    const { address } = fresh();
    const ann = await join(server, address, { heartbeatMs: 50, pongTimeoutMs: 200 });
    const bob = await join(server, address);
    ann.wire.isBlackHole = true;
    const late = ann.room.publish("said", "of the dead socket");
    await bob.room.publish("said", "meanwhile");
    await ann.until(() => ann.room.link.phase === "failed", "the end of the old one");
    ann.wire.isBlackHole = false;
    expect(await late).toMatchObject({ offset: 2 });
    await ann.until(() => ann.heard.length === 2, "both");
    expect(ann.data()).toEqual(["meanwhile", "of the dead socket"]);
  });
});

describe("tokens", () => {
  test("[N43] one that expires is replaced on the same socket, and nothing is missed", async () => {
    const { name, address } = fresh();
    let calls = 0;
    const token = () => {
      calls += 1;
      return server.token({ user: "ann", room: name, lifetime: calls === 1 ? "3s" : "1h" });
    };
    const ann = await join(server, address, { token });
    const bob = await join(server, address);
    await ann.until(() => calls === 2, "a new token");
    await bob.room.publish("said", 1);
    await ann.room.publish("said", 2);
    await ann.until(() => ann.heard.length === 2, "both");
    expect(ann.data()).toEqual([1, 2]);
    expect(ann.wire.all).toHaveLength(1);
  });

  test("[N4, N44] one that is expired for ever is asked for twice, and then that is the end", async () => {
    const { name, address } = fresh();
    const reasons: string[] = [];
    const token = ({ reason }: { reason: string }) => {
      reasons.push(reason);
      return server.token({ user: "ann", room: name, lifetime: "-1h" });
    };
    await expect(join(server, address, { token })).rejects.toMatchObject({ code: "AUTHENTICATION_FAILED" });
    expect(reasons).toEqual(["initial", "expired"]);
  });

  test("[N4] a room that it does not open is told as such, and not asked for again", async () => {
    const { address } = fresh();
    const token = () => server.token({ user: "ann", room: "another" });
    await expect(join(server, address, { token })).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  });

  test.each(["protocol", "query", "message"] as const)("[R3, N8] one may come by %s", async (auth) => {
    const { name, address } = fresh();
    const token = () => server.token({ user: "ann", room: name });
    const ann = await join(server, address, { auth, token });
    expect(ann.room.user).toBe("ann");
  });
});

describe("features", () => {
  test("[N34, N35, N37] who is here, what they say of themselves, and who leaves", async () => {
    const { name, address } = fresh();
    const as = (user: string) => ({ token: () => server.token({ user, room: name }) });
    const ann = await join(server, address, as("ann"));
    ann.room.presence.start();
    const bob = await join(server, address, as("bob"));
    await bob.room.presence.update({ at: "desk" });
    const users = () => ann.room.presence.getSnapshot().members.map((it) => [it.user, it.data]);
    await ann.until(() => users().length === 2 && !!users()[1]?.[1], "bob with what he says");
    expect(users()).toEqual([
      ["ann", undefined],
      ["bob", { at: "desk" }],
    ]);
    bob.room.close();
    await ann.until(() => users().length === 1, "bob to leave");
  });

  test("[N58] who types", async () => {
    const { name, address } = fresh("chat");
    const as = (user: string) => ({ token: () => server.token({ user, room: name }) });
    const [ann, bob] = [await join(server, address, as("ann")), await join(server, address, as("bob"))];
    ann.room.typing.start();
    bob.room.typing.set(true);
    await ann.until(() => ann.room.typing.getSnapshot().includes("bob"), "bob to type");
    bob.room.typing.set(false);
    await ann.until(() => ann.room.typing.getSnapshot().length === 0, "bob to stop");
  });

  test("[N61] keyed state, over an eviction too", async () => {
    const { name, address } = fresh();
    const [ann, bob] = [await join(server, address), await join(server, address)];
    ann.room.state.start();
    await bob.room.state.set("a", 1, { ifVersion: 0 });
    await expect(bob.room.state.set("a", 2, { ifVersion: 0 })).rejects.toMatchObject({
      ...{ code: "CONFLICT", details: { version: 1 } },
    });
    await evict(name, "close");
    await bob.room.state.set("b", 2);
    const values = () => Object.entries(ann.room.state.getSnapshot()).map(([key, it]) => [key, it.value]);
    await ann.until(() => values().length === 2, "both");
    expect(values().sort()).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  });

  test("[N32, N33, N58] pages of the log, with what was said about its entries", async () => {
    const { address } = fresh("chat");
    const ann = await join(server, address);
    for (const content of ["one", "two", "three"]) await ann.room.publish("message", { content });
    await ann.room.edit(1, { content: "uno" });
    await ann.room.react(2, "👍");
    await ann.room.remove(3);
    await ann.room.publish("message", { content: "an answer" }, { of: 2 });
    const page = await ann.room.history({ limit: 2 });
    expect(page.hasMore).toBe(true);
    const before = await page.next();
    const entries = [...(before?.entries ?? []), ...page.entries];
    expect(entries).toMatchObject([
      { offset: 1, data: { content: "uno" }, edited: { user: "test" } },
      { offset: 2, reactions: { "👍": { count: 1 } }, replies: 1 },
      { offset: 3, deleted: { user: "test" } },
      { offset: 7, of: 2 },
    ]);
    await ann.room.read(7);
    expect(await ann.room.reads()).toEqual({ test: 7 });
  });
});
