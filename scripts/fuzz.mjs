// Fuzzing: every target of fuzz/ for a while, with libFuzzer. Finds what fails, and stops by itself.
//
//   npm run fuzz                       a minute each
//   npm run fuzz -- --seconds 10       ten seconds each
//   npm run fuzz -- --target tokens    only this one; may be given again
//   npm run fuzz -- --runs 1000000     so many executions each, in no more than the seconds
//   npm run fuzz -- --keep             also puts what was found that is new into fuzz/corpus
//
// What it tries is kept in fuzz/found, from which the next run goes on; what fails in fuzz/artifacts.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { fuzzTool, run, says } from "./tools.mjs";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    runs: { type: "string" },
    target: { type: "string", multiple: true, default: [] },
    keep: { type: "boolean", default: false },
  },
});

/** Memory of one target, in MiB: the largest takes some hundreds. */
const RSS_MB = 2048;
/** One input may take so long, in seconds; the slowest takes some tenths of one. */
const INPUT_SECONDS = 20;
/** A target that does not end by itself is ended so much later, in seconds. */
const GRACE_SECONDS = 60;
/** The longest inputs that are tried, in bytes: enough for what a target reads. Long ones are slow. */
const LENGTHS = {
  document_operations: 64,
  names: 160,
  native_scripts: 244,
  sleep_scripts: 245,
};
const LENGTH = 1024;
/** What is kept of a target: few inputs, and short ones, so that all of them are some 200 and 300 KB. */
const KEPT = { files: 8, bytes: 2048 };
/** What inputs of the corpus are called that failed once. */
const FAILED = "failed-";
/** To look at all inputs of a target takes less, in seconds. */
const MERGE_SECONDS = 600;

const all = [...readFileSync("fuzz/Cargo.toml", "utf8").matchAll(/^name = "(\w+)"\npath/gm)].map(
  (it) => it[1],
);
const wanted = values.target.length ? values.target : all;
const unknown = wanted.filter((it) => !all.includes(it));
const isNumber = (text) => text === undefined || /^[1-9]\d{0,11}$/.test(text);
if (unknown.length || !isNumber(values.seconds) || !isNumber(values.runs)) {
  console.error(
    unknown.length ? `No such target: ${unknown}. There are: ${all.join(", ")}` : "That is no number.",
  );
  process.exit(2);
}

const binaries = build();
const rows = [];
for (const name of wanted) {
  const row = await fuzz(name);
  rows.push(row);
  print(row);
  if (values.keep && !row.finding) await keep(name);
}
const executions = rows.reduce((sum, it) => sum + it.executions, 0);
const findings = rows.filter((it) => it.finding);
console.log(`${executions} executions of ${rows.length} targets, ${findings.length} findings`);
for (const { name, finding } of findings) {
  console.log(`${name} fails: ${finding}\n  again: ${join(binaries, name)} ${finding}`);
}
process.exitCode = findings.length ? 1 : 0;

/** Builds the targets, with what that takes. */
function build() {
  const tool = fuzzTool();
  if (!existsSync(tool.path)) {
    console.log(`Installing ${tool.crate} ${tool.version}: a minute, once.`);
    run("cargo", ["install", "--root", tool.root, "--version", tool.version, ...tool.flags, tool.crate]);
  }
  if (!says("rustup", "toolchain", "list").includes("nightly")) {
    run("rustup", ["toolchain", "install", "nightly", "--profile", "minimal"]);
  }
  // No unsafe code is allowed here, so no sanitizer of memory has anything to find, and without one
  // the same time has several times the executions. Code that a target does not reach costs each of
  // them, so it is left out.
  const flags = ["--sanitizer", "none", "--strip-dead-code"];
  const only = wanted.length === 1 ? wanted : [];
  const path = [join(tool.root, "bin"), process.env.PATH].join(delimiter);
  run("cargo", ["+nightly", "fuzz", "build", ...flags, ...only], { env: { ...process.env, PATH: path } });
  const host = /^host: (.*)$/m.exec(says("rustc", "-vV"))[1];
  return resolve("fuzz/target", host, "release");
}

