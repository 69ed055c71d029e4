// The log of a room in a Durable Object's own SQLite.

const TABLE = `CREATE TABLE IF NOT EXISTS entry (
  offset INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  timestamp TEXT NOT NULL,
  author TEXT NOT NULL,
  content TEXT NOT NULL
)`;
const APPEND = "INSERT INTO entry (offset, id, timestamp, author, content) VALUES (?, ?, ?, ?, ?)";
const BEFORE =
  "SELECT offset, id, timestamp, author, content FROM entry WHERE offset < ? ORDER BY offset DESC LIMIT ?";

export class DurableLog {
  #sql;

  constructor(sql) {
    this.#sql = sql;
    sql.exec(TABLE);
  }

  head() {
    return this.#sql.exec("SELECT coalesce(max(offset), 0) AS head FROM entry").one().head;
  }

  append({ offset, id, timestamp, author, content }) {
    this.#sql.exec(APPEND, offset, id, timestamp, author, content);
  }

  before(offset, limit) {
    return this.#sql.exec(BEFORE, offset, limit).toArray();
  }
}
