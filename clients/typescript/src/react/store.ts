// Values of the client that components show.
import { useSyncExternalStore } from "react";

interface Readable<T> {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => T;
}

/** `initial` is what a server renders, and what is shown first where that is taken over. */
export function useStore<T>({ subscribe, getSnapshot }: Readable<T>, initial: T): T {
  return useSyncExternalStore(subscribe, getSnapshot, () => initial);
}
