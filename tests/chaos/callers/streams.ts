// Those without a socket: readers of event streams, and backends that publish over HTTP.
import { get, type IncomingMessage } from "node:http";
import { Caller, type Scene, textOf } from "./caller.ts";

/** A stream says something every other second: one that is silent for longer has been cut. */
const SILENT_MS = 10_000;
const RETRY_MS = 100;
export const CALL_MS = 15_000;

/** A reader that goes on from the last id, as `EventSource` does. */
export class StreamCaller extends Caller {
  isOpen = false;
  #lastId = "";
  #hasLeft = false;
  #end: () => void = () => {};

  constructor(scene: Scene) {
    super(scene, "sse", "log");
  }

  connect(): void {
    void this.#read();
  }

  leave(): void {
    this.#hasLeft = true;
    this.#end();
  }

  async #read(): Promise<void> {
    while (!this.#hasLeft) {
      await this.#once().catch(() => {});
      this.isOpen = false;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS + 400 * this.scene.random()));
    }
  }

  async #once(): Promise<void> {
    const path = `/api/v1/rooms/${this.scene.room.replace(":", "/")}/stream`;
    const headers: Record<string, string> = { Authorization: `Bearer ${await this.scene.token()}` };
    if (this.#lastId) headers["Last-Event-ID"] = this.#lastId;
    await new Promise<void>((resolve) => {
      const request = get(`${this.http}${path}`, { agent: false, headers });
      const silence = setTimeout(() => request.destroy(), SILENT_MS);
      this.#end = () => request.destroy();
      request.on("response", (response) => this.#take(response, silence));
      request.on("error", () => {});
      request.on("close", () => {
        clearTimeout(silence);
        resolve();
      });
    });
  }

  #take(response: IncomingMessage, silence: NodeJS.Timeout): void {
    let rest = "";
    response.setEncoding("utf8");
    response.on("error", () => {});
    response.on("data", (text: string) => {
      silence.refresh();
      if (response.statusCode !== 200) return;
      const blocks = (rest + text).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const it of blocks) this.#hear(it);
    });
  }

  #hear(block: string): void {
    const fields: Record<string, string> = {};
    for (const line of block.split("\n")) {
      const at = line.indexOf(": ");
      if (0 < at) fields[line.slice(0, at)] = line.slice(at + 2);
    }
    const { event, data, id } = fields;
    if (event === "dormouse.attached") {
      this.isOpen = true;
      this.attached(JSON.parse(data ?? "{}"));
    } else if (event && data && !event.startsWith("dormouse.")) {
      const it = JSON.parse(data) as { offset: number; data: unknown };
      // Each says which log it is of.
      const [epoch] = id?.split(":") ?? [];
      if (epoch !== this.history.spans.at(-1)?.epoch) this.began(it.offset - 1, undefined, epoch);
      this.saw(textOf(event, it.data), it.offset);
    }
    // What came with it was handed over; a block that was cut in two never gets here.
    if (id) {
      this.#lastId = id;
      this.place = Math.max(this.place, Number(id.split(":")[1]));
    }
  }
}

/** Where an event stands in which log. */
export type Published = { epoch: string; offset: number };

/** A backend. One that insists says the same again, with the same id, until it is told what became of it. */
export class HttpCaller extends Caller {
  override readonly isMember = false;
  isOpen = true;
  readonly #insists: boolean;

  constructor(scene: Scene, insists = true, dialect = insists ? "http" : "http-once") {
    super(scene, dialect, "live");
    this.#insists = insists;
  }

  connect(): void {}

  override say(): void {
    const text = this.next();
    const [type, data] = this.kind === "chat" ? ["message", { content: text }] : ["said", { text }];
    void this.tried(
      text,
      this.publish(text, type as string, data as object).then(({ offset }) => offset),
    );
  }

  leave(): void {
    this.isOpen = false;
  }

  protected async publish(id: string, type: string, data: object): Promise<Published> {
    for (;;) {
      try {
        const response = await fetch(
          `${this.http}/api/v1/rooms/${this.scene.room.replace(":", "/")}/events`,
          {
            method: "POST",
            headers: { Authorization: `Bearer ${await this.scene.token()}` },
            body: JSON.stringify({ id, type, data }),
            signal: AbortSignal.timeout(CALL_MS),
          },
        );
        const answer = (await response.json()) as Published;
        if (response.ok) return answer;
        if (response.status < 429) throw new Error(`${response.status}: ${JSON.stringify(answer)}`);
        throw new TypeError(`not now: ${response.status}`);
      } catch (error) {
        // A refusal is final; whatever else went wrong says nothing of what became of it.
        const isFinal = error instanceof Error && error.constructor === Error;
        if (!this.#insists || isFinal) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}
