// What a dashboard shows, as stores: each subscribes to what it shows when it is first looked at.
import { Store } from "../../index.ts";

/** What was last heard of an agent. */
export interface Agent {
  /** The name of the event. */
  event: string;
  data: unknown;
  /** RFC 3339. */
  timestamp: string;
}

/** The last value of a metric. */
export interface Metric {
  value: unknown;
  /** RFC 3339. */
  timestamp: string;
}

/** Values by name, with the one that changed last at the end. A new map for every change. */
export type Shown<T> = ReadonlyMap<string, T>;

/** As many as the server keeps; the oldest give way. */
const KEYS_MAX = 1000;

/** A store of 1,000 values at most, which subscribes to what it shows when it is first looked at. */
export class ShownStore<T> extends Store<Shown<T>> {
  readonly #begin: (store: ShownStore<T>) => void;

  constructor(begin: (store: ShownStore<T>) => void) {
    super(new Map());
    this.#begin = begin;
  }

  protected override begin(): void {
    this.#begin(this);
  }

  /** Sets a value; `null` drops it. Above 1,000 the one that changed longest ago gives way. */
  put(key: string, value: T | null): void {
    const next = new Map(this.getSnapshot());
    next.delete(key);
    if (value !== null) next.set(key, value);
    const [oldest] = next.keys();
    if (KEYS_MAX < next.size) next.delete(oldest as string);
    this.show(next);
  }

  /** Replaces all values. */
  reset(all: Iterable<[string, T]>): void {
    this.show(new Map(all));
  }
}
