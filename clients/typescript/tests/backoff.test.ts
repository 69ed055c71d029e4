import { describe, expect, test } from "vitest";
import {
  archmeshBackoff,
  type Backoff,
  type BackoffOptions,
  BackoffStrategy,
  conversationBackoff,
  nativeBackoff,
} from "../src/index.ts";

/** All delays of a strategy, or the first `most` of one without end. */
function delays(strategy: Backoff, most = 20): number[] {
  const all: number[] = [];
  for (let next = strategy.nextDelay(); next !== null && all.length < most; next = strategy.nextDelay()) {
    all.push(next);
  }
  return all;
}

const middle: Partial<BackoffOptions> = { random: () => 0.5 };

describe("delays between attempts", () => {
  test("[E15, E17] the default has 1, 2, 4, 8, 12 s and eight attempts", () => {
    const got = delays(BackoffStrategy.createDefaultStrategy(middle));
    expect(got).toEqual([1000, 2000, 4000, 8000, 12_000, 12_000, 12_000, 12_000]);
  });

  test("[E16] jitter is a part of the base to both sides, and no delay is below 100 ms", () => {
    const drawn = [0, 0.999_999, 0.5];
    const random = () => drawn.shift() ?? 0.5;
    const strategy = BackoffStrategy.createDefaultStrategy({ baseDelaysMs: [1000], random });
    expect([strategy.nextDelay(), strategy.nextDelay(), strategy.nextDelay()]).toEqual([800, 1200, 1000]);
    const short = new BackoffStrategy({ baseDelaysMs: [100], jitterRatio: 0.5, random: () => 0 });
    expect(short.nextDelay()).toBe(100);
  });

  test("[E17] the aggressive one is capped at 4 s and has ten attempts, the immediate one 100 ms", () => {
    const aggressive = delays(BackoffStrategy.createAggressiveStrategy(middle));
    expect(aggressive).toHaveLength(10);
    expect(Math.max(...aggressive)).toBe(4000);
    expect(new Set(delays(BackoffStrategy.createImmediateStrategy()))).toEqual(new Set([100]));
  });

  test("[A10, A41] the workflow client's are 2, 4, 8, 16, 32 s", () => {
    expect(delays(archmeshBackoff(middle))).toEqual([2000, 4000, 8000, 16_000, 32_000]);
  });

  test("[D13] the conversation client's are 1, 2, 4, 8, 16 s", () => {
    expect(delays(conversationBackoff(middle))).toEqual([1000, 2000, 4000, 8000, 16_000]);
  });

  test("[N44] the native one draws from 0 to a base that doubles up to 20 s, without end", () => {
    const highest = delays(nativeBackoff({ random: () => 1 }), 9);
    expect(highest).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000, 20_000]);
    expect(delays(nativeBackoff({ random: () => 0 }), 3)).toEqual([0, 0, 0]);
  });

  test("[E32] a reset begins again with the first delay", () => {
    const strategy = BackoffStrategy.createDefaultStrategy(middle);
    delays(strategy);
    strategy.reset();
    expect(strategy.nextDelay()).toBe(1000);
  });
});
