// npm run bench:native -- [--quick] [--rounds 5] [--only publish,resume,storm,slow] [--before <folder>]
// What the native protocol costs, by the wire, from a Worker in workerd with its databases on disk:
//   publish  messages that are kept, 64 in flight, heard by 20: in the native protocol's two encodings,
//            and in the context protocol with `batch=1`
//   resume   10,000 entries told again to one who comes back; and how long members wait for what another
//            says meanwhile, beside the same without it
//   storm    1,000 clients who come back at once after the server was killed: each a user, and all of one
//   slow     the server's memory while 10,000 events are published and one client reads none of them
// Each pair is measured in one run, in alternating order.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { WebSocket } from "ws";
import { machine } from "./lib/machine.mjs";
import { STATE } from "./lib/paths.mjs";
import { before, peers, token } from "./lib/peers.mjs";
import { cpuMs, killAll } from "./lib/processes.mjs";
import { median } from "./lib/stats.mjs";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    only: { type: "string" },
    before: { type: "string" },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
const entries = values.quick ? 1_000 : 10_000;
const clients = values.quick ? 50 : 1_000;
const published = values.quick ? 640 : 6_400;
const LISTENERS = 20;
const IN_FLIGHT = 64;
/** So many come back one after the other, so that hundreds of messages are waited for meanwhile. */
const RETURNS = 10;
/** What a message of usual length has, in bytes. */
const TEXT = "x".repeat(100);
/** So many events are told apart by a publisher that waits for none of them. */
const BATCH = 100;

const p99 = (all) => all.toSorted((a, b) => a - b)[Math.ceil(all.length * 0.99) - 1];
const ms = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const spread = (all) =>
  `${median(all).toFixed(2)} (${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)})`;
const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** Starts this build, on the storage of this name. */
function start(build, name, isNew = true) {
  const storage = `${STATE}storage/native-${build.name}-${name}`;
  if (isNew) rmSync(storage, { recursive: true, force: true });
  return build.start(build.modules, storage, { PRESENCE_GRACE_MS: "0", ...VARIABLES });
}

/** None of the things that are counted here is to be limited. */
const VARIABLES = { ANONYMOUS_CONNECTIONS_PER_ADDRESS: "0", HTTP_FAILURES_PER_MINUTE: "0" };

async function open(server, path, hear = () => {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`);
  socket.on("message", hear);
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return socket;
}

const native = (room, query = "", shows = "test") =>
  `/ws/v2/connect?token=${shows}&room=chat:${room}${query}`;
const messages = (data) => [JSON.parse(data)].flat();

/** Fills a room with so many messages. */
async function seed(server, room, count) {
  const prefix = randomUUID();
  let acks = 0;
  const socket = await open(server, native(room, "&events=none"), (data) => {
    acks += messages(data).filter((it) => it.type === "ack").length;
  });
  for (let from = 0; from < count; from += BATCH) {
    const all = Array.from({ length: BATCH }, (_, at) => said(`${prefix}-${from + at}`));
    socket.send(JSON.stringify(all));
    while (acks < from) await sleep(1);
  }
  while (acks < count) await sleep(1);
  socket.terminate();
}

const said = (id, more = {}) => ({
  type: "publish",
  id,
  event: "message",
  data: { content: TEXT },
  ...more,
});

const PROTOCOLS = {
  native: { path: (room) => native(room), frame: (id) => JSON.stringify(said(id)) },
  context: {
    path: (room) => `/api/chat/ws?token=test&contextId=${room}&batch=1`,
    frame: (id) => JSON.stringify({ type: "message", id, data: { content: TEXT } }),
  },
};

/** Publishes with so many in flight: a second, and the server's microseconds for each. */
async function flood(server, { path, frame }, room) {
  const listeners = await Promise.all(Array.from({ length: LISTENERS }, () => open(server, path(room))));
  let [sent, answered] = [0, 0];
  const done = Promise.withResolvers();
  const next = (socket) => {
    if (sent < published) socket.send(frame(`p${sent++}`));
  };
  // An answer is known by its id, so that frames need no reading: the time of this process is not
  // what is measured.
  const socket = await open(server, path(room), (data) => {
    const count = String(data).split(`"id":"p`).length - 1;
    answered += count;
    for (let each = 0; each < count; each++) next(socket);
    if (published <= answered) done.resolve();
  });
  const [begun, cpu] = [performance.now(), cpuMs(server.pid)];
  for (let each = 0; each < IN_FLIGHT; each++) next(socket);
  await done.promise;
  const seconds = (performance.now() - begun) / 1000;
  const cost = ((cpuMs(server.pid) - cpu) * 1000) / published;
  for (const it of [socket, ...listeners]) it.terminate();
  return { rate: published / seconds, cost };
}

