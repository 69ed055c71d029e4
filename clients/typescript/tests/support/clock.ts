// Time that passes when a test says so, and sockets that end where it says.
import type { Clock, Data, Environment, Frame, HostPage, SocketLike } from "../../src/index.ts";

/** Everything that is due without time passing. */
export const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

export class TestClock implements Clock {
  #now = 1_700_000_000_000;
  #timers = new Map<number, { at: number; callback: () => void }>();
  #next = 1;
  /** What is added to the time that `now` says: a clock that was set. */
  skew = 0;

  now(): number {
    return this.#now + this.skew;
  }

  setTimeout(callback: () => void, ms: number): unknown {
    this.#timers.set(this.#next, { at: this.#now + Math.max(ms, 0), callback });
    return this.#next++;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as number);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass; timers ring in order. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter(([, it]) => it.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].callback();
      await settle();
    }
    this.#now = end;
  }

  /** The machine sleeps: time passes and no timer rings; they all ring late when it is back. */
  sleep(ms: number): void {
    this.#now += ms;
  }
}

export class TestSocket implements SocketLike {
  readyState = 0;
  binaryType = "blob";
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly raw: Data[] = [];
  closed: { code?: number; reason?: string } | undefined;

  constructor(
    readonly url: string,
    readonly protocols: string[] | undefined,
  ) {}

  send(data: never): void {
    this.raw.push(data);
  }

  close(code?: number, reason?: string): void {
    this.readyState = 3;
    this.closed = { code, reason };
  }

  /** Messages that were sent, those of arrays one by one, without pings. */
  get sent(): Frame[] {
    const frames = this.raw.flatMap((it) => JSON.parse(String(it)) as Frame | Frame[]);
    return frames.filter((it) => it.type !== "ping");
  }

  get pings(): number {
    return this.raw.filter((it) => it === '{"type":"ping"}').length;
  }

  opens(): void {
    this.readyState = 1;
    this.onopen?.({} as never);
  }

  says(...frames: object[]): void {
    for (const it of frames) this.hands(JSON.stringify(it));
  }

  hands(data: string | ArrayBuffer): void {
    this.onmessage?.({ data } as never);
  }

  pongs(): void {
    this.hands('{"type":"pong"}');
  }

  /** What a browser tells of an end. */
  ends(code: number, reason = ""): void {
    this.readyState = 3;
    this.onclose?.({ code, reason } as never);
  }

  /** What Node tells of a connection that never came about: an error, and no close. */
  fails(): void {
    this.onerror?.({} as never);
  }
}

export class TestPage implements HostPage {
  hidden = false;
  offline = false;
  readonly listeners = new Set<() => void>();

  isHidden = () => this.hidden;
  isOffline = () => this.offline;

  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  says(what: "shown" | "hidden" | "online" | "offline"): void {
    if (what === "shown" || what === "hidden") this.hidden = what === "hidden";
    else this.offline = what === "offline";
    for (const it of [...this.listeners]) it();
  }
}

/** All that a client needs of the world, in a test's hands. */
export function world() {
  const clock = new TestClock();
  const page = new TestPage();
  const sockets: TestSocket[] = [];
  const logs: string[] = [];
  class WebSocket extends TestSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols);
      sockets.push(this);
    }
  }
  const environment = {
    ...{ clock, page, WebSocket, random: () => 0.5 },
    log: (text: string) => void logs.push(text),
  } satisfies Environment;
  /** The newest socket. */
  const socket = () => {
    const last = sockets.at(-1);
    if (!last) throw new Error("no socket was opened");
    return last;
  };
  return { clock, page, sockets, socket, logs, environment };
}
