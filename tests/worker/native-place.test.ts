// Where a connection is in the log, by the native protocol, in both encodings.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Native, type Said } from "../support/native.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ MESSAGES_PER_MINUTE: "0", BROADCASTS_PER_MINUTE: "0", AUTH_TIMEOUT_MS: "20000" });
});
afterAll(() => server.stop());

const FORMATS = ["json", "msgpack"] as const;
const both = (title: string, run: (format: "json" | "msgpack") => Promise<void>) =>
  test.concurrent.each(FORMATS)(`${title}, in %s`, run);

const rooms = (kind: string) => `${kind}:${server.room()}`;

both("[N19, N27, N28, N29, N31] what is for one user leaves no gap for others", async (format) => {
  const room = rooms("hub");
  const name = room.slice(4);
  const service = await server.token({ user: "service", claims: { role: "service", contexts: [name] } });
  const [bobs, anns] = [
    await server.token({ user: "bob", room: name }),
    await server.token({ user: "ann", room: name }),
  ];
  const all = await Native.join(server.ws, room, { format, token: service });
  const ann = await Native.join(server.ws, room, { format, token: anns });
  const bob = await Native.join(server.ws, room, { format, token: bobs });
  await all.publish("a", 1);
  await all.publish("b", 2, { to: "bob" });
  await all.publish("c", 3, { to: "bob" });
  expect((await ann.publish("no", 0, { to: "bob" })).code).toBe("PERMISSION_DENIED");
  await ann.publish("d", 4);
  await ann.publish("e", 5, { echo: false });
  await ann.publish("f", 6);
  await bob.until(() => bob.heard.at(-1)?.event === "f", "the last");
  const seen = (it: Said) => [it.event, it.offset, it.prev, it.direct].filter((part) => part !== undefined);
  expect(bob.heard.map(seen)).toEqual([
    ["a", 1],
    ["b", 2, true],
    ["c", 3, true],
    ["d", 4, 1],
    ["e", 5],
    ["f", 6],
  ]);
  expect(ann.heard.map(seen)).toEqual([
    ["a", 1],
    ["d", 4, 1],
    ["f", 6],
  ]);
  expect(ann.messages.filter((it) => it.type === "position").map((it) => it.offset)).toEqual([5]);
  expect([ann.gaps, bob.gaps, all.gaps]).toEqual([0, 0, 0]);
  expect((await ann.ask({ type: "query", query: "position" })).result).toEqual({
    epoch: ann.epoch,
    offset: 6,
  });
  // After a sleep, and told again.
  await all.publish("g", 7, { to: "bob" });
  await server.sleep(name, "HUBS");
  await all.publish("h", 8);
  await ann.until(() => ann.heard.at(-1)?.event === "h", "the last");
  expect(seen(ann.heard.at(-1) as Said)).toEqual(["h", 8, 6]);
  const again = await Native.join(server.ws, room, { format, token: anns, resume: `${ann.epoch}:0` });
  await again.until(() => again.position === 8, "the replay");
  expect(again.heard.map(seen)).toEqual([
    ["a", 1],
    ["d", 4, 1],
    ["e", 5],
    ["f", 6],
    ["h", 8, 6],
  ]);
  expect([ann.gaps, again.gaps]).toEqual([0, 0]);
});

both("[N20, N21] filters hold from the ack on, and for what is told again", async (format) => {
  const room = rooms("hub");
  const ann = await Native.join(server.ws, room, { format, events: "agent.*" });
  const bob = await Native.join(server.ws, room, { format });
  const names = (it: Native) => it.heard.map((said) => said.event);
  for (const name of ["agent.a", "other", "agents"]) await bob.publish(name);
  await ann.settle();
  expect(names(ann)).toEqual(["agent.a"]);
  expect((await ann.ask({ type: "subscribe", events: ["other"] })).subscribed).toEqual(["agent.*", "other"]);
  expect((await ann.ask({ type: "unsubscribe", events: ["agent.*"] })).subscribed).toEqual(["other"]);
  for (const name of ["agent.a", "other"]) await bob.publish(name);
  expect((await ann.ask({ type: "unsubscribe", events: ["other"] })).subscribed).toEqual([]);
  await bob.publish("other");
  await ann.settle();
  expect(names(ann)).toEqual(["agent.a", "other"]);
  expect((await bob.ask({ type: "unsubscribe", events: ["x"] })).subscribed).toBeNull();
  const attached = await ann.ask({ type: "attach", resume: `${ann.epoch}:0`, events: ["agent*"] });
  expect(attached).toMatchObject({ from: 0, recovered: true, offset: 6 });
  await ann.until(() => ann.position === 6, "the replay");
  expect(names(ann).slice(2)).toEqual(["agent.a", "agents", "agent.a"]);
  const wide = Array.from({ length: 101 }, (_, at) => `e${at}`).join(",");
  for (const events of [wide, "a*b", "x".repeat(129), Array(82).fill("y".repeat(100)).join(",")]) {
    const refused = await Native.open(server.ws, room, { format, events });
    expect((await refused.closed()).code).toBe(1008);
    expect(refused.messages.map((it) => it.type)).toEqual(["error", "closing"]);
    expect(refused.messages[0]?.code).toBe("INVALID_MESSAGE_FORMAT");
  }
});

