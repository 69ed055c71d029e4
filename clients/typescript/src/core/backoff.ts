// How long to wait before the next attempt to connect. Tables of delays stand in presets.ts.

/** How long to wait before each attempt to connect. */
export interface Backoff {
  /** The delay before the next attempt in milliseconds, or `null` if there was the last one. */
  nextDelay(): number | null;
  /** Begins again with the first delay. */
  reset(): void;
}

/** Options of `nativeBackoff`. */
export interface NativeBackoffOptions {
  /**
   * The upper bound of the first delay, in milliseconds; each one is twice the one before. 500 by default.
   */
  baseMs?: number;
  /** No bound is larger than this, in milliseconds. 20,000 by default. */
  capMs?: number;
  /** Gives numbers from 0 to below 1. `Math.random` by default. */
  random?: () => number;
}

/** The delays of the native protocol: a random time below 0.5, 1, 2, … 20 s, without end. */
export function nativeBackoff({
  baseMs = 500,
  capMs = 20_000,
  random = Math.random,
}: NativeBackoffOptions = {}): Backoff {
  let attempts = 0;
  return {
    nextDelay: () => random() * Math.min(capMs, baseMs * 2 ** attempts++),
    reset() {
      attempts = 0;
    },
  };
}
