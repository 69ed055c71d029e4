// A client of the native protocol that holds the server to its rules: it keeps one position, drops
// nothing, and fails where an event comes twice, out of order or after a gap.
import { expect } from "vitest";
import { WebSocket } from "ws";
import { eventually } from "./client.ts";
import { pack, unpack } from "./msgpack.ts";

// biome-ignore lint/suspicious/noExplicitAny: a test knows what it looks at
export type Said = { type: string; [member: string]: any };

export type Asked = { format?: "json" | "msgpack"; protocols?: string[]; [parameter: string]: unknown };

export class Native {
  readonly messages: Said[] = [];
  /** Events with an offset, in order. */
  readonly heard: Said[] = [];
  epoch = "";
  position = 0;
  gaps = 0;
  close?: { code: number; reason: string };
  #asked = 0;
  #isFiltered = false;

  private constructor(
    readonly socket: WebSocket,
    readonly isPacked: boolean,
  ) {
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      const frame = isBinary ? unpack(data) : JSON.parse(data.toString());
      for (const it of Array.isArray(frame) ? frame : [frame]) this.#hears(it);
      if (this.isPacked && !isBinary) expect(frame).toEqual({ type: "pong" });
      if (!this.isPacked) expect(isBinary).toBe(false);
    });
    socket.on("close", (code, reason) => {
      this.close = { code, reason: reason.toString() };
    });
    socket.on("error", () => {});
  }

  static async open(url: string, room: string, asked: Asked = {}): Promise<Native> {
    const { protocols, format, ...query } = asked;
    const isPacked = format === "msgpack" || (protocols?.[0] ?? "").endsWith("msgpack");
    const parameters = { room, token: "test", ...(format && { format }), ...query } as Record<string, string>;
    for (const name of Object.keys(parameters)) if (parameters[name] === undefined) delete parameters[name];
    const socket = new WebSocket(`${url}/ws/v2/connect?${new URLSearchParams(parameters)}`, protocols ?? []);
    const client = new Native(socket, isPacked);
    client.#isFiltered = query.events !== undefined;
    await new Promise<void>((resolve, reject) => {
      socket.once("open", () => resolve());
      socket.once("error", reject);
    });
    return client;
  }

  /** Opens one that must get in. */
  static async join(url: string, room: string, asked: Asked = {}): Promise<Native> {
    const client = await Native.open(url, room, asked);
    await client.until(() => client.messages.length !== 0, "hello");
    expect(client.messages[0]?.type, JSON.stringify(client.messages)).toBe("hello");
    return client;
  }

  get hello(): Said {
    return this.messages[0] as Said;
  }

  get resume(): string {
    return `${this.epoch}:${this.position}`;
  }

  #hears(it: Said): void {
    this.messages.push(it);
    if (it.type === "hello" || (it.type === "ack" && "from" in it)) {
      [this.epoch, this.position] = [it.epoch, it.from];
    }
    if (it.type === "position") this.position = Math.max(this.position, it.offset);
    if (it.type !== "event" || it.offset === undefined) return;
    if (it.offset <= this.position) throw new Error(`twice: ${JSON.stringify(it)} at ${this.position}`);
    const before = it.prev ?? it.offset - 1;
    if (!it.direct && !this.#isFiltered && this.position < before) this.gaps += 1;
    this.position = it.offset;
    this.heard.push(it);
  }

  /** In its own encoding; text as it is. */
  send(message: object | string): void {
    if (typeof message === "string") this.socket.send(message);
    else this.socket.send(this.isPacked && !Buffer.isBuffer(message) ? pack(message) : this.text(message));
  }

  private text(message: object): string | Buffer {
    return Buffer.isBuffer(message) ? message : JSON.stringify(message);
  }

  /** Asks, and gives the one answer. */
  async ask(message: object): Promise<Said> {
    this.#asked += 1;
    const id = `${this.#asked}-${Math.random()}`;
    this.send({ id, ...message });
    return this.answer((message as { id?: string }).id ?? id);
  }

  async answer(id: string): Promise<Said> {
    const answers = () => this.messages.filter((it) => it.id === id);
    await this.until(() => answers().length !== 0, `an answer to ${id}`);
    return answers().at(-1) as Said;
  }

  publish(event: string, data?: unknown, more: object = {}): Promise<Said> {
    return this.ask({ type: "publish", event, data, ...more });
  }

  /** All that was said before this is here. */
  async settle(): Promise<void> {
    await this.ask({ type: "query", query: "position" });
  }

  async until(holds: () => boolean, what: string): Promise<void> {
    const seen = () => JSON.stringify(this.messages.slice(-20)).slice(0, 3000);
    await eventually(
      () => holds() || this.close !== undefined,
      () => `${what}; saw ${seen()}`,
    );
    if (!holds()) throw new Error(`closed with ${this.close?.code} while waiting for ${what}: ${seen()}`);
  }

  async closed(): Promise<{ code: number; reason: string }> {
    await eventually(
      () => this.close !== undefined,
      () => "the close",
    );
    return this.close as { code: number; reason: string };
  }
}
