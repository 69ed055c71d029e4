// The defaults of what surrounds a client. Globals are looked at when they are used.
import type { Clock, Environment, HostPage, SocketConstructor } from "./types.ts";

const realClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as number),
};

/** Those of the document bubble. */
const EVENTS = ["visibilitychange", "resume", "pageshow", "online", "offline"];

/** The page that this runs in. */
const ownPage: HostPage = {
  isHidden: () => document.hidden,
  isOffline: () => !navigator.onLine,
  listen(listener) {
    const stop = new AbortController();
    for (const name of EVENTS) window.addEventListener(name, listener, stop);
    return () => stop.abort();
  },
};

export type Surroundings = Required<Omit<Environment, "page">> & { page: HostPage | null };

export function surroundings(given: Environment): Surroundings {
  let last = "";
  return {
    get WebSocket() {
      return given.WebSocket ?? (globalThis.WebSocket as unknown as SocketConstructor);
    },
    clock: given.clock ?? realClock,
    random: given.random ?? Math.random,
    get page() {
      return given.page === undefined && globalThis.document ? ownPage : (given.page ?? null);
    },
    // The same again and again is said once.
    log(text, details) {
      if (text !== last) given.log?.(text, details);
      last = text;
    },
  };
}
