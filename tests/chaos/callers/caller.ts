// What all clients of a run share: what they said, what came of it, and what they were shown.
import { type Backoff, nativeBackoff } from "../../../clients/typescript/src/index.ts";
import type { Cable } from "../cable.ts";
import type { ClientHistory, Publication } from "../history.ts";
import type { Trace } from "../trace.ts";

/** A clock of one client's that a fault sets forward or back. Its timers go on as they were. */
export class SkewedClock {
  skewMs = 0;
  now = () => Date.now() + this.skewMs;
  setTimeout = (callback: () => void, ms: number) => setTimeout(callback, ms);
  clearTimeout = (timer: unknown) => clearTimeout(timer as NodeJS.Timeout);
}

/** What a client gets to live in. */
export type Scene = {
  /** Also its user. */
  name: string;
  /** `kind:name`. */
  room: string;
  token: () => Promise<string>;
  cable: Cable;
  random: () => number;
  trace: Trace;
};

/** What a protocol says of where a client goes on. */
export type Place = { from: number; epoch?: string; recovered?: boolean; reason?: string | undefined };

/** Events of these names are about another entry, and say nothing of their own here. */
const ABOUT = ["edit", "delete", "reaction", "edit_message", "delete_message"];

/** The name of a room, without its kind. */
export const nameOf = (room: string): string => room.slice(room.indexOf(":") + 1);

export function textOf(event: string, data: unknown): string {
  if (ABOUT.includes(event)) return "";
  if (event === "metric_update") {
    const { metric, value } = data as { metric: string; value: number };
    return `${metric}=${value}.`;
  }
  const { text, content } = Object(data) as { text?: unknown; content?: unknown };
  return String(text ?? content ?? "");
}

export abstract class Caller {
  readonly history: ClientHistory;
  readonly clock = new SkewedClock();
  /** Whether the room lists it. */
  readonly isMember: boolean = true;
  /** Says nothing for now, so that its room has a moment in which it can be evicted. */
  isQuiet = false;
  /** The offset up to which it was shown the log. */
  place = 0;
  protected readonly scene: Scene;
  #said = 0;

  constructor(scene: Scene, dialect: string, told: ClientHistory["told"]) {
    this.scene = scene;
    const { name, room } = scene;
    this.history = { name, dialect, room, told, spans: [], published: [] };
  }

  get name(): string {
    return this.scene.name;
  }

  get kind(): string {
    return this.history.room.slice(0, this.history.room.indexOf(":"));
  }

  get cable(): Cable {
    return this.scene.cable;
  }

  /** How many things that it said have no answer yet. */
  get open(): number {
    return this.history.published.filter((it) => it.state === "open").length;
  }

  abstract readonly isOpen: boolean;
  abstract connect(): void | Promise<void>;
  /** Says one thing more; a client that says nothing does nothing. */
  say(): void {}
  /** Goes for good. */
  abstract leave(): void | Promise<void>;

  protected get http(): string {
    return `http://127.0.0.1:${this.scene.cable.port}`;
  }

  protected get ws(): string {
    return `ws://127.0.0.1:${this.scene.cable.port}`;
  }

  /**
   * What a link of the client package is given, whatever it speaks: faults are found in seconds, and a
   * machine that is busy with other things is none.
   */
  protected get around() {
    return {
      clock: this.clock,
      random: this.scene.random,
      page: null,
      log: () => {},
      heartbeatMs: 3000,
      pongTimeoutMs: 8000,
      connectTimeoutMs: 15_000,
      backoff: this.backoff(),
    };
  }

  protected backoff(): Backoff {
    return nativeBackoff({ baseMs: 40, capMs: 1500, random: this.scene.random });
  }

  /** A text that nobody else says: who says it, and the how many-th that is. */
  protected next(prefix = ""): string {
    this.#said += 1;
    return `${prefix}${this.scene.name}-${this.#said}.`;
  }

  /** Something is said; `answered` gives its offset, if it has one. */
  protected tried(text: string, answered: Promise<number | undefined>): Promise<Publication> {
    const publication: Publication = { text, state: "open" };
    this.history.published.push(publication);
    this.#note("tried", { text });
    return answered.then(
      (offset) => {
        Object.assign(publication, { state: "acked", offset });
        this.#note("acked", { text, offset });
        return publication;
      },
      (error) => {
        publication.state = "ambiguous";
        this.#note("ambiguous", { text, why: String(error) });
        return publication;
      },
    );
  }

  /** It is shown what follows this place, of this log where it can tell. */
  protected began(from: number, reason?: string, epoch?: string): void {
    this.history.spans.push({ from, epoch, reason, seen: [] });
    this.place = from;
    this.#note("began", { from, reason, epoch });
  }

  /** It was told where it goes on: where it was, or elsewhere. */
  protected attached({ from, epoch, recovered, reason }: Place): void {
    const before = this.history.spans.at(-1);
    // The first one asks for no place that there is, so as to be told where the log stands.
    if (!before) this.began(from, undefined, epoch);
    else if (!recovered) this.began(from, reason ?? "unknown", epoch);
    else if (before.epoch !== epoch) this.began(from, undefined, epoch);
  }

  protected saw(text: string, offset?: number): void {
    if (this.history.spans.length === 0) this.began(0);
    this.history.spans.at(-1)?.seen.push({ text, offset });
    this.place = Math.max(this.place, offset ?? 0);
    this.#note("saw", { text, offset });
  }

  #note(what: string, details: object): void {
    this.scene.trace.note(this.scene.room, { by: this.scene.name, what, ...details });
  }
}