both(
  "[N11, N13, N22, N23, N24] a client goes on from where it was, or from where it likes",
  async (format) => {
    const room = rooms("hub");
    const ann = await Native.join(server.ws, room, { format });
    for (let at = 1; at <= 20; at++) await ann.publish("n", at);
    const offsets = (it: Native) => it.heard.map((said) => said.offset);
    const from = (offset: number) => Array.from({ length: 20 - offset }, (_, at) => offset + at + 1);
    const { epoch } = ann;
    const cases: [Record<string, unknown>, number, object][] = [
      [{ resume: `${epoch}:12` }, 12, { recovered: true }],
      [{ resume: `${epoch}:20` }, 20, { recovered: true }],
      [{ resume: `${epoch}:0` }, 0, { recovered: true }],
      [{ resume: `${epoch}:21` }, 20, { recovered: false, reason: "ahead" }],
      [{ resume: "other:7" }, 20, { recovered: false, reason: "epoch" }],
      [{ resume: "nonsense" }, 20, { recovered: false, reason: "epoch" }],
      [{ rewind: "5" }, 15, { recovered: false }],
      [{ rewind: "1000" }, 0, { recovered: false }],
      [{ rewind: "1h" }, 0, { recovered: false }],
      [{ resume: "other:7", rewind: "3" }, 17, { recovered: false, reason: "epoch" }],
      [{ resume: `${epoch}:18`, rewind: "3" }, 18, { recovered: true }],
    ];
    for (const [asked, place, expected] of cases) {
      const reader = await Native.join(server.ws, room, { format, ...asked });
      expect(reader.hello, JSON.stringify(asked)).toMatchObject({
        from: place,
        offset: 20,
        first: 1,
        ...expected,
      });
      await reader.until(() => reader.position === 20, "the replay");
      expect(offsets(reader)).toEqual(from(place));
      expect(reader.gaps).toBe(0);
      const attached = await ann.ask({ type: "attach", ...asked });
      expect(attached).toMatchObject({ from: place, offset: 20, ...expected });
      const before = ann.heard.length;
      await ann.until(() => ann.position === 20, "the replay");
      expect(offsets(ann).slice(Math.min(before, ann.heard.length - 20 + place))).toEqual(from(place));
      reader.socket.close();
    }
    for (const rewind of ["0", "1001", "-1", "1d", "x"]) {
      const refused = await Native.open(server.ws, room, { format, rewind });
      await refused.closed();
      expect(refused.messages[0]).toMatchObject({ type: "error", code: "INVALID_MESSAGE_FORMAT" });
    }
  },
);

both("[N11] who is detached hears nothing and asks nothing, and can come back", async (format) => {
  const room = rooms("hub");
  const ann = await Native.join(server.ws, room, { format });
  const bob = await Native.join(server.ws, room);
  const detached = await ann.ask({ type: "detach" });
  expect(detached).toEqual({ type: "ack", id: detached.id });
  await bob.publish("a", 1);
  await bob.publish("broadcast", 2);
  expect(await ann.publish("no")).toMatchObject({ code: "NOT_FOUND" });
  expect(await ann.ask({ type: "ping" })).toMatchObject({ type: "ack" });
  expect(ann.heard).toEqual([]);
  await server.sleep(room.slice(4), "HUBS");
  await bob.publish("b", 3);
  expect(await ann.ask({ type: "attach", resume: ann.resume })).toMatchObject({ from: 0, recovered: true });
  await ann.until(() => ann.heard.length === 3, "what was said meanwhile");
  await bob.publish("c", 4);
  await ann.until(() => ann.heard.length === 4, "what is said now");
  expect(ann.gaps).toBe(0);
});

both("[N26, N32, N33] history ends where what is live begins", async (format) => {
  const ann = await Native.join(server.ws, rooms("chat"), { format });
  for (let at = 1; at <= 5; at++) await ann.publish("message", { content: `${at}` });
  await ann.publish("edit", { content: "2, edited" }, { of: 2 });
  const bob = await Native.join(server.ws, ann.hello.room, { format });
  await ann.publish("message", { content: "live" });
  const ask = (asked: object) => bob.ask({ type: "history", ...asked });
  const offsets = (page: Said) => page.entries.map((it: Said) => it.offset);
  const first = await ask({ before: bob.hello.offset + 1, limit: 2 });
  expect([offsets(first), first.has_more, first.next]).toEqual([[4, 5], true, { before: 4 }]);
  const second = await ask({ ...first.next, limit: 2 });
  expect(offsets(second)).toEqual([2, 3]);
  expect(second.entries[0]).toMatchObject({
    data: { content: "2, edited" },
    edited: { user: "test", offset: 6 },
  });
  const upwards = await ask({ after: 0, limit: 3, raw: true });
  expect([offsets(upwards), upwards.next]).toEqual([[1, 2, 3], { after: 3 }]);
  expect(offsets(await ask({ raw: true }))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(offsets(await ask({ before: 1_000_000_000_000 }))).toEqual([]);
  expect(offsets(await ask({ before: Date.now() + 60_000 }))).toEqual([1, 2, 3, 4, 5, 7]);
  await bob.until(() => bob.heard.length === 1, "the live one");
  expect(bob.heard[0]?.offset).toBe(7);
});
