import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import tsconfig from "./tsconfig.json" with { type: "json" };

/** The modules that the documents of clients import, for the tests that run what stands in them. */
const alias: { find: string | RegExp; replacement: string }[] = Object.entries(
  tsconfig.compilerOptions.paths,
).map(([find, [path]]) => ({
  find,
  replacement: fileURLToPath(new URL(path ?? "", import.meta.url)),
}));

/** The oldest React that the hooks take, for a second run of their tests: `REACT=18 vitest run …`. */
const REACT_18 = fileURLToPath(new URL("tests/support/react-18/node_modules/", import.meta.url));
if (process.env.REACT === "18")
  alias.push({ find: /^(react|react-dom)(?=\/|$)/, replacement: `${REACT_18}$1` });

export default defineConfig({
  resolve: { alias },
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
