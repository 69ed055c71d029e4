// Tables of delays: those of the documented clients are the makers at the end.
import type { Backoff } from "./backoff.ts";

/** All delays are in milliseconds. */
export interface BackoffOptions {
  /** The delay before each attempt in turn; the last one is used for all that follow. */
  baseDelaysMs: readonly number[];
  /** No delay is longer than this, before jitter. */
  capDelayMs?: number;
  /** How far a delay may be off its base, as a part of it: 0.2 is ±20 %. */
  jitterRatio?: number;
  /** How many attempts are made before the connection is given up; `Infinity` for no end. */
  maxAttempts?: number;
  /** A number from 0 to below 1. `Math.random` by default. */
  random?: () => number;
}

/** No delay with jitter around its base is shorter. */
const DELAY_MS_MIN = 100;

/** Counts attempts and says how long to wait before each; `null` when there are no more. */
export class BackoffStrategy implements Backoff {
  readonly #options: BackoffOptions;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** How many delays were given out since the last reset. */
  get attempts(): number {
    return this.#attempts;
  }

  /** How many attempts there are in all. */
  get maxAttempts(): number {
    return this.#options.maxAttempts ?? Number.POSITIVE_INFINITY;
  }

  /** The delay before the next attempt in milliseconds, or `null` if there was the last one. */
  nextDelay(): number | null {
    const { baseDelaysMs, capDelayMs = Number.POSITIVE_INFINITY, jitterRatio = 0 } = this.#options;
    if (this.maxAttempts <= this.#attempts) return null;
    const last = baseDelaysMs.length - 1;
    const base = Math.min(baseDelaysMs[Math.min(this.#attempts, last)] ?? 0, capDelayMs);
    this.#attempts += 1;
    const part = (this.#options.random ?? Math.random)();
    return Math.max(DELAY_MS_MIN, Math.round(base + base * jitterRatio * (2 * part - 1)));
  }

  /** Begins again with the first delay. */
  reset(): void {
    this.#attempts = 0;
  }

  /** 1, 2, 4, 8, 12 s ±20 %, eight attempts. */
  static createDefaultStrategy(more: Partial<BackoffOptions> = {}): BackoffStrategy {
    return new BackoffStrategy({
      baseDelaysMs: [1000, 2000, 4000, 8000, 12_000],
      capDelayMs: 12_000,
      jitterRatio: 0.2,
      maxAttempts: 8,
      ...more,
    });
  }

  /** 0.5, 1, 2, 4 s ±20 %, ten attempts. */
  static createAggressiveStrategy(more: Partial<BackoffOptions> = {}): BackoffStrategy {
    return new BackoffStrategy({
      baseDelaysMs: [500, 1000, 2000, 4000],
      capDelayMs: 4000,
      jitterRatio: 0.2,
      maxAttempts: 10,
      ...more,
    });
  }

  /** 100 ms each time: for tests. */
  static createImmediateStrategy(more: Partial<BackoffOptions> = {}): BackoffStrategy {
    return new BackoffStrategy({ baseDelaysMs: [100], jitterRatio: 0, maxAttempts: 8, ...more });
  }
}

/** The workflow client's: 2, 4, 8, 16, 32 s, five attempts. */
export const archmeshBackoff = (more: Partial<BackoffOptions> = {}): BackoffStrategy =>
  new BackoffStrategy({
    baseDelaysMs: [2000, 4000, 8000, 16_000, 32_000],
    jitterRatio: 0.1,
    maxAttempts: 5,
    ...more,
  });

/** The conversation client's: 1, 2, 4, 8, 16 s, five attempts. */
export const conversationBackoff = (more: Partial<BackoffOptions> = {}): BackoffStrategy =>
  new BackoffStrategy({
    baseDelaysMs: [1000, 2000, 4000, 8000, 16_000],
    jitterRatio: 0.1,
    maxAttempts: 5,
    ...more,
  });
