// The defaults of what surrounds a client. Globals are looked at when they are used.
import type { Clock, Environment, HostPage, SocketConstructor } from "./types.ts";

const realClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as number),
};

/** The page that this runs in, if it is one. */
function ownPage(): HostPage | null {
  const { document, window } = globalThis;
  if (!document?.addEventListener || !window?.addEventListener) return null;
  return {
    isHidden: () => document.visibilityState === "hidden",
    isOffline: () => navigator.onLine === false,
    listen(listener) {
      const stops: (() => void)[] = [];
      const add = (target: EventTarget, name: string, told: () => void) => {
        target.addEventListener(name, told);
        stops.push(() => target.removeEventListener(name, told));
      };
      const shown = () => listener(document.visibilityState === "hidden" ? "hidden" : "shown");
      add(document, "visibilitychange", shown);
      add(document, "resume", shown);
      add(window, "pageshow", shown);
      add(window, "online", () => listener("online"));
      add(window, "offline", () => listener("offline"));
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}

export type Surroundings = Required<Omit<Environment, "page">> & { page: HostPage | null };

export function surroundings(given: Environment): Surroundings {
  return {
    get WebSocket() {
      return given.WebSocket ?? (globalThis.WebSocket as unknown as SocketConstructor);
    },
    clock: given.clock ?? realClock,
    random: given.random ?? Math.random,
    get page() {
      return given.page === undefined ? ownPage() : given.page;
    },
    log: given.log ?? (() => {}),
  };
}
