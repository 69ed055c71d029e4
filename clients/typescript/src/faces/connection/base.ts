// What can be done with a connection, whatever it speaks.
import type { Link } from "../../index.ts";

/** What can be done with a connection, whatever it speaks. */
export abstract class WebSocketBase {
  /** The connection underneath: its events, its queue, its state. */
  abstract readonly link: Link;

  /**
   * Connects, and goes on trying. Resolves when the server has confirmed. Rejects with a `DormouseError`
   * when the connection is given up, or with the reason of the signal.
   */
  connect(options?: { signal?: AbortSignal }): Promise<void> {
    return this.link.connect(options);
  }

  /** Closes the connection until `connect`. Messages that wait stay. */
  disconnect(): void {
    this.link.disconnect();
  }

  /**
   * Drops the connection and makes an attempt now, as if it were the first. Resolves and rejects as
   * `connect`.
   */
  reconnect(options?: { signal?: AbortSignal }): Promise<void> {
    return this.link.reconnect(options);
  }

  /** Whether the server has confirmed the connection. */
  get isConnected(): boolean {
    return this.link.isOpen;
  }
}
