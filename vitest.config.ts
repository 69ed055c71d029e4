import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Each file runs a server of its own; side by side they would only wait for each other.
    fileParallelism: false,
    // A bound for what hangs, not a measure of anything.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
  },
});
