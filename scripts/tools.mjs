// Where this project's tools are, and how they are run. Used by the other scripts;
// runs on any Node >= 20, before node_modules exists.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Compiled tools are shared by all clones: they take minutes to build. */
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "dormouse");

const WORKER_BUILD_VERSION = "0.8.7"; // as the crate `worker` in Cargo.toml

/** The command must have the version of the library, which Cargo.lock fixes. */
const wasmBindgenVersion = () =>
  /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(readFileSync("Cargo.lock", "utf8"))[1];

export const cargoTools = () => [
  tool("wasm-bindgen", "wasm-bindgen-cli", wasmBindgenVersion(), []),
  tool("worker-build", "worker-build", WORKER_BUILD_VERSION, ["--locked"]),
];

function tool(command, crate, version, flags) {
  const root = join(CACHE, `${crate}-${version}`);
  return { crate, version, flags, root, path: join(root, "bin", command) };
}

export const run = (command, args, options = {}) =>
  execFileSync(command, args, { stdio: "inherit", ...options });

/** What a command prints, or "" if it fails or is not there. */
export function says(command, ...args) {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return "";
  }
}

export const hasNightly = () =>
  /^nightly/m.test(says("rustup", "toolchain", "list")) &&
  says("rustup", "component", "list", "--toolchain", "nightly", "--installed").includes("rust-src");

const BROWSERS = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** A Chromium for the browser tests, if there is one. */
export const chromium = () => BROWSERS.find((path) => path && existsSync(path));

export const local = (name) => resolve("node_modules", ".bin", name);
