// No more messages a minute through a socket than the server takes; what is more waits in its order.
import { surroundings } from "../../core/environment.ts";
import type { Data, Environment, SocketConstructor } from "../../index.ts";

const MINUTE_MS = 60_000;
/** The platform answers it, and nothing counts it. */
const PING = '{"type":"ping"}';

/** A socket for a link: at most `limit` messages leave in a minute, which begins with the first. */
export function paced(options: Environment, limit: number): SocketConstructor {
  const { WebSocket, clock } = surroundings(options);
  return class Paced extends WebSocket {
    #waiting: Data[] = [];
    #openedAt = 0;
    #count = 0;
    #timer: unknown;

    override send(data: Data): void {
      if (data === PING) super.send(data as never);
      else {
        this.#waiting.push(data);
        this.#flush();
      }
    }

    override close(code?: number, reason?: string): void {
      this.#waiting = [];
      clock.clearTimeout(this.#timer);
      super.close(code, reason);
    }

    #flush(): void {
      const now = clock.now();
      if (MINUTE_MS <= Math.abs(now - this.#openedAt)) [this.#openedAt, this.#count] = [now, 0];
      for (const it of this.#waiting.splice(0, limit - this.#count)) {
        this.#count += 1;
        super.send(it as never);
      }
      clock.clearTimeout(this.#timer);
      const wait = this.#openedAt + MINUTE_MS - now;
      if (this.#waiting.length) this.#timer = clock.setTimeout(() => this.#flush(), wait);
    }
  };
}