/** Runs a target, and gives what libFuzzer says of it. */
async function fuzz(name) {
  const [found, corpus, artifacts] = ["found", "corpus", "artifacts"].map((it) => `fuzz/${it}/${name}`);
  for (const it of [found, corpus, artifacts]) mkdirSync(it, { recursive: true });
  const { code, output } = await libfuzzer(name, Number(values.seconds), [
    found,
    corpus,
    `-max_total_time=${values.seconds}`,
    ...(values.runs ? [`-runs=${values.runs}`] : []),
    `-max_len=${LENGTHS[name] ?? LENGTH}`,
    `-artifact_prefix=${artifacts}/`,
    "-print_final_stats=1",
  ]);
  const stat = (it) => Number(new RegExp(`stat::${it}:\\s+(\\d+)`).exec(output)?.[1] ?? 0);
  const edges = [...output.matchAll(/ cov: (\d+) /g)].at(-1)?.[1] ?? "0";
  const row = {
    name,
    executions: stat("number_of_executed_units"),
    speed: stat("average_exec_per_sec"),
    edges: Number(edges),
    added: stat("new_units_added"),
    memory: stat("peak_rss_mb"),
  };
  if (code === 0) return row;
  const input = /Test unit written to (\S+)/.exec(output)?.[1];
  console.log(output.split("\n").slice(-60).join("\n"));
  return {
    ...row,
    finding: input ? await minimised(name, input) : `exit code ${code}, and no input is known`,
  };
}

/** A shorter input that fails too, if there is one. */
async function minimised(name, input) {
  const shorter = `${input}.min`;
  const seconds = 30;
  const flags = ["-minimize_crash=1", `-max_total_time=${seconds}`, `-exact_artifact_path=${shorter}`];
  await libfuzzer(name, seconds, [...flags, input]);
  return existsSync(shorter) ? shorter : input;
}

function libfuzzer(name, seconds, args) {
  const bounds = [`-rss_limit_mb=${RSS_MB}`, `-timeout=${INPUT_SECONDS}`];
  return new Promise((done) => {
    const child = spawn(join(binaries, name), [...bounds, ...args], { stdio: ["ignore", "ignore", "pipe"] });
    const end = setTimeout(() => child.kill("SIGKILL"), (seconds + GRACE_SECONDS) * 1000);
    let output = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      // Its beginning is of no use, and it may say much.
      output = (output + text).slice(-1_000_000);
    });
    child.on("close", (code, signal) => {
      clearTimeout(end);
      done({ code: code ?? signal, output });
    });
  });
}

/** Fills the corpus anew with a few inputs that together reach most. What once failed stays there. */
async function keep(name) {
  const [found, corpus] = ["found", "corpus"].map((it) => `fuzz/${it}/${name}`);
  const [control, unused] = [`fuzz/found/.${name}.txt`, `fuzz/found/.${name}`];
  rmSync(control, { force: true });
  rmSync(unused, { recursive: true, force: true });
  mkdirSync(unused, { recursive: true });
  // Of each input it writes down what it reaches: edges, and how often about.
  await libfuzzer(name, MERGE_SECONDS, [
    "-set_cover_merge=1",
    `-merge_control_file=${control}`,
    unused,
    corpus,
    found,
  ]);
  const lines = readFileSync(control, "utf8").split("\n");
  const paths = lines.slice(2, 2 + Number(lines[0]));
  const inputs = lines
    .map((it) => it.split(" "))
    .filter(([word]) => word === "FT")
    .map(([, at, ...reaches]) => ({ bytes: readFileSync(paths[at]), reaches }))
    .filter(({ bytes }) => bytes.length <= KEPT.bytes);
  for (const it of readdirSync(corpus)) {
    if (!it.startsWith(FAILED)) rmSync(join(corpus, it));
  }
  const reached = new Set();
  for (let count = 0; count < KEPT.files; count += 1) {
    let [most, best] = [0, undefined];
    for (const it of inputs) {
      it.reaches = it.reaches.filter((one) => !reached.has(one));
      const isShorter = it.reaches.length === most && it.bytes.length < best?.bytes.length;
      if (most < it.reaches.length || isShorter) [most, best] = [it.reaches.length, it];
    }
    if (!best) break;
    for (const it of best.reaches) reached.add(it);
    writeFileSync(join(corpus, createHash("sha1").update(best.bytes).digest("hex").slice(0, 16)), best.bytes);
  }
}

function print({ name, executions, speed, edges, added, memory, finding }) {
  const end = finding ? "FAILS" : "";
  const cells = [`${executions} executions`, `${speed}/s`, `${edges} edges`, `${added} new`, `${memory} MiB`];
  console.log(`${name.padEnd(22)} ${cells.map((it) => it.padStart(16)).join(" ")} ${end}`.trimEnd());
}
