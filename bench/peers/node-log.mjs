// The logs of all rooms of a Node process in one SQLite file, as durable as a Durable
// Object's: what is said has been synced to the disk.
import { DatabaseSync } from "node:sqlite";

const TABLE = `CREATE TABLE IF NOT EXISTS entry (
  room TEXT NOT NULL,
  offset INTEGER NOT NULL,
  id TEXT NOT NULL,
  timestamp TEXT NOT NULL,
  author TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (room, offset)
) WITHOUT ROWID`;
const APPEND = "INSERT INTO entry (room, offset, id, timestamp, author, content) VALUES (?, ?, ?, ?, ?, ?)";
const BEFORE = `SELECT offset, id, timestamp, author, content FROM entry
  WHERE room = ? AND offset < ? ORDER BY offset DESC LIMIT ?`;

/** Opens the file; gives the log of a room. */
export function openLogs(path) {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  database.exec(TABLE);
  const [head, append, before] = [
    database.prepare("SELECT coalesce(max(offset), 0) AS head FROM entry WHERE room = ?"),
    database.prepare(APPEND),
    database.prepare(BEFORE),
  ];
  return (room) => ({
    head: () => head.get(room).head,
    append: ({ offset, id, timestamp, author, content }) =>
      append.run(room, offset, id, timestamp, author, content),
    before: (offset, limit) => before.all(room, offset, limit),
  });
}