async function publish(build) {
  const server = await start(build, "publish");
  const all = { native: [], context: [] };
  for (let round = 0; round <= rounds; round++) {
    const order = round % 2 ? ["native", "context"] : ["context", "native"];
    for (const name of order) {
      const measured = await flood(server, PROTOCOLS[name], `${name}${round}`);
      if (round) all[name].push(measured); // The first compiles.
    }
  }
  await server.stop();
  const of = (name, what) => all[name].map((it) => it[what]);
  const ratios = all.native.map((it, at) => it.rate / all.context[at].rate);
  return [
    ...Object.keys(all).map(
      (name) =>
        `  ${name}: ${spread(of(name, "rate"))} a second, ${spread(of(name, "cost"))} µs of the server`,
    ),
    `  native / context: ${spread(ratios)}`,
  ];
}

/** How long one who listens waits for what another says every 10 ms, while `work` is done. */
async function waits(server, room, work) {
  const took = [];
  const listener = await open(server, native(room), (data) => {
    for (const it of messages(data)) if (it.event === "tick") took.push(performance.now() - it.data);
  });
  const speaker = await open(server, native(room, "&events=none"));
  const tick = () =>
    speaker.send(
      JSON.stringify({ type: "publish", event: "tick", data: performance.now(), ephemeral: true }),
    );
  const timer = setInterval(tick, 10);
  const result = await work();
  clearInterval(timer);
  await sleep(100);
  for (const it of [listener, speaker]) it.terminate();
  return { took, result };
}

const resumer = new Worker(new URL("lib/resumer.mjs", import.meta.url));

/**
 * Somebody comes back with the place before the first entry, or comes in: when hello, the first event and
 * the last came.
 */
async function resumed(server, room, epoch) {
  const url = `ws://127.0.0.1:${server.port}${native(room, epoch && `&resume=${epoch}:0`)}`;
  resumer.postMessage({ url, isLong: Boolean(epoch) });
  const [at] = await once(resumer, "message");
  if (!at) throw new Error("refused");
  return at;
}

async function resume(build) {
  const server = await start(build, "resume");
  await seed(server, "long", entries);
  const epoch = await epochOf(server, "long");
  // What is new to the engine runs slowly.
  for (let each = 0; each < 10; each++) await resumed(server, "long", epoch);
  const [all, quiet, live, busy] = [[], [], [], []];
  for (let round = 0; round < rounds; round++) {
    const work = async () => {
      const results = [];
      for (let each = 0; each < RETURNS; each++) results.push(await resumed(server, "long", epoch));
      return results;
    };
    const told = await waits(server, "long", work);
    const each = told.result.reduce((sum, it) => sum + it.all, 0) / told.result.length;
    // As many who come in, for as long, and are told nothing of the past.
    const plain = await waits(server, "long", async () => {
      for (const _ of told.result) {
        const begun = performance.now();
        await resumed(server, "long", "");
        await sleep(each - (performance.now() - begun));
      }
    });
    const alone = await waits(server, "long", () => sleep(each * told.result.length));
    all.push(...told.result);
    for (const [to, from] of [
      [busy, told],
      [live, plain],
      [quiet, alone],
    ])
      to.push(p99(from.took));
  }
  await server.stop();
  const of = (name) => median(all.map((it) => it[name]));
  return [
    `  ${entries} entries: hello after ${ms(of("hello"))}, the first event ${ms(of("first") - of("hello"))} later, the last ${ms(of("all") - of("hello"))}`,
    `  p99 of others, ms: ${spread(busy)} meanwhile, ${spread(live)} beside as many who are live at once, ${spread(quiet)} alone`,
    `  meanwhile / beside those: ${spread(busy.map((it, at) => it / live[at]))}`,
  ];
}

