// What the figures were measured on and with.
import { closeSync, fdatasyncSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { arch, cpus, release, totalmem, type } from "node:os";
import { BENCH, ROOT, STATE } from "./paths.mjs";
import { output } from "./processes.mjs";
import { median } from "./stats.mjs";
import { WORKERD } from "./workerd.mjs";

export function machine() {
  const cores = cpus();
  return {
    cpu: cores[0].model,
    cores: cores.length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${arch()}`,
    // What a commit waits for: much of a persisted message.
    fdatasync_us: fdatasyncUs(),
  };
}

function fdatasyncUs() {
  mkdirSync(STATE, { recursive: true });
  const path = `${STATE}sync`;
  const file = openSync(path, "w");
  const page = Buffer.alloc(4096);
  const times = Array.from({ length: 101 }, () => {
    const since = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    return performance.now() - since;
  });
  closeSync(file);
  rmSync(path);
  return Math.round(median(times) * 1000);
}

export async function versions() {
  const installed = (name) =>
    JSON.parse(readFileSync(`${BENCH}node_modules/${name}/package.json`, "utf8")).version;
  const git = (...args) => output("git", args, { cwd: ROOT }).catch(() => "");
  const [commit, changes, workerd, rustc] = await Promise.all([
    git("rev-parse", "--short", "HEAD"),
    git("status", "--porcelain", "--", "src", "Cargo.lock", "Cargo.toml"),
    output(WORKERD, ["--version"]),
    output("rustc", ["--version"]).catch(() => "unknown"),
  ]);
  return {
    dormouse: `${commit || "unknown"}${changes ? ", changed" : ""}`,
    workerd: workerd.replace("workerd ", ""),
    node: process.versions.node,
    partyserver: installed("partyserver"),
    ws: installed("ws"),
    "socket.io": installed("socket.io"),
    rustc: rustc.split(" ")[1] ?? rustc,
  };
}
