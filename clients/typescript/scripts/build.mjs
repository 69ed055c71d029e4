// Builds the package into dist/: an ES module for each entry, which share what they have in common,
// one file for <script>, the types, and the licences of what is bundled and not ours. `--no-types` leaves the types out, which take the longest;
// `--out=FOLDER` builds into another folder.
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { EXTERNAL, entries, OWN, PACKAGE } from "./entries.mjs";
import { notices } from "./notices.mjs";

const asked = process.argv.find((it) => it.startsWith("--out="))?.slice("--out=".length);
const dist = asked ? resolve(asked) : join(PACKAGE, "dist");
rmSync(dist, { recursive: true, force: true });

const common = {
  ...{ bundle: true, target: "es2022", platform: "neutral", mainFields: ["module", "main"] },
  ...{ mangleProps: OWN, absWorkingDir: PACKAGE, metafile: true },
};
const modules = await build({
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
const script = await build({
  ...common,
  entryPoints: [join(PACKAGE, "src/index.ts")],
  outfile: join(dist, "dormouse.iife.js"),
  format: "iife",
  globalName: "dormouse",
  minify: true,
});

const licences = notices([modules.metafile, script.metafile], PACKAGE);
writeFileSync(join(dist, "THIRD-PARTY-NOTICES.txt"), licences);

if (!process.argv.includes("--no-types")) {
  const tsc = join(PACKAGE, "../../node_modules/.bin/tsc");
  const args = ["--project", join(PACKAGE, "tsconfig.types.json"), "--outDir", join(dist, "types")];
  execFileSync(tsc, args, { stdio: "inherit" });
}
console.log(`built ${entries.length} entries into ${dist}`);
