// Messages that wait to be sent, and those that were sent and wait for their answer: one list, in the
// order in which they leave. After a new connection what has no answer leaves again, with its id.
import { DormouseError } from "./errors.ts";
import type {
  Clock,
  Frame,
  Priority,
  QueueOptions,
  QueueStorage,
  SendOptions,
  StoredMessage,
} from "./types.ts";

const RANKS: Record<Priority, number> = { low: 0, normal: 1, high: 2, critical: 3 };
/** A `direct` message is ahead of all. */
const DIRECT = 4;
/** How many may wait for their answers at once. */
const UNANSWERED_MAX = 32;
/** A message that the server says to send again is, so many times. */
const TRIES_MAX = 5;

/** A message that waits for a new token does so for this long. */
const EXPIRED_MS = 10_000;

const TTL_MS = 12 * 3600 * 1000;
/** The longest time that a timer of a browser can wait. */
export const TIMER_MS_MAX = 2 ** 31 - 1;

interface Entry {
  id: string;
  frame: Frame;
  rank: number;
  at: number;
  ttlMs: number;
  options: SendOptions;
  /** Whether it is done only when it is answered. */
  isAwaited: boolean;
  isSent: boolean;
  tries: number;
  /** A new token was asked for because of it. */
  isRenewed?: boolean;
  user: string | undefined;
  done: (answer: Frame) => void;
  failed: (error: unknown) => void;
  unlisten: () => void;
}

interface Hooks {
  clock: Clock;
  random: () => number;
  /** Throws at a message that cannot be said. */
  check: (frame: Frame) => void;
  /** Sends messages that may leave now, in order. */
  transmit: (frames: Frame[]) => void;
  /** Whether messages may leave. */
  isReady: () => boolean;
  changed: (length: number) => void;
  log: (text: string, details?: unknown) => void;
}

export class Queue {
  /** Whose messages these are, once that is known; those of another are dropped. */
  user: string | undefined;
  /** The room is not attached to, and will be: only `direct` messages leave, and what went too early stays. */
  isPaused = false;
  readonly #hooks: Hooks;
  readonly #options: QueueOptions;
  #entries: Entry[] = [];
  /** While it runs only `direct` messages leave. */
  #hold: unknown;
  #timer: unknown;

