// No more messages a minute through a socket than the server takes; what is more waits in its order.
import { surroundings } from "../../core/environment.ts";
import type { Clock, Data, Environment, SocketConstructor } from "../../index.ts";

const MINUTE_MS = 60_000;
/** The platform answers it, and nothing counts it. */
const PING = '{"type":"ping"}';

export class Pace {
  /** What a link takes for `WebSocket`. */
  readonly WebSocket: SocketConstructor;
  readonly #clock: Clock;
  /** Nothing leaves before this time. */
  #heldUntil = 0;

  /** At most `limit` messages a minute; the minute begins with the first. */
  constructor(options: Environment, limit: number) {
    const { clock } = surroundings(options);
    this.#clock = clock;
    const pace = this;
    this.WebSocket = function Paced(url: string, protocols?: string[]) {
      const socket = new (surroundings(options).WebSocket)(url, protocols);
      const say = socket.send.bind(socket) as (data: Data) => void;
      const waiting: Data[] = [];
      let [openedAt, count, timer] = [0, 0, undefined as unknown];
      const flush = () => {
        timer = undefined;
        while (waiting.length && socket.readyState === 1) {
          const now = clock.now();
          if (MINUTE_MS <= Math.abs(now - openedAt)) [openedAt, count] = [now, 0];
          const next = Math.max(pace.#heldUntil, count < limit ? 0 : openedAt + MINUTE_MS);
          if (now < next) {
            timer = clock.setTimeout(flush, next - now);
            return;
          }
          count += 1;
          say(waiting.shift() as Data);
        }
      };
      socket.send = ((data: Data) => {
        if (data === PING) return say(data);
        waiting.push(data);
        if (timer === undefined) flush();
      }) as typeof socket.send;
      return socket;
    } as unknown as SocketConstructor;
  }

  /** The server asked for patience. */
  hold(ms: number): void {
    this.#heldUntil = this.#clock.now() + ms;
  }
}
