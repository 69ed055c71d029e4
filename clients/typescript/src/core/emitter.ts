// Listeners by name. One that throws harms no other, and nothing of the client's.

/** Options of functions that listen. */
export interface ListenOptions {
  /** Ends the listening. */
  signal?: AbortSignal;
}

/** Tells the platform of an error that has no one to catch it, without ending the program. */
export function report(error: unknown): void {
  const { reportError = console.error } = globalThis;
  reportError(error);
}

/** Listeners by name. One that throws harms no other: its error is reported to the platform. */
export class Emitter<Events extends { [Name in keyof Events]: unknown[] }> {
  readonly #listeners = new Map<keyof Events, Set<(...args: unknown[]) => void>>();

  /**
   * Calls the listener at every event of this name. Returns a function that ends it; `signal` ends it too.
   */
  on<Name extends keyof Events>(
    name: Name,
    listener: (...args: Events[Name]) => void,
    { signal }: ListenOptions = {},
  ): () => void {
    if (signal?.aborted) return () => {};
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // A function of its own, so that the same listener can be there twice.
    const own = (...args: unknown[]) => listener(...(args as Events[Name]));
    listeners.add(own);
    const stop = () => {
      listeners.delete(own);
      if (!listeners.size && this.#listeners.get(name) === listeners) this.#listeners.delete(name);
      signal?.removeEventListener("abort", stop);
    };
    signal?.addEventListener("abort", stop);
    return stop;
  }

  /** Calls the listeners of this name, in the order in which they were added. */
  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(...args);
      } catch (error) {
        report(error);
      }
    }
  }

  /** The names that somebody listens to. */
  names(): Iterable<keyof Events> {
    return this.#listeners.keys();
  }
}
