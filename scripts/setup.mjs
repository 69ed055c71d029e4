// Installs what a fresh machine lacks, and touches nothing that is there.
// `--browser`: also a Chromium, for the tests.

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { cargoTools, chromium, hasNightly, run, says } from "./tools.mjs";

packages();
toolchains();
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
  // Not `npm ci`: it refuses the lock where a registry lacks another platform's binary.
  if (!isCurrent) run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"]);
}

function toolchains() {
  if (!says("rustup", "--version")) {
    console.error("Dormouse needs rustup: https://rustup.rs");
    process.exit(1);
  }
  const active = says("rustup", "show", "active-toolchain").split(" ")[0].trim();
  const has = (list, name) => list.split("\n").some((it) => it.startsWith(name));
  if (!has(says("rustup", "target", "list", "--installed"), "wasm32-unknown-unknown")) {
    run("rustup", ["target", "add", "wasm32-unknown-unknown"]);
  }
  const components = says("rustup", "component", "list", "--installed");
  for (const name of ["rustfmt", "clippy"]) {
    if (!has(components, name)) run("rustup", ["component", "add", name, "--toolchain", active]);
  }
  try {
    nightly(has);
  } catch {
    console.warn(
      "\nNo nightly Rust with rust-src: the build will be one in which a panic resets every room of an isolate.\n",
    );
  }
}

/** Panics that unwind need a standard library built for it, which takes a nightly. */
function nightly(has) {
  if (!/^nightly/m.test(says("rustup", "toolchain", "list"))) {
    run("rustup", ["toolchain", "install", "nightly", "--profile", "minimal"]);
  }
  if (!hasNightly()) run("rustup", ["component", "add", "rust-src", "--toolchain", "nightly"]);
  const targets = says("rustup", "target", "list", "--installed", "--toolchain", "nightly");
  if (!has(targets, "wasm32-unknown-unknown")) {
    run("rustup", ["target", "add", "wasm32-unknown-unknown", "--toolchain", "nightly"]);
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