  constructor(options: QueueOptions, hooks: Hooks) {
    this.#options = options;
    this.#hooks = hooks;
    this.#store(async (storage) => {
      for (const it of await storage.load()) this.#restore(it);
      this.flush();
    });
  }

  get length(): number {
    return this.#entries.length;
  }

  add(id: string, frame: Frame, isAwaited: boolean, options: SendOptions = {}): Promise<Frame> {
    return new Promise((done, failed) => {
      const { signal, direct, queue, priority = "normal", ttlMs = this.#options.ttlMs ?? TTL_MS } = options;
      signal?.throwIfAborted();
      // What cannot be encoded is its author's fault, and told at once.
      this.#hooks.check(frame);
      if ((direct || queue === false) && !this.#hooks.isReady()) {
        throw new DormouseError("NOT_CONNECTED", "There is no connection", { retryable: true });
      }
      this.#makeRoom(direct ? DIRECT : RANKS[priority]);
      const taken = () => this.#take(entry)?.failed(signal?.reason);
      const entry: Entry = {
        id,
        frame,
        rank: direct ? DIRECT : RANKS[priority],
        at: this.#hooks.clock.now(),
        ttlMs,
        options,
        isAwaited,
        isSent: false,
        tries: 0,
        user: this.user,
        done,
        failed,
        unlisten: () => signal?.removeEventListener("abort", taken),
      };
      signal?.addEventListener("abort", taken);
      this.#insert(entry);
      if (options.keep) this.#store((storage) => storage.put(stored(entry, priority)));
      if (direct) this.flush();
      else queueMicrotask(() => this.flush());
    });
  }

  /** Sends what may leave now. */
  flush(): void {
    this.#expire();
    if (!this.#hooks.isReady()) return;
    let room = UNANSWERED_MAX - this.#entries.filter((it) => it.isSent).length;
    const leaving: Entry[] = [];
    for (const it of this.#entries) {
      const isHeld = this.isPaused || this.#hold !== undefined || room <= 0;
      if (it.isSent || (it.rank !== DIRECT && isHeld)) continue;
      if (it.user !== undefined && this.user !== undefined && it.user !== this.user) {
        this.#take(it)?.failed(new DormouseError("CLOSED", "Another user is signed in"));
        continue;
      }
      if (it.isAwaited) room -= 1;
      leaving.push(it);
    }
    if (!leaving.length) return;
    for (const it of leaving) it.isSent = true;
    this.#hooks.transmit(leaving.map((it) => it.frame));
    for (const it of leaving) if (!it.isAwaited) this.#take(it)?.done(it.frame);
  }

  /** An answer came. Whether the message waits to be said again. */
  answered(id: string, answer: Frame | DormouseError): boolean {
    const entry = this.#entries.find((it) => it.id === id && it.isAwaited);
    if (!entry) return false;
    const isError = answer instanceof DormouseError;
    if (this.isPaused && isError && answer.code === "NOT_FOUND" && !entry.options.direct) {
      entry.isSent = false;
      return true;
    }
    // A new token may be what it takes, once, whatever it was refused for before.
    const isExpired = isError && answer.code === "AUTHENTICATION_FAILED" && !entry.isRenewed;
    entry.isRenewed ||= isExpired;
    const isAgain = isError && (answer.retryable || isExpired) && !entry.options.direct;
    if (isAgain && ++entry.tries < TRIES_MAX) {
      entry.isSent = false;
      const backoff = 500 * 2 ** entry.tries * (0.5 + this.#hooks.random() / 2);
      this.hold(answer.retryAfterMs ?? (isExpired ? EXPIRED_MS : backoff));
      return true;
    }
    this.#take(entry);
    if (isError) entry.failed(answer);
    else {
      entry.options.answered?.(answer);
      entry.done(answer);
    }
    this.flush();
    return false;
  }

  /** Lets nothing leave for a time. What waits behind a message that was refused keeps its order so. */
  hold(ms: number): void {
    const { clock } = this.#hooks;
    clock.clearTimeout(this.#hold);
    this.#hold = clock.setTimeout(() => this.release(), Math.min(ms, TIMER_MS_MAX));
  }

  /** What was held back may leave. */
  release(): void {
    this.#hooks.clock.clearTimeout(this.#hold);
    this.#hold = undefined;
    this.flush();
  }

  /** The socket ended: what was not answered leaves again with the next one. */
  interrupted(error: DormouseError): void {
    this.isPaused = false;
    for (const it of [...this.#entries]) {
      if (it.options.direct || it.options.queue === false) this.#take(it)?.failed(error);
      it.isSent = false;
    }
    this.release();
  }

  /** Takes all messages back. */
  clear(error: DormouseError): void {
    for (const it of [...this.#entries]) this.#take(it)?.failed(error);
  }

  #insert(entry: Entry): void {
    let at = this.#entries.length;
    while (0 < at && (this.#entries[at - 1]?.rank ?? 0) < entry.rank) at -= 1;
    this.#entries.splice(at, 0, entry);
    this.#watch();
    this.#hooks.changed(this.#entries.length);
  }

  /** Takes a message out of the list, unless it is gone already. */
  #take(entry: Entry): Entry | undefined {
    const at = this.#entries.indexOf(entry);
    if (at === -1) return undefined;
    this.#entries.splice(at, 1);
    entry.unlisten();
    if (entry.options.keep) this.#store((storage) => storage.remove(entry.id));
    this.#watch();
    this.#hooks.changed(this.#entries.length);
    return entry;
  }

  #makeRoom(rank: number): void {
    const { limit = 1000, overflow = "reject" } = this.#options;
    if (this.#entries.length < limit || rank === DIRECT) return;
    const full = () => new DormouseError("QUEUE_FULL", `${limit} messages are waiting`, { retryable: true });
    // The lowest priority stands last, its oldest message first.
    const lowest = this.#entries.at(-1)?.rank ?? 0;
    const oldest = this.#entries.find((it) => it.rank === lowest && !it.isSent);
    if (overflow === "reject" || !oldest || rank < lowest) throw full();
    this.#take(oldest)?.failed(full());
  }

  /** A clock that was set back makes messages young, and none old. */
  #expire(): void {
    const now = this.#hooks.clock.now();
    for (const it of this.#entries.filter(({ at, ttlMs }) => ttlMs <= now - at)) {
      this.#take(it)?.failed(new DormouseError("EXPIRED", `Not answered within ${it.ttlMs} ms`));
    }
  }

  /** Rings when the first message expires. */
  #watch(): void {
    const { clock } = this.#hooks;
    clock.clearTimeout(this.#timer);
    const next = Math.min(...this.#entries.map((it) => it.at + it.ttlMs)) - clock.now();
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = clock.setTimeout(
      () => {
        this.#expire();
        this.#watch();
      },
      Math.min(Math.max(next, 0), TIMER_MS_MAX),
    );
  }

  /** Without a storage that works the queue is in memory alone. */
  async #store(use: (storage: QueueStorage) => unknown): Promise<void> {
    try {
      if (this.#options.storage) await use(this.#options.storage);
    } catch (error) {
      this.#hooks.log("The storage of the queue failed", error);
    }
  }

  #restore({ id, frame, priority, at, ttlMs, user }: StoredMessage): void {
    if (this.#entries.some((it) => it.id === id)) return;
    const rest = { isAwaited: true, isSent: false, tries: 0, user, options: { keep: true } };
    const none = () => {};
    const entry: Entry = {
      ...{ id, frame, at, ttlMs, rank: RANKS[priority], ...rest },
      ...{ done: none, failed: none, unlisten: none },
    };
    this.#insert(entry);
  }
}

const stored = ({ id, frame, at, ttlMs, user }: Entry, priority: Priority): StoredMessage => ({
  ...{ id, frame, priority, at, ttlMs },
  ...(user !== undefined && { user }),
});
