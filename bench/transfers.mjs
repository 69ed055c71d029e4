// npm run bench:transfers -- [--quick]
// Large data, many transfers at once: 16 rooms, in each of which one client sends an object
// of 1,000 chunks of 64 KiB (62.5 MiB decoded, 1,000 MiB in all) and then another fetches it.
// With --quick 4 rooms and 64 chunks (4 MiB each). Prints what the wasm memory, which all
// rooms share and which never shrinks, was before, during and after. Needs the build that
// measures on request, in .wrangler/bundle-chaos (scripts/test.mjs makes it). Stops by itself.
import { createHash, randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { mint } from "../scripts/jwt.mjs";
import { objects } from "../scripts/workerd.mjs";
import { ROOT, STATE } from "./lib/paths.mjs";
import { killAll } from "./lib/processes.mjs";
import { serveWorker } from "./lib/workerd.mjs";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const ROOMS = values.quick ? 4 : 16;
const CHUNKS = values.quick ? 64 : 1000;
const CHUNK_BYTES = 64 * 1024;
const MS_MAX = values.quick ? 120_000 : 900_000;
/** How much a client has on its way at most, in bytes. */
const WINDOW = 1 << 20;

const SECRET = "a secret for benches, of more than 32 bytes";
const VARIABLES = {
  ENVIRONMENT: "development",
  JWT_SECRET: SECRET,
  MESSAGES_PER_MINUTE: "0",
  HTTP_CALLS_PER_MINUTE: "0",
  HTTP_PUBLISHES_PER_MINUTE: "0",
  CHUNKS_PER_SECOND: "0",
  CONNECTIONS_PER_MINUTE_PER_IP: "0",
};

const disk = mkdtempSync(join(tmpdir(), "dormouse-transfers-"));
process.on("exit", () => rmSync(disk, { recursive: true, force: true }));
const late = setTimeout(() => fail(`not done within ${MS_MAX / 1000} s`), MS_MAX);

function fail(message) {
  console.error(message);
  killAll();
  process.exit(1);
}

const LOG = `${STATE}logs/transfers.log`;
const MIB = (bytes) => `${(bytes / (1 << 20)).toFixed(1)} MiB`;
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** The same bytes for every chunk but for the first eight, which say which it is. */
const filler = randomBytes(CHUNK_BYTES);
function chunkOf(room, index) {
  const bytes = Buffer.from(filler);
  bytes.writeUInt32LE(room, 0);
  bytes.writeUInt32LE(index, 4);
  return bytes;
}

async function open(url, room) {
  const token = await mint({ sub: "bench", contexts: [room] }, { secret: SECRET });
  const socket = new WebSocket(`${url}/ws?token=${token}&contextId=${room}`);
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  socket.on("close", (code) => code !== 1005 && code !== 1000 && fail(`a socket was closed with ${code}`));
  return socket;
}

/** The next frame for which this holds; an error ends the run. */
function heard(socket, holds) {
  return new Promise((resolve) => {
    const listen = (text) => {
      const frame = JSON.parse(text);
      if (frame.type === "error") fail(JSON.stringify(frame.data));
      if (!holds(frame)) return;
      socket.off("message", listen);
      resolve(frame);
    };
    socket.on("message", listen);
  });
}

async function send(url, room) {
  const socket = await open(url, `r${room}`);
  const received = heard(socket, (it) => it.type === "large_data_received");
  for (let index = 0; index < CHUNKS; index++) {
    const bytes = chunkOf(room, index);
    const data = {
      data_id: "object",
      chunk_index: index,
      total_chunks: CHUNKS,
      chunk_data: bytes.toString("base64"),
      checksum: sha256(bytes),
    };
    socket.send(JSON.stringify({ type: "large_data", data }));
    while (WINDOW < socket.bufferedAmount) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const { data } = await received;
  if (data.total_size !== CHUNKS * CHUNK_BYTES) fail(`received ${data.total_size} bytes`);
  socket.close();
}

async function fetchBack(url, room) {
  const socket = await open(url, `r${room}`);
  let next = 0;
  const all = heard(socket, ({ data }) => {
    const bytes = Buffer.from(data.chunk_data, "base64");
    const isRight = data.chunk_index === next && bytes.equals(chunkOf(room, next));
    if (!isRight) fail(`room ${room}: chunk ${data.chunk_index} is not what was sent as ${next}`);
    next += 1;
    return next === CHUNKS;
  });
  socket.send(JSON.stringify({ type: "large_data_request", data: { data_id: "object" } }));
  await all;
  socket.close();
}

/** The wasm memory and the process's own, in bytes. */
async function memory(meter, pid) {
  const lines = () => [...readFileSync(LOG, "utf8").matchAll(/wasm memory (\d+)/g)];
  const before = lines().length;
  meter.send(JSON.stringify({ type: "memory" }));
  while (lines().length === before) await new Promise((resolve) => setTimeout(resolve, 20));
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const rss = Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1]) * 1024;
  return { wasm: Number(lines().at(-1)[1]), rss };
}

/** Processor time of the server so far, in seconds; ticks are hundredths wherever Linux runs. */
function cpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Runs one phase, and looks at the memory meanwhile. */
async function phase(name, meter, pid, work) {
  const [started, before] = [performance.now(), cpu(pid)];
  const most = { wasm: 0, rss: 0 };
  let isOver = false;
  const watch = (async () => {
    while (!isOver) {
      const now = await memory(meter, pid);
      for (const key of ["wasm", "rss"]) most[key] = Math.max(most[key], now[key]);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  })();
  await Promise.all(Array.from({ length: ROOMS }, (_, room) => work(room)));
  const seconds = (performance.now() - started) / 1000;
  isOver = true;
  await watch;
  const bytes = ROOMS * CHUNKS * CHUNK_BYTES;
  console.log(
    `${name}: ${seconds.toFixed(1)} s, ${MIB(bytes / seconds)}/s decoded, ${(cpu(pid) - before).toFixed(1)} s of the server's processor; at most ${MIB(most.wasm)} of wasm memory, ${MIB(most.rss)} resident`,
  );
}

const bundle = join(ROOT, ".wrangler/bundle-chaos");
if (!existsSync(bundle)) fail("no .wrangler/bundle-chaos: npm test makes it");
const folder = `${STATE}transfers`;
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const files = readdirSync(bundle).filter((it) => /\.(js|wasm)$/.test(it));
for (const file of files) copyFileSync(join(bundle, file), join(folder, file));
const modules = files.sort((a, b) => Number(b.endsWith(".js")) - Number(a.endsWith(".js")));
const worker = { name: "transfers", modules, objects: objects(), variables: VARIABLES };
const { pid, port, stop } = await serveWorker(worker, join(disk, "storage"));
const url = `ws://127.0.0.1:${port}`;
const meter = await open(url, "meter");
console.log(`${ROOMS} transfers of ${CHUNKS} chunks of 64 KiB: ${MIB(CHUNKS * CHUNK_BYTES)} each`);
const show = async (when) => {
  const { wasm, rss } = await memory(meter, pid);
  console.log(`${when}: ${MIB(wasm)} of wasm memory, ${MIB(rss)} resident`);
};
await show("before");
await phase("sent", meter, pid, (room) => send(url, room));
await phase("fetched", meter, pid, (room) => fetchBack(url, room));
await show("after");
clearTimeout(late);
meter.removeAllListeners("close");
meter.close();
await stop();
process.exit(0);
