// npm run deny: what Cargo.lock names, by advisories, licences, generations and sources (deny.toml). It
// installs cargo-deny where that is missing, which takes minutes.
//   --advisories FOLDER   a clone of https://github.com/rustsec/advisory-db, where GitHub is out of reach
//   --offline             all but the advisories
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { run, says } from "./tools.mjs";

const { values } = parseArgs({
  options: { advisories: { type: "string" }, offline: { type: "boolean", default: false } },
});

/** 0.20 and later read the advisories' newest form. */
const VERSION = "0.20.2";
const root = join(
  process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
  "dormouse",
  `cargo-deny-${VERSION}`,
);
const command = join(root, "bin", "cargo-deny");
if (!existsSync(command))
  run("cargo", ["install", "cargo-deny", "--version", VERSION, "--locked", "--root", root]);

/** Where cargo-deny keeps the list: the folder's name is its own. */
const DATABASE = join(
  process.env.CARGO_HOME || join(homedir(), ".cargo"),
  "advisory-dbs",
  "advisory-db-3157b0e258782691",
);

const checks = values.offline
  ? ["bans", "licenses", "sources"]
  : ["advisories", "bans", "licenses", "sources"];
const offline = values.offline || values.advisories;
if (values.advisories) {
  rmSync(DATABASE, { recursive: true, force: true });
  mkdirSync(join(DATABASE, ".."), { recursive: true });
  run("git", ["clone", "--quiet", values.advisories, DATABASE]);
}
console.log(says(command, "--version").trim());
try {
  run(command, ["--all-features", ...(offline ? ["--offline"] : []), "check", ...checks]);
} catch {
  process.exitCode = 1;
}
