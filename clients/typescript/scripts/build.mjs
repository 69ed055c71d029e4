// Builds the package into dist/: an ES module for each entry, which share what they have in common,
// one file for <script>, and the types. `--no-types` leaves the types out, which take the longest.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { EXTERNAL, entries, OWN, PACKAGE } from "./entries.mjs";

const dist = join(PACKAGE, "dist");
rmSync(dist, { recursive: true, force: true });

const common = {
  ...{ bundle: true, target: "es2022", platform: "neutral", mainFields: ["module", "main"] },
  mangleProps: OWN,
};
await build({
  ...common,
  entryPoints: Object.fromEntries(entries.map((it) => [it.name, it.path])),
  outdir: dist,
  format: "esm",
  splitting: true,
  chunkNames: "shared/[name]-[hash]",
  sourcemap: true,
  external: EXTERNAL,
  jsx: "automatic",
});
await build({
  ...common,
  entryPoints: [join(PACKAGE, "src/index.ts")],
  outfile: join(dist, "dormouse.iife.js"),
  format: "iife",
  globalName: "dormouse",
  minify: true,
});

if (!process.argv.includes("--no-types")) {
  const tsc = join(PACKAGE, "../../node_modules/.bin/tsc");
  execFileSync(tsc, ["--project", join(PACKAGE, "tsconfig.types.json")], { stdio: "inherit" });
}
console.log(`built ${entries.length} entries into ${dist}`);
