// A client of documents, written from docs/PROTOCOL.md, "Editing together" (T1 and on), alone:
// what a page that edits would do.
import { expect } from "vitest";
import { type Client, eventually, type Frame } from "./client.ts";
import type { Server, Who } from "./server.ts";

/** T8. */
type Change = { at: number; content: string; cuts: [number, number][] };

/** What goes over the wire, in either direction (T2, T4). */
export type Edit = {
  operation: "insert" | "delete" | "replace";
  position: number;
  content?: string;
  length?: number;
  version: number;
};

const changeOf = ({ operation, position, content = "", length = 0 }: Edit): Change => ({
  at: position,
  content: operation === "delete" ? "" : content,
  cuts: operation === "insert" || length === 0 ? [] : [[position, position + length]],
});

const isNothing = ({ content, cuts }: Change) => content === "" && cuts.length === 0;

/** T9. */
export function make(text: string, { at, content, cuts }: Change): string {
  let made = text;
  for (const [start, end] of cuts.toReversed()) made = made.slice(0, start) + made.slice(end);
  return made.slice(0, at) + content + made.slice(at);
}

/** T10. */
function transform(a: Change, b: Change, later: boolean): Change {
  const moved = (x: number, behind: boolean) => {
    const out = b.cuts.reduce((sum, [start, end]) => sum + Math.max(0, Math.min(end, x) - start), 0);
    return x - out + (b.at < x || (b.at === x && behind) ? b.content.length : 0);
  };
  const cuts: [number, number][] = [];
  const leave = (start: number, end: number) => {
    if (end <= start) return;
    const [from, to] = [moved(start, true), moved(start, true) + end - start];
    const last = cuts.at(-1);
    if (last && last[1] === from) last[1] = to;
    else cuts.push([from, to]);
  };
  for (const [start, end] of a.cuts) {
    let from = start;
    // What b has cut already, and where it puts something in: `b.at` is never behind its cuts.
    for (const [out, back] of [[b.at, b.at], ...b.cuts] as [number, number][]) {
      leave(from, Math.min(out, end));
      from = Math.max(from, back);
    }
    leave(from, end);
  }
  return { at: moved(a.at, !later), content: a.content, cuts };
}

/** T11 to T13, without a wire. */
export class Replica {
  text = "";
  version = 0;
  inflight?: Change;
  queue: Change[] = [];
  /** What was sent last, as it was (T16). */
  sent?: Edit;

  get isAtRest(): boolean {
    return !this.inflight && this.queue.length === 0;
  }

  /** T11. Returns what is to be sent, if anything is. */
  edits(start: number, end: number, content: string): Edit | undefined {
    const change: Change = { at: start, content, cuts: start < end ? [[start, end]] : [] };
    this.text = make(this.text, change);
    this.queue.push(change);
    return this.#send();
  }

  /** T12. */
  #send(): Edit | undefined {
    if (this.inflight) return undefined;
    while (this.queue[0] && isNothing(this.queue[0])) this.queue.shift();
    const first = this.queue[0];
    if (!first) return undefined;
    const { at, content, cuts } = first;
    const apart = content !== "" && cuts[0] && cuts[0][0] !== at;
    if (cuts.length > 1 || apart) {
      const last = cuts.pop() as [number, number];
      this.inflight = { at: last[0], content: "", cuts: [last] };
    } else {
      this.inflight = this.queue.shift() as Change;
    }
    const going = this.inflight;
    const [cut] = going.cuts;
    const length = cut ? cut[1] - cut[0] : 0;
    const operation = !cut ? "insert" : going.content === "" ? "delete" : "replace";
    const position = cut ? cut[0] : going.at;
    this.sent = {
      operation,
      position,
      ...(operation !== "delete" && { content: going.content }),
      ...(operation !== "insert" && { length }),
      version: this.version,
    };
    return this.sent;
  }

  /** T13. Returns what is to be sent, if anything is. */
  hears({ type, data }: Frame): Edit | undefined {
    if (type === "edit") {
      if (data.version !== this.version + 1) throw new Error(`${data.version} after ${this.version} (T6)`);
      this.version = data.version;
      let b = changeOf(data);
      const moved = (p: Change) => {
        const after = transform(p, b, true);
        b = transform(b, p, false);
        return after;
      };
      if (this.inflight) this.inflight = moved(this.inflight);
      this.queue = this.queue.map(moved);
      this.text = make(this.text, b);
    } else if (type === "edit_ack") {
      if (!this.inflight || data.version < this.version) throw new Error(`${data.version} was not awaited`);
      this.version = data.version;
      this.inflight = undefined;
      return this.#send();
    } else if (type === "session_state") {
      this.text = data.content;
      this.version = data.version;
      this.inflight = undefined;
      this.queue = [];
    }
    return undefined;
  }
}

