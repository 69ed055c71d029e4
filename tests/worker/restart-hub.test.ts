// An operator kills the process while backends publish over HTTP: every answered event is
// there, in order, once.
import { afterAll, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { Workerd } from "../support/workerd.ts";

const server = new Workerd();
const VARIABLES = { BROADCASTS_PER_MINUTE: "0" };
afterAll(() => server.stop());

const ROUNDS = 2;
const PUBLISHERS = 8;
const ROOM = "/api/v1/rooms/hub/r/events";

// biome-ignore lint/suspicious/noExplicitAny: a test knows what it looks at
const call = async (path: string, body?: unknown): Promise<Record<string, any>> => {
  const method = body ? "POST" : "GET";
  const headers = { Authorization: "Bearer test" };
  const response = await fetch(`${server.origin}${path}`, { method, headers, body: JSON.stringify(body) });
  return response.json();
};

/** Publishes, several at a time, until the server is killed under it. */
async function publishUntilKilled(
  round: number,
): Promise<{ answered: Map<string, number>; heard: number[] }> {
  const listener = await Client.open(`ws${server.origin.slice(4)}/api/v1/ws?token=test&contextId=r`);
  listener.send({ type: "subscribe", events: ["*"] });
  await listener.next("connection_established");
  await listener.next("response");
  const answered = new Map<string, number>();
  let sent = 0;
  const publisher = async () => {
    for (;;) {
      const id = `${round}-${sent++}`;
      try {
        const { offset } = await call(ROOM, { type: "step", id, data: { id } });
        if (offset) answered.set(id, offset);
      } catch {
        return; // Killed.
      }
    }
  };
  const publishers = Array.from({ length: PUBLISHERS }, publisher);
  await listener.until(() => 150 < answered.size, "some answers");
  await server.kill();
  await Promise.all(publishers);
  await listener.closed();
  return { answered, heard: listener.frames.filter((it) => it.type === "event").map((it) => it.offset) };
}

test("[G1, P11] killed while backends publish, the server comes back with every answered event, once, in order", async () => {
  const answered = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    await server.start(VARIABLES);
    const killed = await publishUntilKilled(round);
    for (const [id, offset] of killed.answered) answered.set(id, offset);
    const first = killed.heard[0] ?? 0;
    expect(killed.heard, "consecutive offsets").toEqual(killed.heard.map((_, i) => first + i));
  }
  await server.start(VARIABLES);
  const log: { offset: number; data: { id: string } }[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page = await call(`${ROOM}?limit=200&after=${after}`);
    log.push(...page.events);
    after = page.next_after;
  }
  expect(
    log.map((it) => it.offset),
    "offsets without a gap from 1",
  ).toEqual(log.map((_, i) => i + 1));
  const stored = new Map(log.map((it) => [it.data.id, it.offset]));
  expect(stored.size, "nothing is stored twice").toBe(log.length);
  for (const [id, offset] of answered) expect(stored.get(id), id).toBe(offset);
  // What got no answer is sent again, as a backend would, and is not published twice.
  const [id, offset] = [...stored].at(-1) as [string, number];
  expect(await call(ROOM, { type: "step", id, data: { id } })).toMatchObject({ offset, duplicate: true });
  console.log(`${answered.size} answered, ${log.length} stored, over ${ROUNDS} kills: none lost, none twice`);
}, 120_000);
