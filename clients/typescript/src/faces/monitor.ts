// The entry "./monitor": the documented monitor of a socket that an application holds itself. The
// clients of this package need none.
import { surroundings } from "../core/environment.ts";
import type { Clock } from "../index.ts";

/** What is monitored: a `WebSocket`, or what behaves like it. */
export interface MonitoredSocket {
  readonly readyState: number;
  send(data: string): void;
  addEventListener?(type: "message", listener: (event: { data?: unknown }) => void): void;
}

export interface MonitorOptions {
  /** 30,000 by default. */
  intervalMs?: number;
  /** Called when two pings in a row had no answer. */
  onDead?: () => void;
  clock?: Clock;
}

const INTERVAL_MS = 30_000;
const PING = '{"type":"ping"}';
const OPEN = 1;

export class WebSocketMonitor {
  readonly ws: MonitoredSocket;
  /** When the last pong came, in milliseconds since 1970. */
  lastPongAt: number | null = null;
  readonly #options: MonitorOptions;
  readonly #clock: Clock;
  #pingInterval: unknown = null;
  /** Pings since the last pong. */
  #unanswered = 0;

  /** Hears pongs by itself where the socket has `addEventListener`; else tell it by `handlePong`. */
  constructor(ws: MonitoredSocket, options: MonitorOptions = {}) {
    this.ws = ws;
    this.#options = options;
    this.#clock = surroundings(options).clock;
    ws.addEventListener?.("message", ({ data }) => {
      if (typeof data === "string" && /^\{"type":"pong"/.test(data)) this.handlePong();
    });
  }

  /** Whether the last ping but one was answered. */
  get isAlive(): boolean {
    return this.ws.readyState === OPEN && this.#unanswered < 2;
  }

  /** Pings every 30 s while the socket is open. */
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

  stopPing(): void {
    this.#clock.clearTimeout(this.#pingInterval);
    this.#pingInterval = null;
  }

  /** The connection is alive. */
  handlePong(): void {
    this.#unanswered = 0;
    this.lastPongAt = this.#clock.now();
  }
}
