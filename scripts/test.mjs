// Runs every test, and ends with a line that sums them: `N passed, N failed`.
// `npm test -- native worker` runs those suites only; `--fast` tests a Worker that is built in
// less time, for work on the code.
import { spawn } from "node:child_process";
import { existsSync, globSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { local, says } from "./tools.mjs";

/**
 * The budget of what is deployed, in gzipped bytes of wasm. A Worker of the free plan may have
 * 3 MB, but an isolate compiles all of it before its first answer. Lower it when the Worker has
 * become smaller; raise it only for something that is worth it, and say for what. It was 586,000
 * until webhooks, search and going on in the log from a place, and 650,000 until edits, reactions
 * and event streams, 700,000 until the native protocol, 740,000 until presence, documents and large
 * data in its words, 770,000 until maps of few keys became sorted vectors, and 730,000 until tokens of
 * three more algorithms, bans, and tokens that are taken back.
 */
const WASM_BYTES_MAX = 840_000;

/** Suites that run, the oldest first, each with what it has printed and may not show yet. */
const pages = [];

const isFast = process.argv.includes("--fast") || process.env.DORMOUSE_BUILD === "fast";
/** Offline, the tools must not wait for a network. */
const env = {
  ...process.env,
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  // Read by scripts/build.mjs, which wrangler runs too.
  ...(isFast && { DORMOUSE_BUILD: "fast" }),
};

/** Each gets `step`, which runs a command and shows its output under the suite's name. */
const SUITES = {
  check: async (step) => ({ passed: (await step("node", ["scripts/check.mjs"])).code === 0 ? 1 : 0 }),
  native: async (step) => sumCargo((await step("cargo", ["test", "--quiet"])).output),
  schema: (step) => vitest(step, "tests/schema"),
  build,
  worker: (step) => vitest(step, "tests/worker"),
  chaos: (step) => vitest(step, "tests/chaos"),
  client,
  browser: (step) => vitest(step, "tests/browser"),
};

/**
 * The lanes run side by side, the suites of a lane one after the other: the linker of `build`
 * uses one core, and `check` and `native` share what cargo has compiled.
 */
const LANES = [
  ["check", "native", "schema"],
  ["build", "worker", "chaos", "client", "browser"],
];

const wanted = process.argv.slice(2).filter((it) => it !== "--fast");
const rows = [];
/** What does not build cannot be tested, and what is untidy is not looked at further. */
let isBroken = false;
await Promise.all(LANES.map(inTurn));
rows.sort((a, b) => Object.keys(SUITES).indexOf(a.name) - Object.keys(SUITES).indexOf(b.name));

async function inTurn(lane) {
  for (const name of lane) {
    if (isBroken || (wanted.length && !wanted.includes(name))) continue;
    const printed = page(name);
    const started = Date.now();
    const { passed = 0, failed = passed ? 0 : 1 } = await SUITES[name](stepOn(printed), (line) =>
      print(printed, `${line}\n`),
    );
    end(printed);
    rows.push({ name, passed, failed, seconds: (Date.now() - started) / 1000 });
    if (failed && (name === "check" || name === "build")) isBroken = true;
  }
}

console.log("");
for (const { name, passed, failed, seconds } of rows) {
  console.log(
    `${name.padEnd(8)} ${String(passed).padStart(4)} passed ${String(failed).padStart(3)} failed ${seconds.toFixed(0).padStart(4)} s`,
  );
}
const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") ? 1 : 0;

/** Runs a command, showing its output and keeping what it says on stdout. */
function stepOn(printed) {
  return (command, args, more = {}) =>
    new Promise((resolve) => {
      const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...env, ...more } });
      let output = "";
      child.stdout.on("data", (data) => {
        output += data;
        print(printed, data);
      });
      child.stderr.on("data", (data) => print(printed, data));
      child.on("error", (error) => {
        print(printed, `${error}\n`);
        resolve({ code: 1, output });
      });
      child.on("close", (code) => resolve({ code: code ?? 1, output }));
    });
}

