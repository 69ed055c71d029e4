// The native protocol over a server that is killed, and to clients that do not read.
import { afterAll, beforeAll, expect, test } from "vitest";
import { mint } from "../../scripts/jwt.mjs";
import { Native, type Said } from "../support/native.ts";
import { SECRET } from "../support/server.ts";
import { Workerd } from "../support/workerd.ts";

const VARIABLES = {
  PRESENCE_GRACE_MS: "1",
  MESSAGES_PER_MINUTE: "0",
  BROADCASTS_PER_MINUTE: "0",
  HTTP_PUBLISHES_PER_MINUTE: "0",
  HTTP_CALLS_PER_MINUTE: "0",
};

const server = new Workerd();
beforeAll(() => server.start(VARIABLES));
afterAll(() => server.stop());

async function publish(room: string, count: number, data: unknown, type = "a"): Promise<void> {
  const events = Array.from({ length: count }, () => ({ room, type, data }));
  const token = await mint({ sub: "backend", caps: [{ room: "*", can: ["publish"] }] }, { secret: SECRET });
  const headers = { Authorization: `Bearer ${token}` };
  const response = await fetch(`${server.origin}/api/v1/events`, {
    method: "POST",
    headers,
    body: JSON.stringify({ events }),
  });
  expect(response.status).toBe(200);
}

const offsets = (all: Said[]) => all.map((it) => it.offset);
const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);

test.each(["json", "msgpack"] as const)(
  "[N7, N16, N22, N24] over a server that is killed nothing is missed and nothing said twice, in %s",
  async (format) => {
    const room = `hub:killed-${format}`;
    const heard: Said[] = [];
    let resume: string | undefined;
    let next = 0;
    for (let round = 0; round < 3; round++) {
      const client = await Native.join(server.url, room, { format, resume });
      expect(client.hello).toMatchObject(round === 0 ? { from: 0 } : { recovered: true });
      let isKilled = false;
      const publishing = (async () => {
        // What was not answered is sent again, with the same id.
        while (!isKilled) {
          await client.publish("n", next, { id: `${format}-${next}` });
          next += 1;
        }
      })().catch(() => {});
      await client.until(() => 100 <= client.heard.length, "some events");
      await server.kill();
      isKilled = true;
      await client.closed();
      await publishing;
      expect(client.gaps).toBe(0);
      heard.push(...client.heard);
      resume = client.resume;
      await server.start(VARIABLES);
    }
    const last = await Native.join(server.url, room, { format, resume });
    await last.until(() => last.position === last.hello.offset, "the end");
    heard.push(...last.heard);
    expect(offsets(heard)).toEqual(upTo(heard.length));
    expect(heard.map((it) => it.data)).toEqual(heard.map((_, at) => at));
    expect(heard.length).toBeGreaterThanOrEqual(300);
  },
  120_000,
);

test("[N24, N30] ten thousand entries come from the log, in order, while others are told what happens", async () => {
  const room = "hub:long";
  const first = await Native.join(server.url, room);
  const deaf = await Native.join(server.url, room, { events: "nothing" });
  for (let at = 0; at < 100; at++) await publish(room, 100, "x".repeat(64));
  const began = performance.now();
  const reader = await Native.join(server.url, room, { format: "msgpack", resume: `${first.epoch}:0` });
  await first.publish("live");
  await reader.until(() => reader.position === 10_001, "the whole log");
  console.log(`10,000 entries were told again within ${Math.round(performance.now() - began)} ms`);
  expect(offsets(reader.heard)).toEqual(upTo(10_001));
  await deaf.until(() => deaf.position === 9_984, "its place: 39 times 256");
  expect([reader.gaps, first.gaps, deaf.heard.length]).toEqual([0, 0, 0]);
}, 120_000);

test("[N25] a client that does not read falls behind, and hears everything when it does", async () => {
  const room = "hub:slow";
  const slow = await Native.join(server.url, room);
  const other = await Native.join(server.url, room);
  slow.socket.pause();
  const before = server.memory();
  let peak = before;
  for (let at = 0; at < 100; at++) {
    await publish(room, 100, "x".repeat(2000));
    peak = Math.max(peak, server.memory());
  }
  await other.until(() => other.position === 10_000, "all");
  console.log(`20 MB that one does not read: +${Math.round((peak - before) / (1 << 20))} MiB`);
  expect(slow.heard.length).toBeLessThan(10_000);
  slow.socket.resume();
  await slow.until(() => slow.position === 10_000, "all");
  expect(offsets(slow.heard)).toEqual(upTo(10_000));
  expect(slow.gaps).toBe(0);
  await other.publish("live");
  await slow.until(() => slow.position === 10_001, "what is live");
  expect(slow.close).toBeUndefined();
}, 120_000);
