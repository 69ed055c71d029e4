// Where this project's tools are, and how they are run. Used by the other scripts;
// runs on any Node >= 20, before node_modules exists.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";

/** Compiled tools are shared by all clones: they take minutes to build. */
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "dormouse");

const WORKER_BUILD_VERSION = "0.8.7"; // as the crate `worker` in Cargo.toml
const FUZZ_VERSION = "0.13.2";

/** The command must have the version of the library, which Cargo.lock fixes. */
const wasmBindgenVersion = () =>
  /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(readFileSync("Cargo.lock", "utf8"))[1];

export const cargoTools = () => [
  tool("wasm-bindgen", "wasm-bindgen-cli", wasmBindgenVersion(), []),
  tool("worker-build", "worker-build", WORKER_BUILD_VERSION, ["--locked"]),
];

export const fuzzTool = () => tool("cargo-fuzz", "cargo-fuzz", FUZZ_VERSION, ["--locked"]);

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

/** What rust-toolchain.toml asks for. */
export function toolchain() {
  const text = readFileSync("rust-toolchain.toml", "utf8");
  const list = (name) => JSON.parse(new RegExp(`^${name} = (.*)$`, "m").exec(text)[1]);
  return { channel: list("channel"), components: list("components"), targets: list("targets") };
}

/** Whether the source of the standard library is there, to build it with panics that unwind. */
export const hasStandardLibrary = () =>
  existsSync(join(says("rustc", "--print", "sysroot").trim(), "lib/rustlib/src/rust/library"));

/**
 * The standard library is built with the Worker: to unwind, with the smaller of its algorithms
 * (4 % of the Worker, gzipped), and without what prints backtraces, which wasm has not.
 */
const STANDARD_LIBRARY = "panic-unwind,optimize_for_size";

/**
 * The environment in which `worker-build --panic-unwind`, which asks for a toolchain called
 * `nightly`, gets the one of rust-toolchain.toml: commands ahead in PATH that put its name in
 * place of that one, and the switch with which a stable compiler takes `-Z build-std`.
 */
export function unwinding() {
  const { channel } = toolchain();
  const commands = resolve(".wrangler", `rust-${channel}`);
  mkdirSync(commands, { recursive: true });
  for (const name of ["cargo", "rustc", "rustup"]) {
    const real = says("which", name).trim();
    const script = `#!/bin/sh
# Made by scripts/tools.mjs.
for it do
  shift
  case "$it" in
    +nightly) it=+${channel} ;;
    nightly) it=${channel} ;;
  esac
  set -- "$@" "$it"
done
exec "${real}" "$@"
`;
    writeFileSync(join(commands, name), script, { mode: 0o755 });
  }
  return {
    PATH: [commands, process.env.PATH].join(delimiter),
    RUSTC_BOOTSTRAP: "1",
    CARGO_UNSTABLE_BUILD_STD_FEATURES: STANDARD_LIBRARY,
  };
}

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
