// What can be done with a connection, whatever it speaks.
import type { Link } from "../../index.ts";

export abstract class WebSocketBase {
  /** What keeps the connection up: its events, its queue, its state. */
  abstract readonly link: Link;

  /** Resolves when the server has confirmed; rejects with a `DormouseError`, or with the signal's reason. */
  connect(options?: { signal?: AbortSignal }): Promise<void> {
    return this.link.connect(options);
  }

  /** Closes the connection until `connect`. Messages that wait stay. */
  disconnect(): void {
    this.link.disconnect();
  }

  /** Drops the connection and makes an attempt now, as if it were the first. */
  reconnect(options?: { signal?: AbortSignal }): Promise<void> {
    return this.link.reconnect(options);
  }

  get isConnected(): boolean {
    return this.link.isOpen;
  }
}
