// A client that remembers what it saw, so that a test reads as a transcript.
import { expect } from "vitest";
import { WebSocket } from "ws";

/** A frame of the server's; which fields are there depends on its type. */
export type Frame = {
  type: string;
  id?: string;
  timestamp?: string;
  error?: string;
  code?: string;
  retry_after?: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it looks at
  [field: string]: any;
};

export type Close = { code: number; reason: string };

export type Options = { protocols?: string[]; headers?: Record<string, string>; perMessageDeflate?: boolean };

/** Bounds every wait: what does not come in this time does not come, however busy the machine is. */
const PATIENCE_MS = 30_000;

export async function eventually(holds: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (deadline < Date.now()) throw new Error(`waited in vain for ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

export class Client {
  readonly frames: Frame[] = [];
  /** Frames as they came, for those that are no JSON. */
  readonly raw: (string | Buffer)[] = [];
  close?: Close;
  #read = 0;

  private constructor(readonly socket: WebSocket) {
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      this.raw.push(isBinary ? data : data.toString());
      if (isBinary) return;
      try {
        this.frames.push(JSON.parse(data.toString()));
      } catch {
        // The echo returns whatever it was sent.
      }
    });
    socket.on("close", (code, reason) => {
      this.close = { code, reason: reason.toString() };
    });
    socket.on("error", () => {});
  }

  /** Opens a socket. Does not wait for anything to be said on it. */
  static async open(
    url: string,
    { protocols, headers, perMessageDeflate = true }: Options = {},
  ): Promise<Client> {
    const socket = new WebSocket(url, protocols ?? [], { headers, perMessageDeflate, maxPayload: 1 << 26 });
    const client = new Client(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", () => resolve());
      socket.once("error", reject);
    });
    return client;
  }

  send(message: object | string | Buffer): void {
    this.socket.send(
      typeof message === "object" && !Buffer.isBuffer(message) ? JSON.stringify(message) : message,
    );
  }

  say(content: string, id?: string): void {
    this.send({ type: "message", id, data: { content } });
  }

  /** The next frame, which must be of this type. */
  async next(type: string): Promise<Frame> {
    const at = this.#read;
    await this.until(() => at < this.frames.length || this.close !== undefined, `a frame: ${type}`);
    const frame = this.frames[at];
    if (!frame) throw new Error(`closed with ${this.close?.code} while waiting for ${type}`);
    expect(frame.type, JSON.stringify(frame)).toBe(type);
    this.#read += 1;
    return frame;
  }

  /** Passes over a frame that was found among those to come; the others stay. */
  skip(frame: Frame): void {
    const at = this.frames.indexOf(frame, this.#read);
    if (at !== -1) this.frames.splice(at, 1);
  }

  /** The next refusal's code. */
  async refusal(): Promise<string | undefined> {
    return (await this.next("error")).code;
  }

  async closed(): Promise<Close> {
    await this.until(() => this.close !== undefined, "the close");
    return this.close as Close;
  }

  /** Says something the room must answer, and reads up to the answer: what came before it. */
  async settle(): Promise<Frame[]> {
    const id = `settle-${this.frames.length}-${Math.random()}`;
    this.send({ type: "ping", id });
    await this.until(() => this.frames.some((it) => it.id === id), "the answer to a ping");
    const end = this.frames.findIndex((it) => it.id === id);
    const between = this.frames.slice(this.#read, end);
    this.#read = end + 1;
    return between;
  }

  /** Reads up to the next frame of this type: what came before it. */
  async upTo(type: string): Promise<Frame[]> {
    const found = () => this.frames.findIndex((it, at) => this.#read <= at && it.type === type);
    await this.until(() => found() !== -1, `a frame: ${type}`);
    const end = found();
    const between = this.frames.slice(this.#read, end);
    this.#read = end + 1;
    return between;
  }

  async until(holds: () => boolean, what: string): Promise<void> {
    await eventually(holds, () => `${what}; saw ${JSON.stringify(this.frames).slice(0, 2000)}`);
  }

  /** Closes and waits for the answer. */
  async leave(code = 1000): Promise<Close> {
    this.socket.close(code);
    return this.closed();
  }

  /** Is simply gone, as when a cable is cut. */
  vanish(): void {
    this.socket.terminate();
  }
}

/** What a client heard, whether it came in batches or not. */
export const unpacked = (client: Client): Frame[] =>
  client.frames.flatMap((it) => (it.type === "batch" ? (it.data as Frame[]) : [it]));
