// npm run bench -- [--quick] [--rounds 5] [--only a,history] [--peers raw,dormouse]
//                  [--warmup-ms 1000] [--measured-ms 3000] [--out <path without ending>]
//                  [--before <folder of another build's bundle>]
// Measures Dormouse beside what people would use instead, on one machine in one run.
import { existsSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { machine, versions } from "./lib/machine.mjs";
import { measure, Samples } from "./lib/measure.mjs";
import { BENCH, LOAD, STATE, tool } from "./lib/paths.mjs";
import { peers as allPeers, before } from "./lib/peers.mjs";
import { killAll, output } from "./lib/processes.mjs";
import { quick } from "./lib/quick.mjs";
import { print, write } from "./lib/report.mjs";
import { scenarios as allScenarios } from "./lib/scenarios.mjs";
import { seed } from "./lib/seed.mjs";
import { summarise } from "./lib/stats.mjs";

const text = { type: "string" };
const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: text,
    only: text,
    peers: text,
    "warmup-ms": text,
    "measured-ms": text,
    out: text,
    before: text,
  },
});
const list = (value) => value?.split(",").map((it) => it.trim());
const [only, named] = [list(values.only), list(values.peers)];
const partial = values.quick || only || named || values.before;
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
const timing = {
  warmup: Number(values["warmup-ms"] ?? (values.quick ? 300 : 1000)),
  measured: Number(values["measured-ms"] ?? (values.quick ? 700 : 3000)),
};
let started;
const isLate = () => values.quick && quick.msMax < performance.now() - started;

const wanted = (scenario) => !only || only.includes(scenario.letter) || only.includes(scenario.name);
const scenarios = (values.quick ? quick.scenarios(allScenarios) : allScenarios).filter(wanted);
const peers = allPeers.filter((it) => !named || named.includes(it.name));
if (values.before) peers.push(before(resolve(values.before)));
/** Who takes part in a scenario. */
const able = (scenario) =>
  peers
    .filter((it) => (scenario.only ? scenario.only.includes(it.name) : it.name !== "tokio"))
    .filter((it) => !scenario.needs?.some((need) => it.lacks?.includes(need)));

// Filled rooms take gigabytes; logs and bundles stay, to look at.
process.on("exit", () => {
  for (const folder of ["storage", "seeded"]) rmSync(`${STATE}${folder}`, { recursive: true, force: true });
});

try {
  await prepare();
  started = performance.now();
  const samples = new Samples();
  for (const scenario of scenarios) await run(scenario, samples);
  const rows = samples.rows().map(summarise);
  const faulty = rows.filter((it) => it.faults);
  const faults = faulty.map(
    (it) => `${it.scenario}, ${it.peer}: ${it.faults} deliveries lost, repeated or out of order`,
  );
  const failures = [...samples.failures, ...faults];
  const results = { machine: machine(), versions: await versions(), rounds, rows, failures };
  print(results);
  const path = values.out ?? `${BENCH}${partial ? "partial" : "results"}`;
  write(path, results);
  // As everything that is committed is, where it is to be committed.
  if (!partial)
    await output(tool("biome"), ["format", "--write", `${path}.json`, `${path}.md`]).catch(() => {});
  process.exitCode = results.failures.length ? 1 : 0;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  killAll();
}

async function prepare() {
  if (!existsSync(`${BENCH}node_modules`)) {
    await output("npm", ["install", "--no-audit", "--no-fund"], { cwd: BENCH });
  }
  const used = new Set(scenarios.flatMap(able));
  // Builds only what changed.
  await output("cargo", ["build", "--release", "--quiet", "--manifest-path", `${BENCH}load/Cargo.toml`]);
  if (!existsSync(LOAD)) throw new Error("the load generator was not built");
  for (const peer of used) peer.modules = await peer.prepare?.();
}

async function run(scenario, samples) {
  const members = able(scenario);
  const targets = members.flatMap((peer) => [
    { peer, batched: false },
    ...(scenario.batched && peer.batches ? [{ peer, batched: true }] : []),
  ]);
  const sizes = scenario.steps.map((it) => it.entries).filter(Boolean);
  const folders = new Map();
  for (const peer of sizes.length ? members : []) folders.set(peer, await seed(peer, sizes));
  const seeded = sizes.length ? (peer) => folders.get(peer) : undefined;
  for (const step of scenario.steps) {
    await measure({ scenario, step, targets, rounds, timing, samples, seeded, isLate, tell });
  }
}

/** One line as it happens: a run takes the better part of an hour. */
function tell({ scenario, peer, in_flight, batched }, round, sample) {
  const name = [scenario, in_flight, peer, batched ? "batched" : ""].filter(Boolean).join(" ");
  const [field, value] = Object.entries(sample)[0];
  const shown = typeof value === "number" ? value.toPrecision(5) : value;
  console.error(`${name}, round ${round + 1}: ${field} ${shown}`);
}
