// Messages that wait to be sent, and those that were sent and wait for their answer: one list, in the
// order in which they leave. After a new connection what has no answer leaves again, with its id.
import { abortable, DormouseError } from "./errors.ts";
import type { Link } from "./link.ts";
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
/** The code of what is refused for its token. */
export const EXPIRED = "AUTHENTICATION_FAILED";
/** The codes of a connection that was closed for a message. */
const TOO_LARGE = ["MESSAGE_TOO_LARGE", "1009"];
/** A message that waits for a new token does so for this long. */
const EXPIRED_MS = 10_000;
const TTL_MS = 12 * 3600 * 1000;
/** The longest time that a timer of a browser can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1;

interface Entry {
  /** Without an id it is done when it is sent. */
  message: StoredMessage;
  options: SendOptions;
  rank: number;
  $isSent?: boolean;
  $tries: number;
  /** A new token was asked for because of it. */
  $isRenewed?: boolean;
  $timer: unknown;
  done: (answer: Frame) => void;
  failed: (error: unknown) => void;
}

/**
 * Messages that wait to be sent or answered, those of a higher priority first. What has no answer when a
 * socket ends is sent again on the next one, with the same id.
 */
export class Queue {
  /** The room is not attached to, and will be: only `direct` messages leave, and what went too early stays. */
  $isPaused = false;
  #user: string | undefined;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #options: QueueOptions;
  /** @internal */
  readonly $entries: Entry[] = [];
  /** While it runs only `direct` messages leave. */
  #hold: unknown;

