// Fills rooms with history: one message by the protocol, then multiplied in the database
// itself, whatever its columns are.
import { globSync, mkdirSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { STATE } from "./paths.mjs";

const MESSAGE = JSON.stringify({ type: "message", data: { content: "x".repeat(100) } });

/** Makes a storage folder whose room `<size>` has as many entries, for each size. */
export async function seed(peer, sizes) {
  const storage = `${STATE}seeded/${peer.name}`;
  rmSync(storage, { recursive: true, force: true });
  const files = new Map();
  mkdirSync(storage, { recursive: true });
  const server = await peer.start(peer.modules, storage);
  try {
    for (const size of sizes) {
      const before = new Set(databases(storage));
      await say(peer, peer.url(server.port).replace("{room}", size));
      // A Durable Object has a file of its own, a Node process one for all rooms.
      files.set(size, databases(storage).find((it) => !before.has(it)) ?? databases(storage)[0]);
    }
  } finally {
    await server.stop();
  }
  for (const [size, file] of files) multiply(file, Number(size));
  return storage;
}

/** `metadata.sqlite` is workerd's own: its alarms. */
const databases = (storage) =>
  globSync(`${storage}/**/*.sqlite`).filter((it) => !it.endsWith("metadata.sqlite"));

/** Says one thing in a room, and waits until it is back. */
function say(peer, url) {
  const [wrapped, isOpen] =
    peer.framing === "socketio" ? [`42["message",${MESSAGE}]`, (data) => data.startsWith("40")] : [MESSAGE];
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.onerror = () => reject(new Error(`${url} cannot be reached`));
    if (!isOpen) socket.onopen = () => socket.send(wrapped);
    socket.onmessage = ({ data }) => {
      if (data.includes('"content":')) {
        socket.close();
        resolve();
      } else if (data.startsWith("0{")) socket.send("40");
      else if (isOpen?.(data)) socket.send(wrapped);
    };
  });
}

/** Makes the one entry of the room `<size>` that many, which differ in offset and id. */
function multiply(file, size) {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA synchronous = OFF");
  const columns = database.prepare("SELECT name FROM pragma_table_info('entry')").all();
  const names = columns.map((it) => it.name);
  const values = names.map((it) => {
    if (it === "offset") return "number";
    // Ids end in twelve hexadecimal digits; the rest stays.
    return it === "id" ? "substr(id, 1, length(id) - 12) || printf('%012x', number)" : it;
  });
  const ofRoom = names.includes("room") ? `WHERE room = '${size}'` : "";
  database.exec(`WITH RECURSIVE numbers (number) AS (
      SELECT 2 UNION ALL SELECT number + 1 FROM numbers WHERE number < ${size}
    )
    INSERT INTO entry (${names.join()})
    SELECT ${values.join()} FROM numbers, (SELECT * FROM entry ${ofRoom} LIMIT 1)`);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}
