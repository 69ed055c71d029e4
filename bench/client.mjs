// npm run bench:client -- [--quick] [--rounds 7] [--samples 200] [--bundle .wrangler/bundle]
// How long clients take from being asked to connect to the first event, and how large they are: the
// package of this repository beside those that people would use instead, each one's own defaults, all in
// Node and over loopback. Takes turns, so that what else the machine does is the same for all.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { Centrifuge } from "centrifuge";
import { build } from "esbuild";
import { WebSocket as PartySocket } from "partysocket";
import { io } from "socket.io-client";
import { WebSocket } from "ws";
import { machine } from "./lib/machine.mjs";
import { BENCH, PEERS, ROOT, STATE } from "./lib/paths.mjs";
import { before, peers } from "./lib/peers.mjs";
import { killAll, output, serve } from "./lib/processes.mjs";
import { median } from "./lib/stats.mjs";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    samples: { type: "string" },
    bundle: { type: "string" },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 7));
const samples = Number(values.samples ?? (values.quick ? 20 : 200));

/** An event that takes longer will not come. */
const PATIENCE_MS = 10_000;

await output(process.execPath, ["clients/typescript/scripts/build.mjs", "--no-types"], { cwd: ROOT });
const { Dormouse } = await import(`${ROOT}clients/typescript/dist/index.js`);

const servers = await start();
const { dormouse, stub, socketio, centrifuge } = servers;
const path = "/ws/v2/connect?room=hub:first&token=test&rewind=1";

const alone = (port) => (heard) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  socket.onmessage = ({ data }) => hasEvent(data) && heard();
  return () => socket.terminate();
};

const own = (port) => (heard) => {
  const client = new Dormouse({ url: `http://127.0.0.1:${port}`, token: "test", WebSocket });
  client.room("hub:first", { rewind: 1 }).on("said", heard);
  return () => client.close();
};

const party = (port) => (heard) => {
  const socket = new PartySocket(`ws://127.0.0.1:${port}${path}`, [], { WebSocket });
  socket.onmessage = ({ data }) => hasEvent(data) && heard();
  return () => socket.close();
};

const socketIo = (options) => (heard) => {
  const socket = io(`http://127.0.0.1:${socketio.port}`, { forceNew: true, ...options });
  socket.on("said", heard);
  return () => socket.close();
};

/** Each connects, calls `heard` at the first event, and gives what ends it. */
const CLIENTS = {
  "the Worker": {
    "`ws` alone": alone(dormouse.port),
    "@dormouse/client": own(dormouse.port),
    partysocket: party(dormouse.port),
  },
  "a stub of its protocol": {
    "`ws` alone": alone(stub.port),
    "@dormouse/client": own(stub.port),
    partysocket: party(stub.port),
    centrifuge: (heard) => {
      const client = new Centrifuge(`ws://127.0.0.1:${centrifuge.port}`, { websocket: WebSocket });
      const subscription = client.newSubscription("first");
      subscription.on("publication", heard);
      subscription.subscribe();
      client.connect();
      return () => client.disconnect();
    },
  },
  "Socket.IO": {
    "socket.io-client": socketIo({}),
    "socket.io-client, WebSocket alone": socketIo({ transports: ["websocket"] }),
  },
};

const hasEvent = (data) =>
  [JSON.parse(data)].flat().some(({ type, event }) => type === "event" && event === "said");

async function start() {
  const build = values.bundle ? before(values.bundle) : peers.find(({ name }) => name === "dormouse");
  const storage = `${STATE}storage/client`;
  rmSync(storage, { recursive: true, force: true });
  mkdirSync(STATE, { recursive: true });
  const node = (name) => serve(name, process.execPath, [`${PEERS}${name}.mjs`], { portOf: Number });
  const [dormouse, stub, socketio, centrifuge] = await Promise.all([
    build.prepare().then((modules) => build.start(modules, storage)),
    node("first-native"),
    node("first-socketio"),
    node("first-centrifuge"),
  ]);
  return { dormouse, stub, socketio, centrifuge };
}

