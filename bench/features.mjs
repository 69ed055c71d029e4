// npm run bench:features -- [--quick] [--rounds 5] [--only reactions,webhooks,search] [--keys 5]
// What features cost, by the wire, from a Worker in workerd with its databases on disk:
//   reactions  a page of 50 messages with 1,000 reactions each, of `--keys` different ones, beside
//              one of 50 without any
//   webhooks   a message where a service is told of each, beside one where none is: one at a time, and
//              with 64 in flight
//   search     a search in 100,000 messages that are indexed
// Each pair is measured in one run, in alternating order.
import { globSync, mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { machine } from "./lib/machine.mjs";
import { STATE } from "./lib/paths.mjs";
import { peers } from "./lib/peers.mjs";
import { cpuMs, killAll } from "./lib/processes.mjs";
import { median } from "./lib/stats.mjs";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    keys: { type: "string" },
    only: { type: "string" },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
const times = values.quick ? 10 : 100;
const messages = values.quick ? 5_000 : 100_000;

const MESSAGES_SHOWN = 50;
const KEYS = ["👍", "👎", "🎉", "❤️", "😂"].slice(0, Number(values.keys ?? 5));
const USERS_PER_KEY = 1_000 / KEYS.length;
const IN_FLIGHT = 64;
const PUBLISHED = values.quick ? 640 : 6_400;
/** Entries that one search indexes at most: so many searches, and all of them are indexed. */
const STEP_ENTRIES = 2_000;

const dormouse = peers.find((it) => it.name === "dormouse");
const storageOf = (name) => `${STATE}storage/features-${name}`;

/** Starts the Worker, on the storage of this name. */
async function start(name, variables = {}, isNew = true) {
  if (isNew) rmSync(storageOf(name), { recursive: true, force: true });
  mkdirSync(storageOf(name), { recursive: true });
  return dormouse.start(dormouse.modules, storageOf(name), variables);
}

/** A client that asks, one thing at a time. */
async function open(server, room, query = "") {
  const socket = new WebSocket(
    `ws://127.0.0.1:${server.port}/api/chat/ws?token=test&contextId=${room}${query}`,
  );
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return socket;
}

/** The answer to this frame. */
function ask(socket, frame) {
  return new Promise((resolve, reject) => {
    const listen = (text) => {
      const answer = JSON.parse(text);
      if (answer.id !== frame.id) return;
      socket.off("message", listen);
      if (answer.type === "error") reject(new Error(JSON.stringify(answer)));
      else resolve(answer);
    };
    socket.on("message", listen);
    socket.send(JSON.stringify(frame));
  });
}

const said = (content, id) => ({ type: "message", id, data: { content } });

/** How long each of these takes, in milliseconds, and the server's processor time for one. */
async function timed(server, count, work) {
  const [before, all] = [cpuMs(server.pid), []];
  for (let number = 0; number < count; number++) {
    const begun = performance.now();
    await work(number);
    all.push(performance.now() - begun);
  }
  return { all, cpu: (cpuMs(server.pid) - before) / count };
}

const p95 = (all) => all.toSorted((a, b) => a - b)[Math.ceil(all.length * 0.95) - 1];

/** The database in which there is an entry that says this. */
function databaseOf(name, content) {
  for (const file of globSync(`${storageOf(name)}/**/*.sqlite`)) {
    const database = new DatabaseSync(file);
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE name = 'entry'").all();
    const sql = "SELECT 1 FROM entry WHERE json_extract(data, '$.content') = ?";
    if (tables.length && database.prepare(sql).all(content).length) return database;
    database.close();
  }
  throw new Error(`no database has ${content}`);
}

async function reactions() {
  let server = await start("reactions");
  for (const room of ["plain", "reacted"]) {
    const socket = await open(server, room);
    for (let number = 0; number < MESSAGES_SHOWN; number++) {
      await ask(socket, said(`${room} ${number} ${"x".repeat(100)}`, `m${number}`));
    }
    // The tables of what is said about messages are there from the first of it on.
    await ask(socket, { type: "reaction", id: "r", data: { offset: 1, key: KEYS[0] } });
    await ask(socket, { type: "reaction", id: "s", data: { offset: 1, key: KEYS[0], on: false } });
    socket.close();
  }
  await server.stop();
  const database = databaseOf("reactions", `reacted 0 ${"x".repeat(100)}`);
  const react = database.prepare("INSERT INTO reaction (target, key, user, offset) VALUES (?, ?, ?, ?)");
  const total = database.prepare(
    "INSERT INTO reaction_total (target, key, count, users) VALUES (?, ?, ?, ?)",
  );
  database.exec("BEGIN");
  const users = Array.from({ length: USERS_PER_KEY }, (_, number) => `user${number}`);
  for (let target = 1; target <= MESSAGES_SHOWN; target++) {
    for (const key of KEYS) {
      for (const user of users) react.run(target, key, user, 51);
      total.run(target, key, USERS_PER_KEY, JSON.stringify(users.slice(0, 10)));
    }
  }
  database.exec("COMMIT");
  database.close();
  server = await start("reactions", {}, false);
  const rows = { plain: [], reacted: [] };
  const sockets = { plain: await open(server, "plain"), reacted: await open(server, "reacted") };
  const page = async (room) => {
    const frame = { type: "history", id: "h", data: { limit: MESSAGES_SHOWN } };
    const { data } = await ask(sockets[room], frame);
    if (data.messages.length !== MESSAGES_SHOWN) throw new Error("a page of another length");
    const count = data.messages[0].reactions?.[KEYS[0]]?.count;
    if (count !== (room === "reacted" ? USERS_PER_KEY : undefined)) throw new Error("a page without");
  };
  for (let round = 0; round < rounds; round++) {
    for (const room of round % 2 ? ["reacted", "plain"] : ["plain", "reacted"]) {
      await timed(server, times, () => page(room)); // Warm.
      rows[room].push(await timed(server, times, () => page(room)));
    }
  }
  await server.stop();
  return ratios("a page of 50", "with 1,000 reactions each", rows.plain, rows.reacted);
}

/** How the second compares with the first, round by round. */
function ratios(what, other, first, second) {
  const by = (of) => second.map((it, at) => of(it) / of(first[at]));
  const wall = by((it) => median(it.all));
  const processor = by((it) => it.cpu);
  const shown = (all) => all.map((it) => it.toFixed(2)).join(" ");
  const ms = (all) => median(all.map((it) => median(it.all))).toFixed(2);
  return [
    `${what}: ${ms(first)} ms; ${other}: ${ms(second)} ms`,
    `  wall ${median(wall).toFixed(2)} × (${shown(wall)}), processor ${median(processor).toFixed(2)} × (${shown(processor)})`,
  ];
}

/** Says so many things with some in flight, and answers how many milliseconds one took. */
async function publishes(server, name, inFlight, count) {
  const socket = await open(server, name, "&batch=1");
  const before = cpuMs(server.pid);
  const begun = performance.now();
  let [sent, heard] = [0, 0];
  await new Promise((resolve) => {
    const send = () => socket.send(JSON.stringify(said("x".repeat(100), `m${++sent}`)));
    socket.on("message", (text) => {
      const frames = JSON.parse(text);
      for (const frame of frames.type === "batch" ? frames.data : [frames]) {
        if (frame.type !== "message") continue;
        if (++heard === count) resolve();
        if (sent < count) send();
      }
    });
    for (let number = 0; number < inFlight; number++) send();
  });
  const ms = (performance.now() - begun) / count;
  socket.close();
  return { all: [ms], cpu: (cpuMs(server.pid) - before) / count };
}

async function webhooks() {
  let told = 0;
  const receiver = createServer(async (request, response) => {
    let body = "";
    try {
      for await (const chunk of request) body += chunk;
    } catch {
      return; // The server was stopped meanwhile.
    }
    told += JSON.parse(body).events.length;
    response.end();
  });
  await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const variables = {
    WEBHOOK_URL: `http://127.0.0.1:${receiver.address().port}/`,
    WEBHOOK_SECRET: "a secret of the receiver, 32 bytes or more",
    WEBHOOK_EVENTS: "*",
  };
  const rows = { without: [], told: [] };
  const alone = { without: [], told: [] };
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 ? ["told", "without"] : ["without", "told"]) {
      const server = await start(name, name === "told" ? variables : {});
      await publishes(server, "warm", IN_FLIGHT, PUBLISHED);
      alone[name].push(await publishes(server, "alone", 1, PUBLISHED / 8));
      rows[name].push(await publishes(server, "room", IN_FLIGHT, PUBLISHED));
      await server.stop();
    }
  }
  receiver.close();
  return [
    ...ratios("a message, one at a time", "with a webhook", alone.without, alone.told),
    ...ratios("a message, 64 in flight", "with a webhook", rows.without, rows.told),
    `  the service heard of ${told} events meanwhile`,
  ];
}

