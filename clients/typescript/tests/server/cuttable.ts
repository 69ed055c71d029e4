// Sockets to the real server that a test can end as networks do.
import { WebSocket } from "ws";
import type { SocketConstructor, SocketLike } from "../../src/index.ts";

/** What happens to all sockets of one client. */
export class Cable {
  /** Attempts that fail from now on. */
  failures = 0;
  attempts = 0;
  readonly #open = new Set<Cuttable>();
  readonly #left = new Set<WebSocket>();

  readonly WebSocket: SocketConstructor;

  constructor() {
    const cable = this;
    this.WebSocket = class extends Cuttable {
      constructor(url: string, protocols: string[] = []) {
        cable.attempts += 1;
        const fails = 0 < cable.failures;
        if (fails) cable.failures -= 1;
        // Nobody listens there.
        super(fails ? "ws://127.0.0.1:9" : url, protocols);
        cable.#open.add(this);
        cable.#left.add(this.socket);
        this.socket.on("close", () => {
          cable.#open.delete(this);
          cable.#left.delete(this.socket);
        });
      }
    } as unknown as SocketConstructor;
  }

  /** The connection is gone, and both sides are told so. */
  kill(): void {
    for (const it of this.#open) it.socket.terminate();
  }

  /** Nothing passes any more, and neither side is told. */
  halfOpen(): void {
    for (const it of this.#open) it.isCut = true;
    this.#open.clear();
  }

  /** Sockets that are half open are still there: for the end of a test. */
  end(): void {
    for (const it of this.#left) it.terminate();
  }
}

class Cuttable implements SocketLike {
  isCut = false;
  binaryType = "arraybuffer";
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly socket: WebSocket;

  constructor(url: string, protocols: string[]) {
    this.socket = new WebSocket(url, protocols);
    this.socket.on("open", () => this.#tell("onopen", {}));
    this.socket.on("message", (data: Buffer, isBinary: boolean) => {
      const bytes = () => data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
      this.#tell("onmessage", { data: isBinary ? bytes() : data.toString() });
    });
    this.socket.on("close", (code, reason) => this.#tell("onclose", { code, reason: reason.toString() }));
    this.socket.on("error", () => this.#tell("onerror", {}));
  }

  get readyState(): number {
    return this.socket.readyState;
  }

  send(data: string | Uint8Array): void {
    if (!this.isCut) this.socket.send(data);
  }

  close(code?: number, reason?: string): void {
    if (!this.isCut) this.socket.close(code, reason);
  }

  #tell(to: "onopen" | "onmessage" | "onclose" | "onerror", event: object): void {
    if (!this.isCut) this[to]?.(event as never);
  }
}
