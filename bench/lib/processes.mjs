// Starts processes and sees to it that none outlives the run.
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { createInterface } from "node:readline";
import { STATE } from "./paths.mjs";

const running = new Set();

/** A child, in a group of its own, so that what it starts can be killed with it. */
function start(command, args, options) {
  const child = spawn(command, args, { ...options, detached: true });
  running.add(child);
  return child;
}

function kill(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {} // It is gone, or never was.
}

/** Tools that are scripts find the Node that runs this one. */
const PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;

/** The longest a server may take until it listens. */
const START_MS_MAX = 20_000;

/** Kills whatever this program started and is still there; nothing else. */
export function killAll() {
  for (const child of running) kill(child);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    killAll();
    process.exit(1);
  });
}
process.on("exit", killAll);

/**
 * Starts a server. `portOf` reads its port out of a line it prints: on stdout, or on file
 * descriptor 3 if `control`. Everything else it prints goes to a log.
 */
export async function serve(name, command, args, { portOf, control = false, env = {} }) {
  mkdirSync(`${STATE}logs`, { recursive: true });
  const log = openSync(`${STATE}logs/${name}.log`, "w");
  const stdio = control ? ["ignore", log, log, "pipe"] : ["ignore", "pipe", log];
  const child = start(command, args, { stdio, env: { ...process.env, PATH, ...env } });
  closeSync(log);
  const gone = new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve()); // There is no such command.
  }).finally(() => running.delete(child));
  const stop = async () => {
    kill(child);
    await gone;
  };
  try {
    const listening = firstPort(child.stdio[control ? 3 : 1], portOf);
    const port = await within(START_MS_MAX, Promise.race([listening, gone]));
    if (!port) throw new Error("it ended");
    return { pid: child.pid, port, stop };
  } catch (error) {
    await stop();
    throw new Error(`${name} did not start: ${error.message}; see ${STATE}logs/${name}.log`);
  }
}

function firstPort(stream, portOf) {
  return new Promise((resolve) => {
    createInterface({ input: stream }).on("line", (line) => {
      const port = portOf(line);
      if (port) resolve(port);
    });
  });
}

/** Runs a command to its end, and gives what it printed. */
export function output(command, args, { env = {}, cwd, msMax = 300_000 } = {}) {
  const child = start(command, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH, ...env },
  });
  const texts = [child.stdout, child.stderr].map(async (stream) => {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks).toString().trim();
  });
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", async (code) => {
      const [out, err] = await Promise.all(texts);
      if (code === 0) resolve(out);
      else reject(new Error(err || out || `${command} ended with ${code}`));
    });
  });
  return within(msMax, ended)
    .catch((error) => {
      kill(child);
      throw error;
    })
    .finally(() => running.delete(child));
}

async function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** User and system time of a process so far, in milliseconds; ticks are hundredths wherever Linux runs. */
export function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
}
