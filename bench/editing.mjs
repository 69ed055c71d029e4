// npm run bench:editing -- [--quick] [--rounds 5] [--editors 50] [--seconds 5] [--out <file>]
// Many editors type into one document, each one character at a time, and wait for the answer
// to each before the next: Dormouse beside the Yjs project's WebSocket server, in one run, in
// alternating order.
//
// Who does what:
//   dormouse          takes an edit, transforms it, has it on disk (SQLite, synced) before
//                     anybody hears of it, and tells its author and the others
//   dormouse-batched  the same, for clients that take several frames in one (`batch=1`)
//   yjs               merges an update into its document in memory and tells everyone
//   yjs-leveldb       the same, and writes to LevelDB meanwhile; nobody waits for it
// Clients are thin: they make edits and count what they hear, and merge nothing. One process
// runs all of them, so what it can take in bounds what is measured: see `load busy`.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { DormouseEditor, finalOfDormouse } from "./lib/editing-dormouse.mjs";
import { machine } from "./lib/machine.mjs";
import { BENCH, PEERS, STATE } from "./lib/paths.mjs";
import { peers } from "./lib/peers.mjs";
import { cpuMs, killAll, output, serve } from "./lib/processes.mjs";
import { median } from "./lib/stats.mjs";

const text = { type: "string" };
const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: text,
    editors: text,
    seconds: text,
    out: text,
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
const editors = Number(values.editors ?? (values.quick ? 10 : 50));
const measuredMs = 1000 * Number(values.seconds ?? (values.quick ? 1 : 5));
const WARMUP_MS = values.quick ? 300 : 1500;
/** No answer takes so long; a run in which one does has failed. */
const SETTLE_MS_MAX = 30_000;

const dormouse = peers.find((it) => it.name === "dormouse");
const unlimited = { EDITS_PER_SECOND: "0", ROOM_EDITS_PER_SECOND: "0" };

/** Loaded when what it needs is installed. */
let client;
const yjs = (name, persisted) => ({
  name,
  start: (storage) =>
    serve(name, process.execPath, [`${PEERS}yjs.mjs`], {
      portOf: Number,
      env: { NODE_ENV: "production", ...(persisted && { YPERSISTENCE: `${storage}/leveldb` }) },
    }),
  open: (port) => new client.YjsEditor(`ws://127.0.0.1:${port}/bench`),
  final: (port) => client.finalOfYjs(`ws://127.0.0.1:${port}/bench`),
});

const ours = (name, query) => {
  const url = (port) => `ws://127.0.0.1:${port}/api/collaboration/ws?token=test&contextId=bench${query}`;
  return {
    name,
    start: (storage) => dormouse.start(dormouse.modules, storage, unlimited),
    open: (port) => new DormouseEditor(url(port)),
    final: (port) => finalOfDormouse(url(port)),
  };
};

const CONTENDERS = [
  ours("dormouse", ""),
  ours("dormouse-batched", "&batch=1"),
  yjs("yjs", false),
  yjs("yjs-leveldb", true),
];

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function measure(contender, round) {
  const storage = `${STATE}storage/editing-${contender.name}-${round}`;
  rmSync(storage, { recursive: true, force: true });
  mkdirSync(storage, { recursive: true });
  const server = await contender.start(storage);
  try {
    const all = Array.from({ length: editors }, () => contender.open(server.port));
    await Promise.all(all.map((it) => it.opened));
    const sum = (field) => all.reduce((total, it) => total + it[field], 0);
    const look = () => ({
      at: performance.now(),
      acknowledged: sum("acknowledged"),
      heard: sum("heard"),
      server: cpuMs(server.pid),
      load: process.cpuUsage(),
    });
    for (const it of all) it.start();
    await pause(WARMUP_MS);
    const before = look();
    await pause(measuredMs);
    const after = look();
    for (const it of all) it.stop();
    const deadline = performance.now() + SETTLE_MS_MAX;
    while (all.some((it) => it.isWaiting)) {
      if (deadline < performance.now()) throw new Error(`${contender.name}: an edit was never answered`);
      await pause(5);
    }
    const characters = await contender.final(server.port);
    for (const it of all) it.close();
    const seconds = (after.at - before.at) / 1000;
    const edits = after.acknowledged - before.acknowledged;
    const load = after.load.user + after.load.system - before.load.user - before.load.system;
    return {
      edits_per_second: edits / seconds,
      updates_per_second: (after.heard - before.heard) / seconds,
      server_cpu_us: (1000 * (after.server - before.server)) / edits,
      server_busy: (after.server - before.server) / 1000 / seconds,
      load_busy: load / 1e6 / seconds,
      lost: sum("acknowledged") - characters,
    };
  } finally {
    await server.stop();
    rmSync(storage, { recursive: true, force: true });
  }
}

function row(name, samples) {
  const of = (field) => samples.map((it) => it[field]);
  const shown = (values) =>
    [median(values), Math.min(...values), Math.max(...values)].map((it) =>
      Math.round(it).toLocaleString("en"),
    );
  const [edits, least, most] = shown(of("edits_per_second"));
  const [updates] = shown(of("updates_per_second"));
  const [cpu] = shown(of("server_cpu_us"));
  const percent = (field) => `${Math.round(100 * median(of(field)))} %`;
  return `| ${name} | ${edits} | ${least} to ${most} | ${updates} | ${cpu} | ${percent("server_busy")} | ${percent("load_busy")} |`;
}

try {
  if (!existsSync(`${BENCH}node_modules/yjs`)) {
    await output("npm", ["install", "--no-audit", "--no-fund"], { cwd: BENCH });
  }
  client = await import("./lib/editing-yjs.mjs");
  dormouse.modules = await dormouse.prepare();
  const samples = new Map(CONTENDERS.map((it) => [it.name, []]));
  for (let round = 0; round < rounds; round++) {
    // Whoever begins one round ends the next.
    for (const contender of round % 2 ? CONTENDERS.toReversed() : CONTENDERS) {
      const sample = await measure(contender, round);
      samples.get(contender.name).push(sample);
      console.error(`round ${round + 1}, ${contender.name}: ${Math.round(sample.edits_per_second)} edits/s`);
    }
  }
  const { cpu, cores, fdatasync_us } = machine();
  const lines = [
    `${editors} editors in one document, one character at a time, one edit in flight each, rates off;`,
    `${rounds} rounds of ${measuredMs / 1000} s, alternating. ${cpu}, ${cores} cores; fdatasync ${fdatasync_us} µs.`,
    "",
    "| | edits/s, median | least to most | updates delivered/s | server CPU µs an edit | server busy | load busy |",
    "|---|---|---|---|---|---|---|",
    ...[...samples].map(([name, it]) => row(name, it)),
    "",
    "dormouse: each edit is in SQLite, synced, before it is acknowledged or told. yjs: in memory only.",
    "yjs-leveldb: written to LevelDB behind; an edit is told before it is on disk.",
  ];
  console.log(lines.join("\n"));
  if (values.out) writeFileSync(values.out, `${lines.join("\n")}\n`);
  const lost = [...samples].flatMap(([name, all]) =>
    all.filter((it) => it.lost).map((it) => `${name}: ${it.lost}`),
  );
  if (lost.length) throw new Error(`acknowledged and not in the text, or the reverse: ${lost.join(", ")}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  killAll();
}
