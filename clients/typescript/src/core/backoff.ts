// How long to wait before the next attempt to connect. Tables of delays stand in presets.ts.

export interface Backoff {
  /** The delay before the next attempt in milliseconds, or `null` if there was the last one. */
  nextDelay(): number | null;
  /** Begins again with the first delay. */
  reset(): void;
}

export interface NativeBackoffOptions {
  /** The first base, in milliseconds; each is twice the one before. */
  baseMs?: number;
  capMs?: number;
  /** A number from 0 to below 1. */
  random?: () => number;
}

/** The native client's: between 0 and 0.5, 1, 2, … 20 s, without end. */
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