async function search() {
  let server = await start("search", { SEARCH: "chat" });
  const socket = await open(server, "room");
  await ask(socket, said("the first word0", "m"));
  socket.close();
  await server.stop();
  const database = databaseOf("search", "the first word0");
  const names = database.prepare("SELECT name FROM pragma_table_info('entry')").all();
  // Twelve words each, of 5,000 whose frequencies fall as those of a language do.
  const word = (of) => `'word' || CAST(5000 * pow(abs(random() / 9223372036854775807.0), ${of}) AS INTEGER)`;
  const content = Array.from({ length: 12 }, () => word(3)).join(" || ' ' || ");
  const columns = names.map(({ name }) => {
    if (name === "offset") return "number";
    if (name === "id") return "substr(id, 1, length(id) - 12) || printf('%012x', number)";
    if (name === "data") return `json_object('content', ${content}, 'messageType', 'text')`;
    return name;
  });
  database.exec(`WITH RECURSIVE numbers (number) AS (
      SELECT 2 UNION ALL SELECT number + 1 FROM numbers WHERE number < ${messages}
    )
    INSERT INTO entry (${names.map((it) => it.name).join()})
    SELECT ${columns.join()} FROM numbers, (SELECT * FROM entry LIMIT 1)`);
  database.close();
  server = await start("search", { SEARCH: "chat" }, false);
  const client = await open(server, "room");
  const find = async (text, order) =>
    (await ask(client, { type: "search", id: "q", data: { text, order, limit: 20 } })).data;
  const steps = [];
  for (let complete = false; !complete; ) {
    if (2 * (messages / STEP_ENTRIES) < steps.length) throw new Error("it is never indexed");
    const begun = performance.now();
    ({ complete } = await find("word1", "newest"));
    steps.push(performance.now() - begun);
  }
  const lines = [
    `a search in ${messages} messages, the ${steps.length} that index it: at most ${Math.max(...steps).toFixed(0)} ms each`,
  ];
  const texts = (number) => {
    const one = Math.floor(5_000 * ((number * 0.618) % 1) ** 3);
    return {
      rare: `word${4000 + (number % 999)}`,
      any: `word${one}`,
      two: `word${one} word${number % 50}`,
      prefix: `word${100 + (number % 400)}*`,
    };
  };
  for (const order of ["newest", "best"]) {
    for (const kind of ["rare", "any", "two", "prefix"]) {
      const { all } = await timed(server, 2 * times, (number) => find(texts(number)[kind], order));
      lines.push(`  ${order}, ${kind}: p50 ${median(all).toFixed(1)} ms, p95 ${p95(all).toFixed(1)} ms`);
    }
  }
  await server.stop();
  return lines;
}

try {
  dormouse.modules = await dormouse.prepare();
  const { cpu: model, cores, fdatasync_us } = machine();
  console.log(`${model}, ${cores} cores; fdatasync ${fdatasync_us} µs; ${rounds} rounds.`);
  const all = { reactions, webhooks, search };
  const only = values.only?.split(",") ?? Object.keys(all);
  for (const measure of only.map((it) => all[it])) console.log((await measure()).join("\n"));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  killAll();
}
process.exit();