/** A person at a keyboard: a replica on a socket. */
export class Editor {
  readonly replica = new Replica();
  readonly acknowledged: string[] = [];
  #ids = 0;
  #fault?: unknown;

  constructor(
    readonly client: Client,
    readonly name: string,
  ) {
    client.socket.on("message", (data: Buffer) => {
      try {
        const frame: Frame = JSON.parse(data.toString());
        for (const it of frame.type === "batch" ? (frame.data as Frame[]) : [frame]) this.#hear(it);
      } catch (error) {
        this.#fault ??= error;
      }
    });
  }

  #hear(frame: Frame): void {
    if (frame.type === "edit_ack" && frame.id) this.acknowledged.push(frame.id);
    this.#send(this.replica.hears(frame));
  }

  #send(edit?: Edit): void {
    if (edit) this.client.send({ type: "edit", id: `${this.name}-${this.#ids++}`, data: edit });
  }

  /** The id of what is in flight. */
  get lastId(): string {
    return `${this.name}-${this.#ids - 1}`;
  }

  replaces(start: number, end: number, content: string): void {
    this.#send(this.replica.edits(start, end, content));
  }

  inserts(at: number, content: string): void {
    this.replaces(at, at, content);
  }

  undoes(): void {
    this.client.send({ type: "command", data: { command: "undo" } });
  }

  /** Types something somewhere; `dice` gives numbers from 0 to below its argument. */
  types(dice: (sides: number) => number): void {
    const letters = ["a", "b", "é", "😀", "𝄞", "xyz", "\n"];
    const places = [0];
    for (const letter of this.replica.text) places.push((places.at(-1) as number) + letter.length);
    const from = dice(places.length);
    const to = dice(3) === 0 ? Math.min(from + 1 + dice(4), places.length - 1) : from;
    const content = dice(4) === 0 && from < to ? "" : (letters[dice(letters.length)] as string);
    this.replaces(places[from] as number, places[to] as number, content);
  }

  /** Waits until all that was typed is acknowledged. */
  async rests(): Promise<void> {
    await eventually(
      () => this.#fault !== undefined || this.replica.isAtRest || this.client.close !== undefined,
      () => `${this.name} to rest; saw ${JSON.stringify(this.client.frames.slice(-5))}`,
    );
    this.check();
    expect(this.client.close, this.name).toBeUndefined();
  }

  check(): void {
    if (this.#fault) throw this.#fault;
  }
}

/** A socket in a collaboration room, in no session yet. */
export async function collaborator(
  server: Server,
  room: string,
  user = "ann",
  who: Who = {},
  query: Record<string, string> = {},
): Promise<Client> {
  const token = await server.token({ user, room, ...who });
  return server.open("/api/collaboration/ws", { token, contextId: room, ...query });
}

/** Takes a seat, and gives the state. */
export async function sits(client: Client, sessionId = "notes", role?: string): Promise<Frame> {
  client.send({ type: "join_session", id: "seat", data: { sessionId, role } });
  await client.upTo("session_state");
  return client.frames.findLast((it) => it.type === "session_state") as Frame;
}

/** An editor in a session. */
export async function editor(
  server: Server,
  room: string,
  user: string,
  sessionId = "notes",
  query: Record<string, string> = {},
): Promise<Editor> {
  const client = await collaborator(server, room, user, {}, query);
  const editor = new Editor(client, `${user}-${Math.random().toString(36).slice(2, 8)}`);
  client.send({ type: "join_session", data: { sessionId } });
  await client.until(
    () => client.raw.some((it) => it.toString().includes('"session_state"')),
    "the state of the session",
  );
  return editor;
}

/** Numbers that look random and are the same every time. */
export function diceOf(seed: number): (sides: number) => number {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}
