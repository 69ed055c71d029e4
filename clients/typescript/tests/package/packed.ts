// The package as it would be published: built and packed, and installed where nothing else is.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

/** It bundles, compiles and installs: 10 s by itself, and more than a minute where much else runs. */
export const PACK_MS_MAX = 240_000;

/** Runs a program to its end; its error says what it printed. */
function run(command: string, args: string[], cwd: string): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

export interface Packed {
  /** A folder of the test's own, with the package in its `node_modules`. */
  folder: string;
  /** What would be uploaded. */
  tarball: string;
  /** The names by which the package is imported, `@dormouse/client` and all below it. */
  imports: string[];
  remove(): void;
}

/** Builds in a folder of its own, so that tests side by side do not build over each other. */
export function pack(): Packed {
  const folder = mkdtempSync(join(tmpdir(), "dormouse-client-"));
  const source = join(folder, "source");
  mkdirSync(source);
  for (const it of ["package.json", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "docs"]) {
    cpSync(join(PACKAGE, it), join(source, it), { recursive: true });
  }
  run(process.execPath, ["scripts/build.mjs", `--out=${join(source, "dist")}`], PACKAGE);
  const [{ filename }] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", folder], source));
  const tarball = join(folder, filename);
  writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}');
  const quiet = ["--offline", "--no-audit", "--no-fund", "--ignore-scripts"];
  run("npm", ["install", ...quiet, tarball], folder);
  const { name, exports } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  const imports = Object.keys(exports).map((it) => name + it.slice(1));
  return { folder, tarball, imports, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