/** What suites print side by side is shown one after the other: the oldest one's at once. */
function page(name) {
  const it = { waiting: [], isDone: false };
  pages.push(it);
  print(it, `\n== ${name}\n`);
  return it;
}

function print(page, text) {
  if (page === pages[0]) process.stdout.write(text);
  else page.waiting.push(text);
}

function end(page) {
  page.isDone = true;
  while (pages[0]?.isDone) {
    pages.shift();
    for (const text of pages[0]?.waiting.splice(0) ?? []) process.stdout.write(text);
  }
}

function sumCargo(output) {
  const results = [...output.matchAll(/test result: \w+\. (\d+) passed; (\d+) failed/g)];
  const sum = (at) => results.reduce((total, it) => total + Number(it[at]), 0);
  return { passed: sum(1), failed: results.length ? sum(2) : 1 };
}

/** The bundles that the worker tests run: what `wrangler deploy` would upload, and its twin that panics on request. */
async function build(step, say) {
  const bundles = [
    { flags: [], out: ".wrangler/bundle", more: {} },
    {
      flags: ["--chaos"],
      out: ".wrangler/bundle-chaos",
      more: { WRANGLER_BUILD_CONDITIONS: "chaos,workerd,worker,browser" },
    },
  ];
  let passed = 0;
  for (const { flags, out, more } of bundles) {
    rmSync(out, { recursive: true, force: true });
    const built = await step("node", ["scripts/build.mjs", ...flags]);
    const packed =
      built.code || (await step(local("wrangler"), ["deploy", "--dry-run", "--outdir", out], more)).code;
    if (packed || !globSync(`${out}/*.wasm`).length) return { passed, failed: 1 };
    passed += 1;
  }
  if (isFast) return { passed };
  const [path] = globSync(".wrangler/bundle/*.wasm");
  const wasm = readFileSync(path);
  const checks = [overBudget(wasm), naming(wasm)];
  const faults = checks.filter(Boolean);
  for (const fault of faults) say(fault);
  return { passed: passed + checks.length - faults.length, failed: faults.length };
}

function overBudget(wasm) {
  const bytes = gzipSync(wasm, { level: 9 }).length;
  if (bytes <= WASM_BYTES_MAX) return undefined;
  return `The Worker's wasm has ${bytes} bytes gzipped, and its budget is ${WASM_BYTES_MAX} (scripts/test.mjs).`;
}

/** A wasm that names a folder of this machine is another one on the next: scripts/build.mjs maps them. */
function naming(wasm) {
  const cargo = process.env.CARGO_HOME || join(homedir(), ".cargo");
  const sysroot = says("rustc", "--print", "sysroot").trim();
  // What lies in them, because a short name alone, as of a container's `/src`, stands in others too.
  const inside = [join(process.cwd(), "src"), join(process.cwd(), "target"), join(cargo, "registry")];
  const folders = [...inside, join(sysroot, "lib"), homedir()].filter((it) => 1 < it.length);
  const named = folders.filter((it) => wasm.includes(`${it}/`));
  if (!named.length) return undefined;
  return `The Worker's wasm names folders of this machine: ${named.join(", ")}.`;
}

/** The hooks are tested with the newest React and with the oldest that they take. */
async function client(step) {
  const all = await vitest(step, "clients/typescript/tests");
  const again = await vitest(step, "clients/typescript/tests/react", { REACT: "18" });
  return { passed: all.passed + again.passed, failed: all.failed + again.failed };
}

/** The tests in this folder of the project, and in no other that ends like it. */
async function vitest(step, folder, more) {
  const report = `.wrangler/${folder}.json`;
  rmSync(report, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { code } = await step(local("vitest"), ["run", "--dir", folder, ...reporters], more);
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, "utf8"));
  // A file that did not load has no tests to fail.
  const failed = numFailedTests || (code === 0 ? 0 : Math.max(numFailedTestSuites, 1));
  return { passed: numPassedTests, failed };
}
