// Time that passes only when a test says so, and chance that is the same every time.

/** What `setTimeout` of a `VirtualClock` returns. */
export interface VirtualTimer {
  /** When it is due, in milliseconds since 1970. */
  readonly at: number;
}

type Timer = { at: number; order: number; callback: (() => void) | undefined };

/** How often promises get their turn between two timers: more than any chain of `await`s is long. */
const TURNS = 24;

/**
 * A clock for `new Dormouse({ clock })` and `new FakeServer({ clock })`. Nothing happens on it until
 * `advance`, `runAll` or `sleep` is called; between two timers promises settle.
 */
export class VirtualClock {
  #now: number;
  #order = 0;
  /** A heap: the timer that is due first is at 0. */
  readonly #timers: Timer[] = [];
  #pending = 0;

  /** @param start milliseconds since 1970; noon of 1 January 2024 unless it is given. */
  constructor(start = Date.UTC(2024, 0, 1, 12)) {
    this.#now = start;
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#pending;
  }

  /** The time on this clock, in milliseconds since 1970. */
  now(): number {
    return this.#now;
  }

  /** Calls back when so many milliseconds have passed on this clock. Returns what `clearTimeout` takes. */
  setTimeout(callback: () => void, ms = 0): VirtualTimer {
    this.#order += 1;
    const timer = { at: this.#now + Math.max(0, Math.ceil(ms)), order: this.#order, callback };
    this.#pending += 1;
    push(this.#timers, timer);
    return timer;
  }

  /** Takes a timer back. Anything else is ignored. */
  clearTimeout(timer: unknown): void {
    const it = timer as Timer | undefined;
    if (!it?.callback) return;
    it.callback = undefined;
    this.#pending -= 1;
    // Timers that were cleared far from being due must not pile up.
    if (this.#pending * 2 + 64 < this.#timers.length) {
      const left = this.#timers.filter((one) => one.callback);
      this.#timers.length = 0;
      for (const one of left) push(this.#timers, one);
    }
  }

  /** Lets so many milliseconds pass: what is due in them happens in order, each at its time. */
  async advance(ms = 0): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let at = this.#next(); at !== undefined && at <= end; at = this.#next()) {
      this.#now = Math.max(this.#now, at);
      this.#fire();
      await settle();
    }
    this.#now = end;
  }

  /** Lets time pass until `holds`. @throws {Error} if that takes longer than `msMax`. */
  async until(holds: () => boolean, msMax = 600_000): Promise<void> {
    const end = this.#now + msMax;
    await settle();
    while (!holds()) {
      const at = this.#next();
      if (at === undefined || end < at) throw new Error(`not within ${msMax} ms of virtual time`);
      this.#now = Math.max(this.#now, at);
      this.#fire();
      await settle();
    }
  }

  /** Lets time pass until no timer is set, at most `msMax`: heartbeats are set for ever. */
  async runAll(msMax = 3_600_000): Promise<void> {
    const end = this.#now + msMax;
    await settle();
    for (let at = this.#next(); at !== undefined && at <= end; at = this.#next()) {
      this.#now = Math.max(this.#now, at);
      this.#fire();
      await settle();
    }
  }

  /** The machine sleeps: time passes, and what was due meanwhile happens late, all at the end of it. */
  async sleep(ms: number): Promise<void> {
    this.#now += ms;
    await this.advance(0);
  }

  /** When the next timer is due. */
  #next(): number | undefined {
    while (this.#timers[0] && !this.#timers[0].callback) pop(this.#timers);
    return this.#timers[0]?.at;
  }

  #fire(): void {
    const timer = pop(this.#timers);
    const callback = timer?.callback;
    if (!timer || !callback) return;
    timer.callback = undefined;
    this.#pending -= 1;
    callback();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await null;
}

const isBefore = (a: Timer, b: Timer) => a.at < b.at || (a.at === b.at && a.order < b.order);

function push(heap: Timer[], timer: Timer): void {
  let at = heap.length;
  heap.push(timer);
  while (0 < at) {
    const up = (at - 1) >> 1;
    const parent = heap[up] as Timer;
    if (!isBefore(timer, parent)) break;
    heap[at] = parent;
    at = up;
  }
  heap[at] = timer;
}

function pop(heap: Timer[]): Timer | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (!first || !last || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = at * 2 + 1;
    const right = heap[child + 1];
    if (right && isBefore(right, heap[child] as Timer)) child += 1;
    const it = heap[child];
    if (!it || !isBefore(it, last)) break;
    heap[at] = it;
    at = child;
  }
  heap[at] = last;
  return first;
}

/** Numbers from 0 to below 1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let it = state;
    it = Math.imul(it ^ (it >>> 15), it | 1);
    it ^= it + Math.imul(it ^ (it >>> 7), it | 61);
    return ((it ^ (it >>> 14)) >>> 0) / 4_294_967_296;
  };
}
