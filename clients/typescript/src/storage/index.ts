// The entry "./indexeddb": queues that outlive a reload, for `new Dormouse({ storage: indexedDb() })`.
import { createStore, del, entries, set } from "idb-keyval";
import type { QueueStorage, StoredMessage, TokenSource } from "../core/types.ts";

/** Options of `indexedDb`. */
export interface IndexedDbOptions {
  /** The name of the database. `dormouse` by default. */
  database?: string;
}

/** With its place in the queue: many are of one millisecond. */
type Kept = StoredMessage & { place?: number };

/**
 * Keeps queued messages in IndexedDB, for `new Dormouse({ storage: indexedDb() })`. Returns what makes the
 * storage of each queue from its name and the `sub` of the client's token, unless that is a function. The
 * database is opened when it is first used.
 * The messages of several tabs are kept beside each other. A tab that starts says again what has no answer,
 * with the same ids, and the server takes each id once. What the database refuses is told to `log`, and the
 * queue goes on in memory.
 */
export function indexedDb({
  database = "dormouse",
}: IndexedDbOptions = {}): (name: string, token?: TokenSource) => QueueStorage {
  let store: ReturnType<typeof createStore> | undefined;
  let places = 0;
  return (name, token) => {
    const prefix = `${name}\n${subjectOf(token)}\n`;
    /** What was asked for is done in that order: a message is not kept after it was removed. */
    let last: Promise<unknown> = Promise.resolve();
    const inOrder = <T>(use: (store: ReturnType<typeof createStore>) => Promise<T>): Promise<T> => {
      const next = last.then(() => {
        // Not before it is used: a server that renders has no database.
        store ??= createStore(database, "queue");
        return use(store);
      });
      last = next.catch(() => {});
      return next;
    };
    return {
      async load() {
        const all = await inOrder((it) => entries<string, Kept>(it));
        const own = all.filter(([key]) => key.startsWith(prefix)).map(([, kept]) => kept);
        own.sort((a, b) => a.at - b.at || (a.place ?? 0) - (b.place ?? 0));
        return own.map(({ place, ...message }) => message);
      },
      put(message) {
        const kept: Kept = { ...message, place: ++places };
        return inOrder((it) => set(prefix + message.id, kept, it));
      },
      remove: (id) => inOrder((it) => del(prefix + id, it)),
    };
  };
}

/** Who a token is of; `""` if it does not say, and for a function, whose token is not known yet. */
function subjectOf(token: TokenSource | undefined): string {
  if (typeof token !== "string") return "";
  try {
    const claims = token.split(".")[1] ?? "";
    return String(JSON.parse(atob(claims.replace(/-/g, "+").replace(/_/g, "/"))).sub ?? "");
  } catch {
    return "";
  }
}
