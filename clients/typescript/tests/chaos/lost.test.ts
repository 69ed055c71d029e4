// Logs that are erased or forgotten, and messages that are lost under way: what cannot be gone on with
// is told, and what can be mended is.
import { expect, test } from "vitest";
import { FakeServer, seededRandom, VirtualClock } from "../../src/testing/index.ts";
import { Guest } from "./party.ts";

const SEED = Number(process.env.CHAOS_SEED ?? 20_261_130);

function party(seed: number) {
  const random = seededRandom(seed);
  const server = new FakeServer({ clock: new VirtualClock(), random: seededRandom(seed + 1) });
  const { clock, url } = server;
  const around = { clock, random: seededRandom(seed + 2), WebSocket: server.WebSocket as never };
  const ann = new Guest("ann", "hub:chaos", { url, token: "ann", ...around });
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low));
  return { random, server, clock, ann, between, room: server.room("hub:chaos") };
}

test("[N12, N14, N26] after each log that is erased or forgotten the client says so, and history and what is live have no gap", {
  timeout: 120_000,
}, async () => {
  const { server, clock, ann, between, room } = party(SEED);
  /** What an application shows: it begins anew where it is told that what it has is void. */
  let shown: Array<number | undefined> = [];
  let [losses, loading] = [0, Promise.resolve()];
  ann.room.on("*", ({ offset }) => offset !== undefined && shown.push(offset));
  ann.room.watch("lost", () => {
    losses += 1;
    const own: typeof shown = [];
    shown = own;
    const before = (ann.room.attachment?.offset ?? 0) + 1;
    loading = ann.room.history({ before, limit: 200, raw: true }).then(
      ({ entries }) => void own.unshift(...entries.map((it) => it.offset)),
      // The next loss was faster.
      () => {},
    );
  });
  await clock.advance(100);
  let wantsLoss = 0;
  for (let at = 0; at < 300; at += 1) {
    for (let said = between(0, 5); 0 < said; said -= 1) room.publish("a", at);
    const blow = between(0, 5);
    if (blow === 0) {
      // Before its first entry every log is the same.
      if (room.offset) wantsLoss += 1;
      server.newEpoch("hub:chaos");
    } else if (blow === 1) {
      server.kill();
      for (let said = 0; said < 30; said += 1) room.publish("a", at);
      room.log.trim(between(1, 20));
      wantsLoss += 1;
    } else if (blow === 2) server.kill();
    else if (blow === 3) server.delay(between(0, 500));
    // Each loss is seen for itself.
    await clock.advance(30_000);
    await loading;
    const { first, offset } = room.log;
    const kept = shown.filter((it) => first <= (it ?? 0));
    expect(kept).toEqual(Array.from({ length: first ? offset - first + 1 : 0 }, (_, index) => first + index));
    expect(ann.room.position).toEqual({ epoch: room.epoch, offset });
  }
  expect(wantsLoss).toBeGreaterThan(50);
  expect(losses).toBe(wantsLoss);
});

test("[N29] a message that is lost under way is a gap that mends itself, and is counted", {
  timeout: 120_000,
}, async () => {
  const { server, clock, ann, between, room, random } = party(SEED + 10);
  await clock.advance(100);
  let dropped = 0;
  for (let at = 0; at < 500; at += 1) {
    if (random() < 0.3) {
      server.drop(1);
      dropped += 1;
    }
    for (let said = between(1, 4); 0 < said; said -= 1) {
      room.publish("a", `${at} ${said}`);
      await clock.advance(between(0, 3));
    }
    if (random() < 0.2) server.delay(between(0, 300));
    await clock.advance(2_000);
  }
  // What was lost last shows with what comes after it.
  room.publish("a", "last");
  await clock.advance(10_000);
  expect(dropped).toBeGreaterThan(100);
  expect(ann.seen.map((it) => it.offset)).toEqual(room.entries.map((it) => it.offset));
  expect(ann.gaps).toBeGreaterThan(50);
  expect(server.attempts).toBeLessThan(dropped);
});
