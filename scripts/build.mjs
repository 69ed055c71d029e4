// Builds the Worker into build/ with tools that the lock files fix; does nothing when
// nothing changed.
//
//   --chaos   the one that panics on request, into build-chaos/, with less optimisation
//   --fast    build/ itself with less optimisation, for work on the code, never to deploy; the
//             variable DORMOUSE_BUILD=fast says the same where wrangler runs this
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { cargoTools, hasStandardLibrary, local, run, says, unwinding } from "./tools.mjs";

/**
 * How large a function may be, in binaryen's units, that is put in place of a call. Its default
 * enlarges what gzip would have found once: with these the Worker is 8 % smaller, gzipped.
 */
const INLINED = [
  "--one-caller-inline-max-function-size=30",
  "--always-inline-max-function-size=2",
  "--flexible-inline-max-function-size=0",
];

const chaos = process.argv.includes("--chaos");
const fast = chaos || process.argv.includes("--fast") || process.env.DORMOUSE_BUILD === "fast";
// A panic unwinds, and is contained to its event; else it resets every room of the isolate.
const unwind = hasStandardLibrary();
const out = chaos ? "build-chaos" : "build";
const stamp = join(out, ".inputs");
const inputs = fingerprint();

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== inputs) {
  build();
  deduplicated();
  const wasm = fast ? readFileSync(join(out, "index_bg.wasm")) : optimised();
  writeFileSync(stamp, inputs);
  const [raw, packed] = [wasm.length, gzipSync(wasm, { level: 9 }).length].map((it) =>
    (it / 1024).toFixed(0),
  );
  console.log(`${out}: wasm ${raw} KB, ${packed} KB gzipped${fast ? ", not optimised" : ""}`);
}

function build() {
  if (!unwind)
    console.warn("No rust-src: building without unwinding. A panic resets every room of an isolate.");
  const [bindgen, builder] = cargoTools();
  const flags = ["--out-dir", out, "--no-opt", ...(unwind ? ["--panic-unwind"] : [])];
  const profile = fast ? ["--profile", "fast"] : ["--release"];
  run(builder.path, [...flags, ...profile, ...(chaos ? ["--features", "chaos"] : [])], {
    env: {
      ...process.env,
      ...(unwind ? unwinding() : {}),
      ...(fast ? {} : { RUSTFLAGS: remapped() }),
      WASM_BINDGEN_BIN: bindgen.path,
      ESBUILD_BIN: local("esbuild"),
    },
  });
}

/** The same bytes in whatever folder it is built: the places of panics name no folder of this machine. */
function remapped() {
  const cargo = process.env.CARGO_HOME || join(homedir(), ".cargo");
  const folders = [
    [process.cwd(), "dormouse"],
    [join(cargo, "registry", "src"), "crates"],
    [says("rustc", "--print", "sysroot").trim(), "rust"],
  ];
  const flags = folders.map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  return [process.env.RUSTFLAGS, ...flags].filter(Boolean).join(" ");
}

/** wasm-bindgen lists a module twice, which bundlers warn of. */
function deduplicated() {
  const path = join(out, "index.js");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(/("\.\/snippets\/[^"]+":\w+),\1/g, "$1"));
}

/** Smaller, and without the names of functions, a quarter of the file; a panic says its line anyway. */
function optimised() {
  const path = join(out, "index_bg.wasm");
  // As worker-build enables them: never an encoding that workerd does not know.
  const features = [
    "mutable-globals",
    "sign-ext",
    "nontrapping-float-to-int",
    "bulk-memory",
    "multivalue",
    "reference-types",
    "exception-handling",
  ];
  const flags = ["-Oz", ...INLINED, "--strip-debug", ...features.map((it) => `--enable-${it}`)];
  run(local("wasm-opt"), [path, "-o", path, ...flags]);
  return readFileSync(path);
}

/** Everything that decides what is built: the sources, the compiler, and how. */
function fingerprint() {
  const files = globSync(["src/**/*", "Cargo.toml", "Cargo.lock", "scripts/{build,tools}.mjs"]);
  const hash = createHash("sha256")
    .update(says("rustc", "--version", "--verbose"))
    .update(String([fast, unwind]));
  for (const file of files.sort()) {
    if (statSync(file).isFile()) hash.update(file).update("\0").update(readFileSync(file));
  }
  return hash.digest("hex");
}
