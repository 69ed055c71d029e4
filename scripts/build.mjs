// Builds the Worker into build/ with tools that the lock files fix; does nothing when
// nothing changed. `--chaos` builds the one that panics on request into build-chaos/.
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { cargoTools, hasNightly, local, run } from "./tools.mjs";

const chaos = process.argv.includes("--chaos");
const out = chaos ? "build-chaos" : "build";
const unwind = hasNightly();
const stamp = join(out, ".inputs");
const inputs = fingerprint();

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== inputs) {
  build();
  deduplicated();
  writeFileSync(stamp, inputs);
  const wasm = stripped();
  const [raw, packed] = [wasm.length, gzipSync(wasm, { level: 9 }).length].map((it) =>
    (it / 1024).toFixed(0),
  );
  console.log(`${out}: wasm ${raw} KB, ${packed} KB gzipped`);
}

function build() {
  if (!unwind) console.warn("Building without unwinding: a panic resets every room of an isolate.");
  const [bindgen, builder] = cargoTools();
  const flags = ["--release", "--out-dir", out, ...(unwind ? ["--panic-unwind"] : [])];
  run(builder.path, [...flags, ...(chaos ? ["--features", "chaos"] : [])], {
    env: {
      ...process.env,
      WASM_BINDGEN_BIN: bindgen.path,
      WASM_OPT_BIN: local("wasm-opt"),
      ESBUILD_BIN: local("esbuild"),
    },
  });
}

/** wasm-bindgen lists a module twice, which bundlers warn of. */
function deduplicated() {
  const path = join(out, "index.js");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(/("\.\/snippets\/[^"]+":\w+),\1/g, "$1"));
}

/** Without the names of functions, a quarter of the file; a panic says its line anyway. */
function stripped() {
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
  run(local("wasm-opt"), [path, "-o", path, "--strip-debug", ...features.map((it) => `--enable-${it}`)]);
  return readFileSync(path);
}

function fingerprint() {
  const files = globSync(["src/**/*", "Cargo.toml", "Cargo.lock", "scripts/{build,tools}.mjs"]);
  const hash = createHash("sha256").update(String(unwind));
  for (const file of files.sort()) {
    if (statSync(file).isFile()) hash.update(file).update("\0").update(readFileSync(file));
  }
  return hash.digest("hex");
}
