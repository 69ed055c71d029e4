// The entry "./monitor": the documented monitor of a socket that an application holds itself. The
// clients of this package need none.
import { surroundings } from "../core/environment.ts";
import type { Clock } from "../index.ts";

/** What is monitored: a `WebSocket`, or an object with these members. */
export interface MonitoredSocket {
  /** As of a `WebSocket`: 1 is open. */
  readonly readyState: number;
  /** Sends a ping. */
  send(data: string): void;
  /** Tells of messages. Where it is missing, call `handlePong` yourself. */
  addEventListener?(type: "message", listener: (event: { data?: unknown }) => void): void;
}

/** Options of `WebSocketMonitor`. */
export interface MonitorOptions {
  /** Milliseconds from ping to ping. 30,000 by default. */
  intervalMs?: number;
  /** Called at the next ping after two in a row that had no answer, and at each one that follows. */
  onDead?: () => void;
  /** The clock of the pings. By default the real one. */
  clock?: Clock;
}

const INTERVAL_MS = 30_000;
const PING = '{"type":"ping"}';
const OPEN = 1;

/**
 * Pings a socket that the application holds itself, and says whether it answers. The other clients of this
 * package need none.
 */
export class WebSocketMonitor {
  /** The socket. */
  readonly ws: MonitoredSocket;
  /** When the last pong came, in milliseconds since 1970; `null` before the first. */
  lastPongAt: number | null = null;
  readonly #options: MonitorOptions;
  readonly #clock: Clock;
  #pingInterval: unknown = null;
  /** Pings since the last pong. */
  #unanswered = 0;

  /**
   * Hears pongs by itself where the socket has `addEventListener`. Otherwise call `handlePong` at each one.
   * No ping is sent before `startPing`.
   */
  constructor(ws: MonitoredSocket, options: MonitorOptions = {}) {
    this.ws = ws;
    this.#options = options;
    this.#clock = surroundings(options).clock;
    ws.addEventListener?.("message", ({ data }) => {
      if (typeof data === "string" && /^\{"type":"pong"/.test(data)) this.handlePong();
    });
  }

  /** Whether the socket is open and fewer than two pings in a row are without an answer. */
  get isAlive(): boolean {
    return this.ws.readyState === OPEN && this.#unanswered < 2;
  }

  /** Sends a ping every `intervalMs` while the socket is open. The first one is sent after `intervalMs`. */
  startPing(): void {
    this.stopPing();
    this.#pingInterval = this.#clock.setTimeout(() => {
      this.startPing();
      if (this.ws.readyState !== OPEN) return;
      if (!this.isAlive) this.#options.onDead?.();
      this.#unanswered += 1;
      this.ws.send(PING);
    }, this.#options.intervalMs ?? INTERVAL_MS);
  }

  /** Sends no more pings. */
  stopPing(): void {
    this.#clock.clearTimeout(this.#pingInterval);
    this.#pingInterval = null;
  }

  /** Says that a pong came. */
  handlePong(): void {
    this.#unanswered = 0;
    this.lastPongAt = this.#clock.now();
  }
}
