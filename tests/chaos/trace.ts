// What happened in a run, as lines of JSON on disk: of a room, and what was done to all of them.
import { appendFileSync, createReadStream, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const BUFFERED_MAX = 1 << 16;

export class Trace {
  readonly folder: string;
  readonly #file: string;
  readonly #began = performance.now();
  #waiting = "";

  constructor(name: string) {
    this.folder = resolve(".wrangler/chaos", name);
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    this.#file = join(this.folder, "all.jsonl");
    writeFileSync(this.#file, "");
  }

  /** Without a room it concerns all of them. */
  note(room: string | undefined, what: object): void {
    const ms = Math.round(performance.now() - this.#began);
    this.#waiting += `${JSON.stringify({ ms, room, ...what })}\n`;
    if (BUFFERED_MAX < this.#waiting.length) this.flush();
  }

  flush(): void {
    appendFileSync(this.#file, this.#waiting);
    this.#waiting = "";
  }

  /** Writes what concerns one room into a file of its own; gives its path. */
  async save(room: string): Promise<string> {
    this.flush();
    const path = join(this.folder, `${room.replace(":", "-")}.jsonl`);
    let lines = "";
    for await (const line of createInterface({ input: createReadStream(this.#file) })) {
      const { room: of } = JSON.parse(line) as { room?: string };
      if (of === undefined || of === room) lines += `${line}\n`;
    }
    writeFileSync(path, lines);
    return path;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