  constructor(link: Link, options: QueueOptions = {}) {
    this.#link = link;
    this.#clock = link.$around.clock;
    this.#options = options;
    this.#store(async (storage) => {
      for (const { id, frame, user, at, ...rest } of await storage.load()) {
        if (this.$entries.some((it) => it.message.id === id)) continue;
        this.add(id, frame, { ...rest, keep: true }, user, at).catch(() => {});
        // The storage may be slower than the server.
        this.user = this.#user;
      }
    });
  }

  /** Whose messages these are, once that is known; those of another are dropped. */
  set user(user: string | undefined) {
    this.#user = user;
    if (user === undefined) return;
    for (const it of [...this.$entries]) {
      const { message, options } = it;
      const isNew = !message.user;
      message.user ??= user;
      if (isNew && options.keep) this.#store((storage) => storage.put(message));
      if (message.user !== user) this.#take(it, new DormouseError("CLOSED", "another user"));
    }
  }

  /** `id` is what an answer names. Resolves with that answer, or with the message itself once it was sent. */
  async add(
    id = "",
    frame: Frame,
    options: SendOptions = {},
    user = this.#user,
    at = this.#clock.now(),
  ): Promise<Frame> {
    const { signal, direct, queue, priority = "normal", ttlMs = this.#options.ttlMs ?? TTL_MS } = options;
    signal?.throwIfAborted();
    // What cannot be encoded is its author's fault, and told at once.
    this.#link.$dialect.check?.(frame, this.#link.state.hello);
    if ((direct || queue === false) && !this.#link.isOpen) {
      throw new DormouseError("NOT_CONNECTED", "", { retryable: true });
    }
    const rank = direct ? DIRECT : RANKS[priority];
    if (!direct) this.#makeRoom(rank);
    const entries = this.$entries;
    const message = { id, frame, priority, at, ttlMs, user };
    const entry = { message, options, rank, $tries: 0 } as Entry;
    const answer = new Promise<Frame>((done, failed) => Object.assign(entry, { done, failed }));
    const behind = entries.findIndex((it) => it.rank < rank);
    entries.splice(behind < 0 ? entries.length : behind, 0, entry);
    const expire = () => this.#take(entry, new DormouseError("EXPIRED"));
    entry.$timer = this.#clock.setTimeout(expire, Math.min(ttlMs + at - this.#clock.now(), TIMER_MS_MAX));
    if (options.keep) this.#store((storage) => storage.put(message));
    this.#link.$set({ queued: entries.length });
    if (direct) this.flush();
    else queueMicrotask(() => this.flush());
    return abortable(answer, signal).finally(() => this.#take(entry));
  }

  /** Sends what may leave now. */
  flush(): void {
    if (!this.#link.isOpen) return;
    let room = UNANSWERED_MAX - this.$entries.filter((it) => it.$isSent).length;
    const leaving = this.$entries.filter((it) => {
      const { message, options } = it;
      if (it.$isSent || (!options.direct && (this.$isPaused || this.#hold !== undefined || room <= 0)))
        return false;
      // A timer that slept would let them pass.
      if (message.ttlMs < this.#clock.now() - message.at) return false;
      if (message.id) room -= 1;
      it.$isSent = true;
      return true;
    });
    if (!leaving.length) return;
    this.#link.$transmit(leaving.map((it) => it.message.frame));
    for (const it of leaving) if (!it.message.id) this.#take(it)?.done(it.message.frame);
  }

  /** An answer came. Whether the message waits to be said again. */
  $answered(id: string, answer: Frame | DormouseError): boolean {
    const entry = this.$entries.find((it) => it.message.id === id);
    if (!entry) return false;
    if (answer instanceof DormouseError) {
      if (this.$isPaused && answer.code === "NOT_FOUND" && !entry.options.direct) {
        entry.$isSent = false;
        return true;
      }
      // A new token may be what it takes, once, whatever it was refused for before.
      const isExpired = answer.code === EXPIRED && !entry.$isRenewed;
      entry.$isRenewed ||= isExpired;
      const isAgain = (answer.retryable || isExpired) && !entry.options.direct;
      if (isAgain && ++entry.$tries < TRIES_MAX) {
        entry.$isSent = false;
        const backoff = 500 * 2 ** entry.$tries * (0.5 + this.#link.$around.random() / 2);
        // What waits behind it keeps its order so.
        this.#clock.clearTimeout(this.#hold);
        const ms = answer.retryAfterMs ?? (isExpired ? EXPIRED_MS : backoff);
        this.#hold = this.#clock.setTimeout(() => this.$release(), Math.min(ms, TIMER_MS_MAX));
        return true;
      }
      this.#take(entry, answer);
    } else {
      this.#take(entry);
      entry.options.answered?.(answer);
      entry.done(answer);
    }
    this.flush();
    return false;
  }

  /** What was held back may leave. */
  $release(): void {
    this.#clock.clearTimeout(this.#hold);
    this.#hold = undefined;
    this.flush();
  }

  /** The socket ended: what was not answered leaves again with the next one, if there is to be one. */
  $interrupted(error: DormouseError): void {
    this.$isPaused = false;
    if (TOO_LARGE.includes(error.code)) this.#dropLargest();
    for (const it of [...this.$entries]) {
      const { direct, queue } = it.options;
      if (!error.retryable || direct || queue === false) this.#take(it, error);
      it.$isSent = false;
    }
    this.$release();
  }

  /** Takes all messages back. */
  clear(error: DormouseError): void {
    for (const it of [...this.$entries]) this.#take(it, error);
  }

  /** What a server closed the connection for must not be sent again. It does not say which it was. */
  #dropLargest(): void {
    const size = ({ message }: Entry) => JSON.stringify(message.frame).length;
    const [largest] = this.$entries.filter((it) => it.$isSent).sort((a, b) => size(b) - size(a));
    if (largest) this.#take(largest, new DormouseError("MESSAGE_TOO_LARGE"));
  }

  /** Takes a message out of the list, unless it is gone already; with an error it has failed. */
  #take(entry: Entry, error?: unknown): Entry | undefined {
    const at = this.$entries.indexOf(entry);
    if (at < 0) return undefined;
    this.$entries.splice(at, 1);
    this.#clock.clearTimeout(entry.$timer);
    if (entry.options.keep) this.#store((storage) => storage.remove(entry.message.id));
    this.#link.$set({ queued: this.$entries.length });
    if (error) entry.failed(error);
    return entry;
  }

  #makeRoom(rank: number): void {
    const { limit = 1000, overflow } = this.#options;
    if (this.$entries.length < limit) return;
    const full = new DormouseError("QUEUE_FULL", "", { retryable: true });
    // The lowest priority stands last, its oldest message first.
    const lowest = this.$entries.at(-1)?.rank;
    const oldest = this.$entries.find((it) => it.rank === lowest && !it.$isSent);
    if (overflow !== "drop-oldest" || !oldest || rank < oldest.rank) throw full;
    this.#take(oldest, full);
  }

  /** Without a storage that works the queue is in memory alone. */
  async #store(use: (storage: QueueStorage) => unknown): Promise<void> {
    try {
      if (this.#options.storage) await use(this.#options.storage);
    } catch (error) {
      this.#link.$around.log("queue storage failed", error);
    }
  }
}
