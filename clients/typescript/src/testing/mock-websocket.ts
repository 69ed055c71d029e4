// The mock of the chat document, for code that holds a socket itself.

/** What a listener of `MockWebSocket` is called with. */
export interface MockEvent {
  readonly type: string;
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
  readonly wasClean?: boolean;
}

type Listener = (event: never) => void;

/**
 * A socket that is open from the start and leads nowhere: `sent` has what was sent, and
 * `simulateMessage` is what the server would say.
 */
export class MockWebSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;

  /** Every mock that was made since `reset`, the newest last. */
  static readonly instances: MockWebSocket[] = [];

  readonly url: string;
  readonly protocols: string[];
  protocol = "";
  extensions = "";
  binaryType = "blob";
  bufferedAmount = 0;
  readyState: number = MockWebSocket.OPEN;
  onopen: Listener | null = null;
  onmessage: Listener | null = null;
  onclose: Listener | null = null;
  onerror: Listener | null = null;
  /** What was sent, the oldest first. */
  readonly sent: unknown[] = [];
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(url = "ws://mock", protocols: string | string[] = []) {
    this.url = String(url);
    this.protocols = [protocols].flat();
    MockWebSocket.instances.push(this);
  }

  /** Empties `instances`. */
  static reset(): void {
    MockWebSocket.instances.length = 0;
  }

  /** What was sent, read as JSON. */
  get messages(): unknown[] {
    return this.sent.map((it) => JSON.parse(String(it)));
  }

  /** @throws {Error} before the socket is open, as a real one does. */
  send(data: unknown): void {
    if (this.readyState === MockWebSocket.CONNECTING) throw new Error("InvalidStateError: still connecting");
    if (this.readyState === MockWebSocket.OPEN) this.sent.push(data);
  }

  /** Closes the socket at once, and calls the listeners of `close`. */
  close(code = 1000, reason = ""): void {
    if (this.readyState === MockWebSocket.CLOSED) return;
    this.simulateClose(code, reason);
  }

  /** As that of a `WebSocket`, for `open`, `message`, `close` and `error`. */
  addEventListener(type: string, listener: Listener): void {
    const all = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, all.add(listener));
  }

  /** As that of a `WebSocket`. */
  removeEventListener(type: string, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  /** The server accepts the socket: for a mock whose `readyState` a test has put back to 0. */
  simulateOpen(): void {
    this.readyState = MockWebSocket.OPEN;
    this.#tell({ type: "open" });
  }

  /** The server says this: as JSON, unless it is text or bytes already. */
  simulateMessage(data: unknown): void {
    const isRaw = typeof data === "string" || data instanceof ArrayBuffer;
    this.#tell({ type: "message", data: isRaw ? data : JSON.stringify(data) });
  }

  /** Calls the listeners of `error`. The socket stays open. */
  simulateError(): void {
    this.#tell({ type: "error" });
  }

  /** The server or the network ends the connection. 1006, the default, is a connection that was cut. */
  simulateClose(code = 1006, reason = ""): void {
    this.readyState = MockWebSocket.CLOSED;
    this.#tell({ type: "close", code, reason, wasClean: code !== 1006 });
  }

  #tell(event: MockEvent): void {
    const own = { open: this.onopen, message: this.onmessage, close: this.onclose, error: this.onerror };
    const listeners = [own[event.type as keyof typeof own], ...(this.#listeners.get(event.type) ?? [])];
    for (const listener of listeners) (listener as ((event: MockEvent) => void) | null)?.(event);
  }
}
