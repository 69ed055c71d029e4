// What can happen to a connection, over the real Worker. What is done is the same for the same seed,
// which is printed: `CHAOS_SEED=7` does something else.
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../../../tests/support/client.ts";
import type { Server } from "../../../../tests/support/server.ts";
import { nativeBackoff } from "../../src/index.ts";
import { seededRandom } from "../../src/testing/index.ts";
import { Guest, once } from "../chaos/party.ts";
import { Cable } from "./cuttable.ts";
import { start } from "./support.ts";

const SEED = Number(process.env.CHAOS_SEED ?? 20_261_130);
const BLOWS_MAX = Number(process.env.CHAOS_EVENTS ?? 200);

let server: Server;
beforeAll(async () => {
  // A connection that is half open is one to the server for minutes.
  server = await start({ MAX_CONNECTIONS_PER_USER: "0", PRESENCE_GRACE_MS: "5000" });
});
afterAll(() => server.stop());

type Caller = Guest & { cable: Cable };

async function caller(user: string, name: string, random: () => number, events?: string[]): Promise<Caller> {
  const cable = new Cable();
  const token = async () => server.token({ user, room: name });
  const guest = new Guest(
    user,
    `hub:${name}`,
    {
      url: server.http,
      token,
      random,
      WebSocket: cable.WebSocket,
      backoff: () => nativeBackoff({ baseMs: 10, capMs: 40, random }),
      // Half-open connections are found by pings: often, so that the test takes no hours.
      heartbeatMs: 250,
      pongTimeoutMs: 500,
    },
    events,
  );
  await guest.room.connect();
  return Object.assign(guest, { cable });
}

/** All that a room has kept. */
async function logOf(it: Guest): Promise<Array<{ offset: number; event: string; data: unknown }>> {
  const all = [];
  let page = await it.room.history({ after: 0, limit: 200, raw: true });
  for (;;) {
    all.push(...page.entries);
    const next = await page.next();
    if (!next) return all as never;
    page = next;
  }
}

test(`[N7, N16, N22, N24, N29, N46] ${BLOWS_MAX} blows over the real server: each acknowledged message is shown once, in order`, {
  timeout: 600_000,
}, async () => {
  const name = server.room();
  const random = seededRandom(SEED);
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low));
  const ann = await caller("ann", name, seededRandom(SEED + 1));
  const bob = await caller("bob", name, seededRandom(SEED + 2));
  const cid = await caller("cid", name, seededRandom(SEED + 3), ["a*"]);
  const guests = [ann, bob, cid];
  /** A room that sleeps cannot be evicted. */
  const evict = async (webSockets: "close" | "hibernate") => {
    try {
      await server.harness.getWorker().evictDurableObject("HUBS", { name, webSockets });
      return webSockets === "close";
    } catch (error) {
      if (!String(error).includes("not currently running")) throw error;
      return false;
    }
  };
  /** `false`: no socket ended. */
  const blows: Record<string, (whom: Caller) => unknown> = {
    kill: ({ cable }) => cable.kill(),
    "kill all": () => guests.map(({ cable }) => cable.kill()),
    "half-open": ({ cable }) => cable.halfOpen(),
    "evict, and close": () => evict("close"),
    "evict, and hibernate": () => evict("hibernate"),
    offline: ({ cable, page }) => {
      cable.failures = between(1, 6);
      cable.kill();
      page.tell("offline");
      page.tell("online");
    },
    hidden: ({ cable, page }) => {
      page.tell("hidden");
      cable.kill();
      page.tell("shown");
    },
    renew: ({ room }) =>
      room.link.renew().then(
        () => false,
        () => false,
      ),
  };
  const counts: Record<string, number> = {};
  const names = Object.keys(blows);
  for (let at = 0; at < BLOWS_MAX; at += 1) {
    const whom = guests[between(0, 3)] as Caller;
    // What is said now is under way when it strikes.
    await eventually(
      () => whom.room.link.isOpen,
      () => `${whom.name} to be back: ${whom.room.link.state.phase}`,
    );
    for (let said = between(0, 6); 0 < said; said -= 1) {
      (guests[between(0, 2)] as Caller).say(["a", "b", "a.long.name"][between(0, 3)] as string);
    }
    const blow = names[between(0, names.length)] as string;
    counts[blow] = (counts[blow] ?? 0) + 1;
    const before = whom.cable.attempts;
    const hasStruck = (await blows[blow]?.(whom)) !== false;
    // The next one strikes while this client, or another one, comes back.
    if (hasStruck) {
      await eventually(
        () => before < whom.cable.attempts,
        () => `${whom.name} to see the end of its socket after ${blow}`,
      );
    }
    if (at % 10 === 0)
      await eventually(
        () => guests.every((it) => it.isDone),
        () => `all answers after ${blow}`,
      );
  }
  for (const it of guests) it.cable.failures = 0;
  const states = () => guests.map((it) => [it.name, it.said, it.acknowledged.size, it.room.link.state.phase]);
  await eventually(
    () => guests.every((it) => it.isDone && it.room.link.isOpen),
    () => `all answers: ${JSON.stringify(states())}`,
  );
  const log = await logOf(ann);
  const last = log.at(-1)?.offset ?? 0;
  const places = () => guests.map((it) => it.room.position.offset);
  const heard = (it: Guest) => it.room.position.offset === last || it.seen.at(-1)?.offset === last;
  const lastA = log.findLast((it) => it.event.startsWith("a"))?.offset;
  await eventually(
    () => heard(ann) && heard(bob) && cid.seen.at(-1)?.offset === lastA,
    () => `all of ${last}: ${places()}`,
  );
  once(log, ann.said + bob.said);
  ann.check(log);
  bob.check(log);
  cid.check(log, (it) => it.startsWith("a"));
  const sockets = guests.reduce((sum, it) => sum + it.cable.attempts, 0);
  console.log(`seed ${SEED}: ${log.length} messages, ${sockets} sockets, ${JSON.stringify(counts)}`);
  expect(Object.keys(counts).length).toBe(names.length);
  for (const it of guests) {
    it.client.close();
    it.cable.end();
  }
});
