import { expect, test } from "vitest";
import { seededRandom, VirtualClock } from "../../src/testing/index.ts";

test("[E32] timers ring in the order in which they are due, each at its time", async () => {
  const clock = new VirtualClock(1_000);
  const rung: Array<[string, number]> = [];
  const ring = (name: string) => () => rung.push([name, clock.now()]);
  clock.setTimeout(ring("c"), 30);
  clock.setTimeout(ring("a"), 10);
  clock.setTimeout(ring("b"), 10);
  const never = clock.setTimeout(ring("never"), 20);
  clock.clearTimeout(never);
  clock.clearTimeout(never);
  clock.clearTimeout(undefined);
  expect(clock.pending).toBe(3);
  await clock.advance(10);
  expect(rung).toEqual([
    ["a", 1_010],
    ["b", 1_010],
  ]);
  await clock.advance(19);
  expect([rung.length, clock.now()]).toEqual([2, 1_029]);
  await clock.runAll();
  expect(rung.at(-1)).toEqual(["c", 1_030]);
  expect(clock.pending).toBe(0);
});

test("[E32] promises settle between two timers", async () => {
  const clock = new VirtualClock(0);
  const seen: string[] = [];
  clock.setTimeout(async () => {
    await null;
    await null;
    seen.push("after promises");
    clock.setTimeout(() => seen.push(`nested at ${clock.now()}`), 5);
  }, 1);
  clock.setTimeout(() => seen.push("next"), 2);
  await clock.advance(10);
  expect(seen).toEqual(["after promises", "next", "nested at 6"]);
});

test("[N6] its time is whole milliseconds, whatever delays are asked for", async () => {
  const clock = new VirtualClock(1_000);
  const rung: number[] = [];
  for (const ms of [0.4, 1.5, 2]) clock.setTimeout(() => rung.push(clock.now()), ms);
  await clock.advance(10);
  expect(rung).toEqual([1_001, 1_002, 1_002]);
});

test("[N46] after a sleep timers ring late, and all at once", async () => {
  const clock = new VirtualClock(0);
  const rung: number[] = [];
  for (const ms of [10, 20, 60_000, 90_000]) clock.setTimeout(() => rung.push(clock.now()), ms);
  await clock.sleep(60_000);
  expect(rung).toEqual([60_000, 60_000, 60_000]);
});

test("[E32] waiting has an end", async () => {
  const clock = new VirtualClock(0);
  let beats = 0;
  const beat = () => {
    beats += 1;
    clock.setTimeout(beat, 1_000);
  };
  beat();
  await clock.until(() => beats === 5);
  expect(clock.now()).toBe(4_000);
  await expect(clock.until(() => false, 10_000)).rejects.toThrow("not within 10000 ms");
  await clock.runAll(5_000);
  expect(clock.now()).toBe(19_000);
});

test("[E32] a hundred thousand timers ring in order, and cleared ones leave nothing", async () => {
  const clock = new VirtualClock(0);
  const random = seededRandom(7);
  let [last, rung] = [0, 0];
  for (let at = 0; at < 100_000; at += 1) {
    const timer = clock.setTimeout(
      () => {
        expect(last <= clock.now()).toBe(true);
        last = clock.now();
        rung += 1;
      },
      Math.floor(random() * 1_000),
    );
    if (at % 10) clock.clearTimeout(timer);
  }
  expect(clock.pending).toBe(10_000);
  await clock.runAll();
  expect(rung).toBe(10_000);
});

test("[E32] chance is the same for the same seed", () => {
  const [a, b, c] = [seededRandom(1), seededRandom(1), seededRandom(2)];
  const some = (random: () => number) => Array.from({ length: 1_000 }, random);
  const first = some(a);
  expect(first).toEqual(some(b));
  expect(first).not.toEqual(some(c));
  expect(first.every((it) => 0 <= it && it < 1)).toBe(true);
  const mean = first.reduce((sum, it) => sum + it, 0) / first.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
});
