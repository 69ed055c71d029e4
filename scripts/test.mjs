// Runs every test, and ends with a line that sums them: `N passed, N failed`.
// `npm test -- native worker` runs those suites only; `--fast` tests a Worker that is built in
// less time, for work on the code.
import { spawn } from "node:child_process";
import { existsSync, globSync, readFileSync, rmSync } from "node:fs";
import { local } from "./tools.mjs";

const REPORT = ".wrangler/vitest.json";
/** Offline, the tools must not wait for a network. */
const env = {
  ...process.env,
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  // Read by scripts/build.mjs, which wrangler runs too.
  ...(process.argv.includes("--fast") && { DORMOUSE_BUILD: "fast" }),
};

const SUITES = {
  check: async () => ({ passed: (await step("node", ["scripts/check.mjs"])).code === 0 ? 1 : 0 }),
  native: async () => sumCargo((await step("cargo", ["test", "--quiet"])).output),
  schema: () => vitest("tests/schema"),
  build,
  worker: () => vitest("tests/worker"),
  browser: () => vitest("tests/browser"),
};

const wanted = process.argv.slice(2).filter((it) => it !== "--fast");
const rows = [];
for (const [name, suite] of Object.entries(SUITES)) {
  if (wanted.length && !wanted.includes(name)) continue;
  console.log(`\n== ${name}`);
  const started = Date.now();
  const { passed = 0, failed = passed ? 0 : 1 } = await suite();
  rows.push({ name, passed, failed, seconds: (Date.now() - started) / 1000 });
  // What does not build cannot be tested, and what is untidy is not looked at further.
  if (failed && (name === "check" || name === "build")) break;
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

/** Runs a command, showing its output and keeping it. */
function step(command, args, more = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...env, ...more } });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
      process.stdout.write(data);
    });
    child.on("error", () => resolve({ code: 1, output }));
    child.on("close", (code) => resolve({ code, output }));
  });
}

function sumCargo(output) {
  const results = [...output.matchAll(/test result: \w+\. (\d+) passed; (\d+) failed/g)];
  const sum = (at) => results.reduce((total, it) => total + Number(it[at]), 0);
  return { passed: sum(1), failed: results.length ? sum(2) : 1 };
}

/** The bundles that the worker tests run: what `wrangler deploy` would upload, and its twin that panics on request. */
async function build() {
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
  return { passed };
}

async function vitest(folder) {
  rmSync(REPORT, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`];
  const { code } = await step(local("vitest"), ["run", folder, ...reporters]);
  if (!existsSync(REPORT)) return { failed: 1 };
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(REPORT, "utf8"));
  // A file that did not load has no tests to fail.
  const failed = numFailedTests || (code === 0 ? 0 : Math.max(numFailedTestSuites, 1));
  return { passed: numPassedTests, failed };
}