/** Milliseconds from asking for a connection to its first event. */
async function measure(connect) {
  let end = () => {};
  let timer;
  try {
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error("no event")), PATIENCE_MS);
      const since = performance.now();
      end = connect(() => resolve(performance.now() - since));
    });
  } finally {
    clearTimeout(timer);
    end();
    // What ends is not what is measured next.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function times() {
  // One entry, which those who come are told.
  const first = new Dormouse({ url: `http://127.0.0.1:${dormouse.port}`, token: "test", WebSocket });
  await first.room("hub:first").publish("said", { text: "hello" });
  first.close();
  const rows = Object.entries(CLIENTS).flatMap(([server, clients]) =>
    Object.entries(clients).map(([name, connect]) => ({ server, name, connect, medians: [] })),
  );
  for (let round = 0; round < rounds; round += 1) {
    for (const { connect, medians } of round % 2 ? rows.toReversed() : rows) {
      for (let at = 0; at < samples / 10; at += 1) await measure(connect);
      const all = [];
      for (let at = 0; at < samples; at += 1) all.push(await measure(connect));
      medians.push(median(all));
    }
  }
  const ms = (value) => value.toFixed(2);
  for (const { server, name, medians } of rows) {
    const spread = `${ms(Math.min(...medians))} to ${ms(Math.max(...medians))}`;
    console.log(`| ${server} | ${name} | ${ms(median(medians))} | ${spread} |`);
  }
}

/** What who uses it adds to a page: bundled and minified, without React and what is loaded later. */
async function size(code, from = BENCH) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: from },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    splitting: true,
    outdir: ".",
    format: "esm",
    target: "es2022",
    platform: "browser",
    external: ["react", "react-dom", "react/jsx-runtime"],
    logLevel: "error",
  });
  const found = new Set();
  const visit = (path) => {
    if (found.has(path)) return;
    found.add(path);
    const { imports } = metafile.outputs[path];
    for (const it of imports) if (it.kind === "import-statement" && !it.external) visit(it.path);
  };
  visit(Object.keys(metafile.outputs).find((it) => metafile.outputs[it].entryPoint === "<stdin>"));
  const names = [...found].map((it) => it.split("/").at(-1));
  const texts = outputFiles.filter((it) => names.includes(it.path.split("/").at(-1)));
  const text = Buffer.concat(texts.map((it) => it.contents));
  return { min: text.length, gzip: gzipSync(text, { level: 9 }).length };
}

async function sizes() {
  const own = `${ROOT}clients/typescript/dist`;
  const version = (name) =>
    JSON.parse(readFileSync(`${BENCH}node_modules/${name}/package.json`, "utf8")).version;
  const rows = [
    ["@dormouse/client, connections and rooms", `export { Dormouse } from "./index.js"`, own],
    [
      "@dormouse/client with all its React hooks",
      `export { Dormouse } from "./index.js"; export * from "./react.js"`,
      own,
    ],
    [`partysocket ${version("partysocket")}, \`WebSocket\``, `export { WebSocket } from "partysocket"`],
    ["partysocket with its React hook", `export * from "partysocket"; export * from "partysocket/react"`],
    [`socket.io-client ${version("socket.io-client")}`, `export { io } from "socket.io-client"`],
    [`centrifuge ${version("centrifuge")}`, `export { Centrifuge } from "centrifuge"`],
  ];
  for (const [name, code, from] of rows) {
    const { min, gzip } = await size(code, from);
    const kb = (bytes) => (bytes / 1024).toFixed(1);
    console.log(`| ${name} | ${kb(min)} | ${kb(gzip)} |`);
  }
}

try {
  const { cpu, cores, memory_gib: memory } = machine();
  console.log(`${cores} × ${cpu}, ${memory} GiB; Node ${process.versions.node}; ${rounds} × ${samples}\n`);
  console.log(
    "| server | client | ms to the first event, median | medians of the rounds |\n|---|---|---|---|",
  );
  await times();
  console.log("\n| size | KB minified | KB gzipped |\n|---|---|---|");
  await sizes();
} finally {
  killAll();
}
process.exit();
