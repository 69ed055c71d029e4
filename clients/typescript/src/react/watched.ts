// A value that is kept up only while a component shows it.
import { Store } from "../core/store.ts";
import { useStore } from "./store.ts";

export abstract class Watched<T> extends Store<T> {
  /** What is shown before anything is known. */
  readonly initial = this.getSnapshot();
  #watchers = 0;
  #isIn = false;

  get isWatched(): boolean {
    return 0 < this.#watchers;
  }

  /** For `useStore`. */
  readonly watch = (listener: () => void): (() => void) => {
    const stop = this.subscribe(listener);
    this.#watchers += 1;
    if (!this.#isIn) this.enter();
    this.#isIn = true;
    return () => {
      stop();
      this.#watchers -= 1;
      // React stops and begins in one go, in StrictMode for one.
      queueMicrotask(() => {
        if (this.isWatched || !this.#isIn) return;
        this.#isIn = false;
        this.leave();
      });
    };
  };

  protected abstract enter(): void;
  protected abstract leave(): void;
}

export function useWatched<T>({ watch, getSnapshot, initial }: Watched<T>): T {
  return useStore({ subscribe: watch, getSnapshot }, initial);
}