async function epochOf(server, room) {
  const hello = Promise.withResolvers();
  const socket = await open(server, native(room), (data) => hello.resolve(messages(data)[0]));
  const { epoch } = await hello.promise;
  socket.terminate();
  return epoch;
}

async function storm(build) {
  let server = await start(build, "storm");
  await seed(server, "one", 1_000);
  const epoch = await epochOf(server, "one");
  const lines = [];
  for (const isOne of Array.from({ length: 2 * rounds }, (_, round) => round % 2 === 1)) {
    await server.stop(); // Killed.
    server = await start(build, "storm", false);
    const begun = performance.now();
    let recovered = 0;
    const back = async (number) => {
      const place = 1_000 - (number % 100);
      const shows = isOne ? "test" : token({ sub: `user${number}`, contexts: "*" });
      for (;;) {
        const live = Promise.withResolvers();
        const hear = (data) => {
          for (const it of messages(data)) {
            if (it.type === "hello" && it.recovered) recovered += 1;
            if (it.type === "closing") live.resolve(false);
            if (it.type === "position" || (it.type === "hello" && it.from === it.offset)) live.resolve(true);
          }
        };
        try {
          const socket = await open(server, native("one", `&resume=${epoch}:${place}`, shows), hear);
          socket.on("close", () => live.resolve(false));
          if (await live.promise) return socket;
        } catch {} // Refused by the system: it comes again.
        await sleep(50);
      }
    };
    const sockets = await Promise.all(Array.from({ length: clients }, (_, number) => back(number)));
    const users = isOne ? "one user" : `${clients} users`;
    lines.push(
      `  ${clients} clients of ${users} live after ${ms(performance.now() - begun)}, ${recovered} recovered`,
    );
    for (const it of sockets) it.terminate();
  }
  await server.stop();
  return lines;
}

const residentMiB = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

/** The server's memory at most, in MiB above the start, while events are published and read or not. */
async function memory(build, reads, round) {
  const server = await start(build, `slow-${round}-${reads}`);
  let last = 0;
  const hear = (data) => {
    last = messages(data).findLast((it) => it.offset)?.offset ?? last;
  };
  await seed(server, "one", 1_000);
  const socket = await open(server, native("one"), hear);
  if (!reads) socket.pause();
  const [at, all] = [residentMiB(server.pid), []];
  const timer = setInterval(() => all.push(residentMiB(server.pid)), 5);
  await seed(server, "one", entries);
  clearInterval(timer);
  socket.resume();
  while (last < 1_000 + entries && socket.readyState === WebSocket.OPEN) await sleep(10);
  socket.terminate();
  await server.stop();
  return { peak: Math.max(...all) - at, isWhole: last === 1_000 + entries };
}

async function slow(build) {
  const [read, unread] = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const reads of round % 2 ? [true, false] : [false, true]) {
      (reads ? read : unread).push(await memory(build, reads, round));
    }
  }
  const peaks = (all) => spread(all.map((it) => it.peak));
  return [
    `  MiB more at most: ${peaks(read)} if it reads, ${peaks(unread)} if not; it was told all ${unread.filter((it) => it.isWhole).length} of ${rounds} times`,
  ];
}

try {
  const builds = [peers.find((it) => it.name === "dormouse"), values.before && before(values.before)];
  const { cpu: model, cores, fdatasync_us } = machine();
  console.log(`${model}, ${cores} cores; fdatasync ${fdatasync_us} µs; ${rounds} rounds.`);
  const all = { publish, resume, storm, slow };
  for (const build of builds.filter(Boolean)) build.modules = await build.prepare();
  for (const name of values.only?.split(",") ?? Object.keys(all)) {
    for (const build of builds.filter(Boolean)) {
      console.log(`${name}, ${build.name}`);
      console.log((await all[name](build)).join("\n"));
    }
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  killAll();
}
process.exit();
