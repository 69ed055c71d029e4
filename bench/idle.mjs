// npm run bench:idle -- --bundle <folder> [--sockets 5000] [--rooms 100] [--seconds 300]
// Sockets that only ping, as clients do: whether any is closed, and whether their rooms sleep meanwhile.
// The Worker is the build for chaos tests, which logs each time that a room's memory is made:
//   npm run build -- --chaos
//   WRANGLER_BUILD_CONDITIONS=chaos,workerd,worker,browser npx wrangler deploy --dry-run --outdir <folder>
import { readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { bundleOther } from "./lib/bundle.mjs";
import { STATE } from "./lib/paths.mjs";
import { peers } from "./lib/peers.mjs";
import { cpuMs, killAll } from "./lib/processes.mjs";

const { values } = parseArgs({
  options: {
    bundle: { type: "string" },
    sockets: { type: "string", default: "5000" },
    rooms: { type: "string", default: "100" },
    seconds: { type: "string", default: "300" },
  },
});
if (!values.bundle) throw new Error("--bundle <folder>: a build for chaos tests");
const [count, rooms, seconds] = [values.sockets, values.rooms, values.seconds].map(Number);

/** What clients of the native protocol do. */
const PING_MS = 25_000;
const PING = '{"type":"ping"}';
/** workerd lets go of an object after ten seconds of quiet. */
const ASLEEP_AFTER_MS = 15_000;
/** Sockets that are opened at once. */
const AT_ONCE = 50;

const storage = `${STATE}storage/idle`;
rmSync(storage, { recursive: true, force: true });
const dormouse = peers.find((it) => it.name === "dormouse");
/** How often a room's memory was made so far. */
const wakes = () =>
  readFileSync(`${STATE}logs/dormouse.log`, "utf8")
    .split("\n")
    .filter((it) => /woke idle-\d+/.test(it)).length;
const memory = ({ pid }) =>
  Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;

let [closes, pongs, pings] = [0, 0, 0];

async function open(server, number) {
  const url = `ws://127.0.0.1:${server.port}/ws/v2/connect?room=hub:idle-${number % rooms}&token=test`;
  const socket = new WebSocket(url, ["dormouse.v2.json"], { perMessageDeflate: false });
  await new Promise((done, failed) => {
    socket.on("error", failed);
    socket.on("message", (data) => {
      const text = String(data);
      if (text === '{"type":"pong"}') pongs += 1;
      else if (text.includes('"type":"hello"')) done();
    });
  });
  socket.on("close", () => {
    closes += 1;
  });
  return socket;
}

/** Says something in each room: those that slept are made anew. */
async function sayInEach(sockets) {
  const answered = sockets.slice(0, rooms).map(
    (socket, at) =>
      new Promise((done) => {
        const id = `said-${at}`;
        socket.on("message", (data) => String(data).includes(`"id":"${id}"`) && done());
        socket.send(JSON.stringify({ type: "publish", id, event: "said", data: at }));
      }),
  );
  await Promise.all(answered);
}

try {
  const modules = await bundleOther(values.bundle, "dormouse");
  const server = await dormouse.start(modules, storage, {
    // Who comes and goes is no part of this, nor what all is told of: it is 50 in a room.
    REPORT_INTERVAL_MS: "0",
  });
  const before = memory(server);
  const sockets = [];
  for (let at = 0; at < count; at += AT_ONCE) {
    const wave = Array.from({ length: Math.min(AT_ONCE, count - at) }, (_, it) => open(server, at + it));
    sockets.push(...(await Promise.all(wave)));
  }
  console.log(`${sockets.length} sockets in ${rooms} rooms, ${(memory(server) - before) >> 10} KiB more`);
  const beats = sockets.map((socket, at) => {
    const beat = () => {
      pings += 1;
      socket.send(PING);
    };
    // Spread over the interval, as clients that came at different times are.
    return setTimeout(
      () => {
        beat();
        beats[at] = setInterval(beat, PING_MS);
      },
      (at / count) * PING_MS,
    );
  });
  await sleep(ASLEEP_AFTER_MS);
  const [made, cpu] = [wakes(), cpuMs(server.pid)];
  const since = performance.now();
  await sleep(seconds * 1000);
  const lasted = (performance.now() - since) / 1000;
  const [madeMeanwhile, cpuMeanwhile] = [wakes() - made, cpuMs(server.pid) - cpu];
  for (const it of beats) clearInterval(it);
  await sleep(1000);
  console.log(`${lasted.toFixed(0)} s: ${pings} pings, ${pongs} pongs, ${closes} closes`);
  console.log(
    `rooms made anew meanwhile: ${madeMeanwhile}; CPU ${((cpuMeanwhile / lasted) * 0.1).toFixed(1)} %`,
  );
  console.log(`resident ${(memory(server) - before) / count / 1024} KiB a socket`);
  await sayInEach(sockets);
  const asleep = wakes() - made - madeMeanwhile;
  console.log(`of ${rooms} rooms that were then spoken in, ${asleep} were asleep`);
  process.exitCode = closes || madeMeanwhile || pongs < pings || asleep < rooms ? 1 : 0;
} finally {
  killAll();
}
process.exit();
