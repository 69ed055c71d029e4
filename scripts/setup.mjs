// Installs what a fresh machine lacks, and touches nothing that is there.
// `--browser`: also a Chromium, for the tests.

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { cargoTools, chromium, run, says, toolchain } from "./tools.mjs";

packages();
compiler();
for (const tool of cargoTools()) {
  if (existsSync(tool.path)) continue;
  mkdirSync(tool.root, { recursive: true });
  console.log(`Installing ${tool.crate} ${tool.version}: two or three minutes, once.`);
  run("cargo", ["install", "--root", tool.root, "--version", tool.version, ...tool.flags, tool.crate]);
}
developmentVariables();
if (process.argv.includes("--browser")) browser();

function packages() {
  const stamp = "node_modules/.package-lock.json";
  const isCurrent = existsSync(stamp) && statSync("package-lock.json").mtimeMs <= statSync(stamp).mtimeMs;
  if (isCurrent) return;
  const lock = readFileSync("package-lock.json", "utf8");
  // Not `npm ci`: it refuses the lock where a registry lacks another platform's binary.
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"]);
  if (process.env.CI && readFileSync("package-lock.json", "utf8") !== lock) {
    console.error("The install changed package-lock.json: commit what it is now.");
    process.exit(1);
  }
}

/** What rust-toolchain.toml names, whole: rustup by itself does not add to a toolchain that is there. */
function compiler() {
  if (!says("rustup", "--version")) {
    console.error("Dormouse needs rustup: https://rustup.rs");
    process.exit(1);
  }
  const { channel, components, targets } = toolchain();
  const known = says("rustup", "component", "list", "--installed", "--toolchain", channel).split("\n");
  if (!known[0]) run("rustup", ["toolchain", "install", channel, "--profile", "minimal"]);
  const isThere = (name) => known.some((it) => it === name || it.startsWith(`${name}-`));
  for (const it of components.filter((it) => !isThere(it))) {
    run("rustup", ["component", "add", it, "--toolchain", channel]);
  }
  for (const it of targets.filter((it) => !isThere(`rust-std-${it}`))) {
    run("rustup", ["target", "add", it, "--toolchain", channel]);
  }
}

/** What `npm start` needs and `wrangler.toml`, which is for production, must not say. */
function developmentVariables() {
  const path = ".dev.vars";
  const present = existsSync(path) ? readFileSync(path, "utf8") : "";
  const missing = [
    ["JWT_SECRET", randomBytes(32).toString("base64url"), "signs tokens on this machine only"],
    ["ENVIRONMENT", "development", "the literal token `test` is good, and is user `test` with every room"],
    ["CONNECTIONS_PER_MINUTE_PER_IP", "0", "no limit: on this machine every client has one address"],
  ].filter(([name]) => !new RegExp(`^\\s*${name}\\s*=`, "m").test(present));
  if (!missing.length) return;
  const lines = missing.map(([name, value, why]) => `# ${why}\n${name}=${value}\n`);
  const gap = present && !present.endsWith("\n") ? "\n" : "";
  writeFileSync(path, present + gap + lines.join(""), { mode: 0o600 });
}

function browser() {
  if (chromium()) return;
  try {
    run("apt-get", ["update", "-qq"]);
    run("apt-get", ["install", "-y", "-qq", "chromium"]);
  } catch {
    console.error("The browser tests need Chromium: install it, or say where it is in CHROMIUM_PATH.");
    process.exit(1);
  }
}
