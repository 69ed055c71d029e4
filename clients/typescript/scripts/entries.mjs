// The entries of the package: what each is built from, and how large it may become.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const PACKAGE = dirname(dirname(fileURLToPath(import.meta.url)));

const KB = 1024;

const ROOM_HOOKS =
  "DormouseProvider, useRoom, useConnection, useMessages, usePresence, useTyping, useMetric, useDocument";

/**
 * `bar` is in bytes of the minified bundle after `gzip -9`. That of "index" is of `uses`, which is the
 * whole client with its rooms, without tables of delays and records that nobody asks for; that of any
 * other entry is of what it adds to "index" and to those in `over`, without the modules in `EXTERNAL`.
 */
const ALL = [
  { name: "index", source: "index.ts", uses: "Dormouse", bar: 8.3 * KB },
  { name: "schemas", source: "frames/schemas.ts", bar: 6.5 * KB },
  { name: "document", source: "document/index.ts", bar: 3 * KB },
  { name: "large-data", source: "large/index.ts", bar: 2 * KB },
  { name: "indexeddb", source: "storage/index.ts", bar: 1.5 * KB },
  { name: "msgpack", source: "msgpack/index.ts", bar: 6.5 * KB },
  { name: "messages", source: "messages/index.ts", bar: 2.25 * KB },
  // The hooks of rooms. Those of the documented manager of /ws/client come to it where they are used.
  { name: "react", source: "react/index.ts", uses: ROOM_HOOKS, over: ["messages", "manager"], bar: 2 * KB },
  // The documented clients add 1.4 to 1.6 KB to "index"; by themselves they do not profit
  // from its words.
  { name: "archmesh", source: "faces/archmesh.ts", bar: 2.1 * KB },
  { name: "chat", source: "faces/chat.ts", bar: 2.1 * KB },
  { name: "analytics", source: "faces/analytics.ts", bar: 2.1 * KB },
  { name: "collaboration", source: "faces/collaboration.ts", bar: 2.1 * KB },
  { name: "events", source: "faces/events.ts", bar: 2.25 * KB },
  { name: "monitor", source: "faces/monitor.ts", bar: 1.5 * KB },
  { name: "connection", source: "faces/connection.ts", bar: 2.1 * KB },
  {
    name: "connection-context",
    source: "faces/connection-context.ts",
    over: ["connection"],
    bar: 0.5 * KB,
  },
  { name: "manager", source: "faces/manager.ts", bar: 2.1 * KB },
  { name: "diagnostics", source: "diagnostics/index.ts", bar: 6 * KB },
  {
    name: "diagnostics-react",
    source: "diagnostics/react.ts",
    over: ["diagnostics", "react"],
    bar: 0.5 * KB,
  },
  { name: "testing", source: "testing/index.ts" },
];

/** Modules that are the application's own, and no part of any bundle. */
export const EXTERNAL = ["react", "react-dom", "react/jsx-runtime"];

/** Members that are the package's own, and get short names: `$name`. */
export const OWN = /^\$/;

/** A source may end in `.tsx` too. Entries without a source are not built. */
export const entries = ALL.flatMap((entry) => {
  const path = [entry.source, `${entry.source}x`].map((it) => join(PACKAGE, "src", it)).find(existsSync);
  return path ? [{ ...entry, path }] : [];
});
