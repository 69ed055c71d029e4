// A reader of an event stream that remembers what it saw. Written from the format's specification.
import { expect } from "vitest";
import { eventually } from "./client.ts";

/** An event as a page would get it; `id` is the last one that was told. */
export type Said = {
  event: string;
  id: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it looks at
  data: any;
};

export type Asked = { token?: string; lastEventId?: string; headers?: Record<string, string> };

export class Stream {
  readonly events: Said[] = [];
  comments = 0;
  retry?: number;
  lastEventId = "";
  hasEnded = false;
  #read = 0;
  #text = "";

  private constructor(
    readonly response: Response,
    readonly abort: () => void,
  ) {}

  /** Opens one that must be there. */
  static async open(url: string, asked: Asked = {}): Promise<Stream> {
    const abort = new AbortController();
    const headers: Record<string, string> = { Accept: "text/event-stream", ...asked.headers };
    if (asked.token) headers.Authorization = `Bearer ${asked.token}`;
    if (asked.lastEventId !== undefined) headers["Last-Event-ID"] = asked.lastEventId;
    const response = await fetch(url, { headers, signal: abort.signal });
    expect(response.status, response.status === 200 ? "" : await response.text()).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("text/event-stream");
    const stream = new Stream(response, () => abort.abort());
    stream.#listen();
    return stream;
  }

  async #listen(): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of this.response.body ?? []) {
        this.#text += decoder.decode(chunk, { stream: true });
        const blocks = this.#text.split("\n\n");
        this.#text = blocks.pop() ?? "";
        for (const block of blocks) this.#hears(block);
      }
    } catch {
      // Aborted, or the server is gone.
    }
    this.hasEnded = true;
  }

  #hears(block: string): void {
    let [event, data]: [string, string | undefined] = ["message", undefined];
    for (const line of block.split("\n")) {
      const at = line.indexOf(":");
      const [field, value] = [line.slice(0, at), line.slice(at + 1).replace(/^ /, "")];
      if (field === "") this.comments += 1;
      else if (field === "id") this.lastEventId = value;
      else if (field === "event") event = value;
      else if (field === "retry") this.retry = Number(value);
      else if (field === "data") data = data === undefined ? value : `${data}\n${value}`;
      else throw new Error(`no field of the format: ${line}`);
    }
    if (data !== undefined) this.events.push({ event, id: this.lastEventId, data: JSON.parse(data) });
  }

  /** The next event, which must be of this name. */
  async next(event: string): Promise<Said> {
    const at = this.#read;
    await this.until(() => at < this.events.length || this.hasEnded, event);
    const said = this.events[at];
    if (!said) throw new Error(`it ended while waiting for ${event}`);
    expect(said.event, JSON.stringify(said)).toBe(event);
    this.#read += 1;
    return said;
  }

  async end(): Promise<void> {
    await this.until(() => this.hasEnded, "the end");
  }

  async until(holds: () => boolean, what: string): Promise<void> {
    await eventually(holds, () => `${what}; saw ${JSON.stringify(this.events).slice(0, 2000)}`);
  }

  /** The offsets of the log that it was told. */
  get offsets(): number[] {
    return this.events.filter((it) => !it.event.startsWith("dormouse.")).map((it) => it.data.offset);
  }
}
