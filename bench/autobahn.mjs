// npm run autobahn -- [--cases 1.*,2.*] [--bundle folder] [--python path]
// The fuzzing client of the Autobahn test suite against the echo at /ws/<id>, beside an echo of the
// platform's own in JavaScript, on the same workerd: what fails here and not there is ours.
// The suite runs under Python 2.7 alone; it is installed from PyPI into a folder of this one.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { parseArgs } from "node:util";
import { bundleOther } from "./lib/bundle.mjs";
import { STATE } from "./lib/paths.mjs";
import { bare, peers } from "./lib/peers.mjs";
import { killAll, output } from "./lib/processes.mjs";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "*" },
    bundle: { type: "string" },
    python: { type: "string" },
  },
});

const HOME = `${STATE}autobahn`;
const SUITE = "autobahntestsuite==25.10.1";
/** The last one that makes environments for Python 2.7. */
const VIRTUALENV = "virtualenv==20.15.1";
/** Messages of more than the 1 MiB that the echo takes (L3): it closes with 1009, as it should. Of 4 to
 * 16 MiB, and of 4 MiB in fragments of every size. */
const TOO_LARGE = /^9\.[12]\.[456]$|^9\.[34]\.\d$/;
const PYTHONS = [values.python, `${homedir()}/.pyenv/versions/2.7.18/bin/python`, "/usr/bin/python2.7"];
const MS_MAX = 90 * 60_000;

async function wstest() {
  const command = `${HOME}/py27/bin/wstest`;
  if (existsSync(command)) return command;
  const python = PYTHONS.find((it) => it && existsSync(it));
  if (!python) throw new Error("the suite needs a Python 2.7; say where one is by --python");
  mkdirSync(HOME, { recursive: true });
  const env = { PYTHONPATH: `${HOME}/boot` };
  await output(python, ["-m", "pip", "install", "--quiet", "--target", `${HOME}/boot`, VIRTUALENV]);
  await output(python, ["-m", "virtualenv", "--quiet", `${HOME}/py27`], { env });
  await output(`${HOME}/py27/bin/pip`, ["install", "--quiet", SUITE], { msMax: MS_MAX });
  return command;
}

/** What became of every case, by agent. */
async function fuzz(command, servers) {
  rmSync(`${HOME}/reports`, { recursive: true, force: true });
  const asked = {
    outdir: `${HOME}/reports`,
    servers: Object.entries(servers).map(([agent, url]) => ({ agent, url })),
    cases: values.cases.split(","),
  };
  writeFileSync(`${HOME}/asked.json`, JSON.stringify(asked));
  const args = ["--mode", "fuzzingclient", "--spec", `${HOME}/asked.json`];
  await output(command, args, { cwd: HOME, msMax: MS_MAX });
  return JSON.parse(readFileSync(`${HOME}/reports/index.json`, "utf8"));
}

const count = (results, name) => {
  const counts = {};
  for (const it of Object.values(results)) counts[it[name]] = (counts[it[name]] ?? 0) + 1;
  return JSON.stringify(counts);
};

try {
  const command = await wstest();
  const dormouse = peers.find((it) => it.name === "dormouse");
  const storage = (name) => `${STATE}storage/autobahn-${name}`;
  const ours = values.bundle ? await bundleOther(values.bundle, "dormouse") : await dormouse.prepare();
  const [server, other] = [
    await dormouse.start(ours, storage("dormouse"), { ECHOES_PER_ADDRESS: "0" }),
    await bare.start(await bare.prepare(), storage("echo")),
  ];
  const results = await fuzz(command, {
    dormouse: `ws://127.0.0.1:${server.port}/ws/autobahn`,
    bare: `ws://127.0.0.1:${other.port}/room/autobahn`,
  });
  for (const [agent, cases] of Object.entries(results)) {
    console.log(`${agent}: ${Object.keys(cases).length} cases`);
    console.log(`  messages ${count(cases, "behavior")}`);
    console.log(`  closes   ${count(cases, "behaviorClose")}`);
  }
  const failed = (it) => [it.behavior, it.behaviorClose].filter((how) => how.startsWith("FAILED")).length;
  const names = Object.keys(results.dormouse).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const worse = names.filter((it) => failed(results.bare[it]) < failed(results.dormouse[it]));
  const better = names.filter((it) => failed(results.dormouse[it]) < failed(results.bare[it]));
  console.log(`fails less than the bare echo: ${better.join(" ") || "none"}`);
  console.log(`refused for its size: ${worse.filter((it) => TOO_LARGE.test(it)).join(" ") || "none"}`);
  const ownFaults = worse.filter((it) => !TOO_LARGE.test(it));
  console.log(`fails more than the bare echo: ${ownFaults.join(" ") || "none"}`);
  process.exitCode = ownFaults.length ? 1 : 0;
} finally {
  killAll();
}
process.exit();
