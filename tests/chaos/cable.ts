// A cable: what one client says to the server and hears from it goes through here, byte by byte if need
// be, and can be cut as networks cut.

import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A chunk is sliced to single bytes up to here; the rest of it follows in one piece. */
const SLICED_MAX = 256;
/** A cut waits so long for bytes to pass, so that it falls into the middle of them. */
const CUT_WAIT_MS = 200;

type Chunk = { data: Buffer; due: number };

class Pair {
  /** Cuts what passes next in its middle. */
  isDoomed = false;
  /** Nothing passes any more, and nobody is told. */
  isHeld = false;
  readonly client: Socket;
  readonly server: Socket;

  constructor(client: Socket, server: Socket) {
    this.client = client;
    this.server = server;
  }

  end(): void {
    this.client.destroy();
    this.server.destroy();
  }

  reset(): void {
    this.client.resetAndDestroy();
    this.server.resetAndDestroy();
  }
}

export class Cable {
  /** What passes waits so long at most, each piece for itself, in order. */
  delayMs = 0;
  isSlicing = false;
  /** Pieces that went out as single bytes. */
  sliced = 0;
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;
  readonly #random: () => number;

  private constructor(random: () => number, target: () => number | undefined) {
    this.#random = random;
    this.#server = createServer({ noDelay: true }, (client) => {
      const port = target();
      if (port === undefined) client.resetAndDestroy();
      else this.#join(new Pair(client, connect({ port, host: "127.0.0.1", noDelay: true })));
    });
  }

  /** `target` is the server's port; undefined while it is down. */
  static async lay(random: () => number, target: () => number | undefined): Promise<Cable> {
    const cable = new Cable(random, target);
    await new Promise<void>((resolve) => cable.#server.listen(0, "127.0.0.1", resolve));
    return cable;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Whether anything is connected. */
  get isUsed(): boolean {
    return 0 < this.#pairs.size;
  }

  /** Ends every connection in the middle of what passes next; gives how many that were. */
  cut(): number {
    let count = 0;
    for (const pair of this.#pairs) {
      if (pair.isDoomed || pair.isHeld) continue;
      count += 1;
      pair.isDoomed = true;
      setTimeout(() => pair.end(), CUT_WAIT_MS);
    }
    return count;
  }

  reset(): void {
    for (const pair of this.#pairs) pair.reset();
  }

  /** Lets nothing pass on what is connected, and ends it after this time, as a router that forgets. */
  hold(ms: number): void {
    for (const pair of this.#pairs) {
      pair.isHeld = true;
      setTimeout(() => pair.end(), ms);
    }
  }

  /** Everything passes at once again; what is held or doomed ends now. */
  heal(): void {
    this.delayMs = 0;
    this.isSlicing = false;
    for (const pair of this.#pairs) if (pair.isHeld || pair.isDoomed) pair.end();
  }

  close(): void {
    this.#server.close();
    for (const pair of this.#pairs) pair.end();
  }

  #join(pair: Pair): void {
    this.#pairs.add(pair);
    this.#pass(pair, pair.client, pair.server);
    this.#pass(pair, pair.server, pair.client);
  }

  #pass(pair: Pair, from: Socket, to: Socket): void {
    const queue: Chunk[] = [];
    let timer: NodeJS.Timeout | undefined;
    const flush = () => {
      timer = undefined;
      for (let next = queue[0]; next; next = queue[0]) {
        const wait = next.due - performance.now();
        if (0 < wait) {
          timer = setTimeout(flush, wait);
          return;
        }
        queue.shift();
        this.#write(pair, from, to, next.data);
      }
      if (from.readableEnded && !to.destroyed && !pair.isHeld) to.end();
    };
    from.on("data", (data: Buffer) => {
      queue.push({ data, due: performance.now() + this.delayMs * this.#random() });
      if (!timer) flush();
    });
    from.on("end", () => {
      if (!timer) flush();
    });
    from.on("drain", () => to.resume());
    from.on("error", () => {});
    from.on("close", () => {
      clearTimeout(timer);
      this.#pairs.delete(pair);
      if (!pair.isHeld) to.destroy();
    });
  }

  #write(pair: Pair, from: Socket, to: Socket, data: Buffer): void {
    if (pair.isHeld || to.destroyed || !to.writable) return;
    if (pair.isDoomed) {
      to.write(data.subarray(0, Math.floor(this.#random() * data.length)), () => pair.end());
      pair.isHeld = true;
      return;
    }
    if (!this.isSlicing) {
      if (!to.write(data)) from.pause();
      return;
    }
    this.sliced += 1;
    const end = Math.min(data.length, SLICED_MAX);
    for (let at = 0; at < end; at += 1) to.write(data.subarray(at, at + 1));
    if (end < data.length && !to.write(data.subarray(end))) from.pause();
  }
}
