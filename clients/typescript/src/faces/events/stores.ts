// What a dashboard shows, as stores: each subscribes to what it shows when it is first looked at.
import { Store } from "../../index.ts";

/** The last that was heard of an agent. */
export interface Agent {
  /** The name of the event. */
  event: string;
  data: unknown;
  timestamp: string;
}

/** The last value of a metric. */
export interface Metric {
  value: unknown;
  timestamp: string;
}

/** By name, what changed last at the end. A new map for every change. */
export type Shown<T> = ReadonlyMap<string, T>;

/** As many as the server keeps; the oldest give way. */
const KEYS_MAX = 1000;

export class ShownStore<T> extends Store<Shown<T>> {
  readonly #begin: (store: ShownStore<T>) => void;

  constructor(begin: (store: ShownStore<T>) => void) {
    super(new Map());
    this.#begin = begin;
  }

  protected override begin(): void {
    this.#begin(this);
  }

  /** `null` drops it. */
  put(key: string, value: T | null): void {
    const next = new Map(this.getSnapshot());
    next.delete(key);
    if (value !== null) next.set(key, value);
    const [oldest] = next.keys();
    if (KEYS_MAX < next.size) next.delete(oldest as string);
    this.show(next);
  }

  reset(all: Iterable<[string, T]>): void {
    this.show(new Map(all));
  }
}
