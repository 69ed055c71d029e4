import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Each file runs a server of its own, and half of the time waits for a timer of the
    // Worker's, so three keep two cores busy.
    maxWorkers: 3,
    // A bound for what hangs, not a measure of anything.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
  },
});
