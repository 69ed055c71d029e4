// The entry "./indexeddb": queues that outlive a reload, for `new Dormouse({ storage: indexedDb() })`.
import { createStore, del, entries, set } from "idb-keyval";
import type { QueueStorage, StoredMessage } from "../core/types.ts";

/** Options of `indexedDb`. */
export interface IndexedDbOptions {
  /** The name of the database. `dormouse` by default. */
  database?: string;
}

/**
 * Keeps queued messages in IndexedDB, for `new Dormouse({ storage: indexedDb() })`. Returns what makes the
 * storage of each queue from its name. The database is opened when it is first used.
 * The messages of several tabs are kept beside each other. A tab that starts says again what has no answer,
 * with the same ids, and the server takes each id once. What the database refuses is told to `log`, and the
 * queue goes on in memory.
 */
export function indexedDb({ database = "dormouse" }: IndexedDbOptions = {}): (name: string) => QueueStorage {
  let store: ReturnType<typeof createStore> | undefined;
  return (name) => {
    const key = (id: string) => `${name}\n${id}`;
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
        const all = await inOrder((it) => entries<string, StoredMessage>(it));
        const own = all.filter(([it]) => it.startsWith(`${name}\n`)).map(([, message]) => message);
        return own.sort((a, b) => a.at - b.at);
      },
      put: (message) => inOrder((it) => set(key(message.id), message, it)),
      remove: (id) => inOrder((it) => del(key(id), it)),
    };
  };
}
