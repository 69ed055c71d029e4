// The client's side of a connection to the fake server: it behaves like a `WebSocket`.
import { FakeConnection } from "./connection.ts";
import type { FakeServer } from "./server.ts";
import type { Clock } from "./types.ts";

type Handler = (event: never) => void;

/** As long as a platform waits for the answer to a close before it gives up. */
const CLOSE_MS = 10_000;

/**
 * The client's end of a connection to a `FakeServer`. It behaves as a `WebSocket`, by the clock of the
 * server.
 */
export class FakeSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;

  readonly url: string;
  readonly protocols: string[];
  protocol = "";
  extensions = "";
  binaryType = "blob";
  bufferedAmount = 0;
  readyState: number = FakeSocket.CONNECTING;
  onopen: Handler | null = null;
  onmessage: Handler | null = null;
  onclose: Handler | null = null;
  onerror: Handler | null = null;
  /** Nothing gets through any more in either direction, and nobody is told. */
  isCut = false;
  readonly connection: FakeConnection;
  readonly #server: FakeServer<Clock>;
  /** When the last thing under way arrives, each way. */
  readonly #arrives = { up: 0, down: 0 };
  readonly #listeners = new Map<string, Set<Handler>>();

  constructor(server: FakeServer<Clock>, url: string | URL, protocols: string | string[] = []) {
    this.#server = server;
    this.url = String(url);
    this.protocols = [protocols].flat();
    this.connection = new FakeConnection(server, this);
    server.clock.setTimeout(() => this.#arrive(), server.delayMs);
  }

  #arrive(): void {
    if (this.readyState !== FakeSocket.CONNECTING) return;
    if (this.#server.isOffline) {
      this.#fire("error");
      this.#ended(1006, "");
      return;
    }
    if (!this.#server.isReachable) return;
    this.protocol = this.protocols.find((it) => it.startsWith("dormouse.v2.")) ?? "";
    this.readyState = FakeSocket.OPEN;
    this.#fire("open");
    this.#server.accept(this.connection);
  }

  /** @throws {Error} while it is connecting, as a real one does. */
  send(data: string | Uint8Array | ArrayBuffer): void {
    if (this.readyState === FakeSocket.CONNECTING) throw new Error("InvalidStateError: still connecting");
    if (this.readyState !== FakeSocket.OPEN) return;
    const sent = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    this.#later("up", () => {
      if (!this.isCut) this.connection.receive(sent);
    });
  }

  /** Closes the socket, as that of a `WebSocket`. After a cut the close takes 10 s and ends with 1006. */
  close(code = 1000, reason = ""): void {
    if (this.readyState === FakeSocket.CLOSING || this.readyState === FakeSocket.CLOSED) return;
    const wasOpen = this.readyState === FakeSocket.OPEN;
    this.readyState = FakeSocket.CLOSING;
    if (this.isCut || !wasOpen) {
      const wait = this.isCut ? CLOSE_MS : 0;
      this.#server.clock.setTimeout(() => this.#ended(1006, ""), wait);
      return;
    }
    this.#later("up", () => {
      this.connection.gone();
      this.#ended(code, reason);
    });
  }

  /** As that of a `WebSocket`, for `open`, `message`, `close` and `error`. */
  addEventListener(type: string, handler: Handler): void {
    const all = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, all.add(handler));
  }

  /** As that of a `WebSocket`. */
  removeEventListener(type: string, handler: Handler): void {
    this.#listeners.get(type)?.delete(handler);
  }

  /** The server's frame comes to the client. */
  deliver(data: string | Uint8Array): void {
    this.#later("down", () => {
      if (this.isCut || this.readyState !== FakeSocket.OPEN) return;
      this.#fire("message", { data: typeof data === "string" ? data : data.slice().buffer });
    });
  }

  /** The connection is cut, and the client sees that. */
  cut(): void {
    this.isCut = true;
    this.#server.clock.setTimeout(() => this.#ended(1006, ""), this.#server.delayMs);
  }

  /** The server closes. */
  end(code: number, reason: string): void {
    this.#later("down", () => {
      if (!this.isCut) this.#ended(code, reason);
    });
  }

  /** Comes to the other side in its time, and never before what went the same way before it. */
  #later(way: "up" | "down", run: () => void): void {
    const { clock, delayMs } = this.#server;
    const now = clock.now();
    this.#arrives[way] = Math.max(this.#arrives[way], now + delayMs);
    clock.setTimeout(run, this.#arrives[way] - now);
  }

  #ended(code: number, reason: string): void {
    if (this.readyState === FakeSocket.CLOSED) return;
    this.readyState = FakeSocket.CLOSED;
    this.connection.gone();
    this.#fire("close", { code, reason, wasClean: code !== 1006 });
  }

  #fire(type: string, more: object = {}): void {
    const own = { open: this.onopen, message: this.onmessage, close: this.onclose, error: this.onerror };
    const handlers = [own[type as keyof typeof own], ...(this.#listeners.get(type) ?? [])];
    for (const handler of handlers)
      (handler as ((event: object) => void) | null)?.({ type, target: this, ...more });
  }
}
