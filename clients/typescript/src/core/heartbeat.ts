// Pings, and what follows when one is not answered. Time is read from the clock: a timer that rings
// late, after sleep or in a page in the background, says nothing of the connection.
import type { Link } from "./link.ts";
import type { Clock, Phase } from "./types.ts";

/** A timer that rings so much later than it should was held back. */
const LATE_MS = 5000;
/** How long an answer is waited for when the machine or the page has just come back. */
const PROBE_MS = 5000;
/** How long an answer to a ping is waited for else. */
const PONG_TIMEOUT_MS = 10_000;
const PING = '{"type":"ping"}';

/** Pings a link, and has it replaced if nothing comes within the time for an answer. */
export class Heartbeat {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #intervalMs = 0;
  #beat: unknown;
  #check: unknown;
  #pingedAt: number | null = null;

  constructor(link: Link, timeoutMs = PONG_TIMEOUT_MS) {
    this.#link = link;
    this.#clock = link.$around.clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Pings every `intervalMs` milliseconds from now on; 0: not by itself. */
  start(intervalMs: number): void {
    this.stop();
    this.#intervalMs = intervalMs;
    this.#next();
  }

  /** Pings no more. */
  stop(): void {
    this.#clock.clearTimeout(this.#beat);
    this.#clock.clearTimeout(this.#check);
    this.#check = undefined;
    this.#pingedAt = null;
  }

  /** Something came: the connection lives. */
  $heard(isPong: boolean): void {
    this.#clock.clearTimeout(this.#check);
    this.#check = undefined;
    this.#show("open");
    if (!isPong || this.#pingedAt === null) return;
    this.#link.$events.emit("pong", Math.max(this.#clock.now() - this.#pingedAt, 0));
    this.#pingedAt = null;
  }

  /** Pings now, and takes the connection for dead if nothing comes in this time. */
  $probe(limitMs = PROBE_MS): void {
    this.#pingedAt = this.#clock.now();
    this.#wait(limitMs / 2, () => {
      this.#show("degraded");
      const verdict = { action: "retry", kind: "timeout", reason: "no answer to a ping" } as const;
      this.#wait(limitMs / 2, () => this.#link.$end(verdict));
    });
    this.#link.$say(this.#link.$dialect.ping?.() ?? PING);
  }

  #show(phase: Phase): void {
    if (this.#link.isOpen) this.#link.$set({ phase });
  }

  #wait(ms: number, then: () => void): void {
    this.#clock.clearTimeout(this.#check);
    const due = this.#clock.now() + ms;
    this.#check = this.#clock.setTimeout(() => {
      this.#check = undefined;
      // An answer may wait behind a timer that was held back, or the ping was never sent: ask again.
      if (LATE_MS < Math.abs(this.#clock.now() - due)) this.$probe();
      else then();
    }, ms);
  }

  #next(): void {
    if (!this.#intervalMs) return;
    const due = this.#clock.now() + this.#intervalMs;
    this.#beat = this.#clock.setTimeout(() => {
      this.#next();
      const isLate = LATE_MS < Math.abs(this.#clock.now() - due);
      if (this.#check === undefined || isLate) this.$probe(isLate ? PROBE_MS : this.#timeoutMs);
    }, this.#intervalMs);
  }
}
