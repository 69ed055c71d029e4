// One attachment to a room over one connection, kept through all that happens to it: its position in
// the log, its filters, and the events that are above the position, each once and in order.
import { Emitter } from "./emitter.ts";
import { surroundings } from "./environment.ts";
import type { DormouseError } from "./errors.ts";
import { Link } from "./link.ts";
import { errorOf, type NativeOptions, native } from "./native.ts";
import { TIMER_MS_MAX } from "./queue.ts";
import type { Clock, Frame, LinkOptions, SendOptions } from "./types.ts";

/** Something that happened in a room. */
export interface RoomEvent<Data = unknown> {
  event: string;
  /** What it says; missing for `null`. */
  data: Data;
  /** Its place in the log; missing for what is not kept. */
  offset?: number;
  /** Milliseconds since 1970. */
  at: number;
  /** Whose it is: a `sub`. */
  user?: string;
  /** What they are called, where that is something else. */
  name?: string;
  /** The offset of the entry that it is about. */
  of?: number;
  /** For this user alone. */
  direct?: boolean;
  /** Nothing is left of what it said. */
  deleted?: boolean;
  encoding?: string;
}

/** What the server says of an attachment. */
export interface Attachment {
  room: string;
  epoch: string;
  /** The newest offset of the log at that time. */
  offset: number;
  first: number;
  /** Events above this offset follow. */
  from: number;
  /** Whether it goes on where the client was. */
  recovered: boolean;
  /** Why not: `epoch`, `gone`, `ahead`, `denied`. Missing where nothing was to be gone on with. */
  reason?: string;
  grants: string[];
  presence: "members" | "occupancy";
}

export interface RoomOptions {
  /** On the first connection, and where the log cannot be gone on with: so many entries, or `30s`, `5m`, `2h`. */
  rewind?: number | string;
  /** Names of events, and beginnings with `*`: nothing else comes. */
  events?: readonly string[];
  /** `false`: not present until `presence.enter`. */
  present?: boolean;
}

export interface RoomNotices {
  /** A new attachment; what it asks to be told again follows. */
  attached: [attachment: Attachment];
  /** What was built from events is void: the log does not reach back, or is another one. */
  lost: [reason: string];
  /** An event was missing, and the room is being attached to again. It must not happen. */
  gap: [];
  /** The server ended the attachment. With `reattach` the client comes back by itself. */
  detached: [frame: Frame];
  error: [error: DormouseError];
}

/** Filters that let nothing through: an empty list would be no filter. */
const NOTHING = ["~"];
/** Own events that are not to be shown when they are told again. */
const OWN_MAX = 1000;
/** A token is renewed so long before it expires, at most. */
const RENEW_MS_MAX = 60_000;

export class Session {
  readonly link: Link;
  readonly events = new Emitter<Record<string, [event: RoomEvent]>>();
  readonly notices = new Emitter<RoomNotices>();
  readonly clock: Clock;
  attachment: Attachment | null = null;
  user: string | undefined;
  /** Events that were missing. */
  gaps = 0;
  /** The position: what was handed over of which log. */
  epoch = "";
  offset = 0;
  readonly #random: () => number;
  readonly #options: RoomOptions;
  readonly #own = new Set<number>();
  #filters: readonly string[] | null;
  /** Until the answer nothing of the room counts. */
  #isAttaching = false;
  #renewal: unknown;
  /** The server's clock less ours. */
  #skew = 0;

  constructor(room: string, to: NativeOptions, options: RoomOptions, linkOptions: LinkOptions) {
    this.#options = options;
    this.#filters = options.events ?? null;
    ({ clock: this.clock, random: this.#random } = surroundings(linkOptions));
    const query = () => ({ room, ...this.#asked(), events: this.#asked().events?.join(",") });
    this.link = new Link(native(to, query), linkOptions);
    this.link.on("hello", (hello) => this.#hello(hello as Frame));
    this.link.on("frame", (frame) => this.#take(frame));
    this.link.on("invalid", (frame) => this.#skip(frame));
    this.link.on("error", (error) => this.notices.emit("error", error));
    this.link.on("wake", () => this.#wake());
    this.link.on("close", () => {
      this.#isAttaching = false;
      this.clock.clearTimeout(this.#renewal);
    });
  }

  /** Asks, and gives the `ack`. */
  ask(frame: Frame, options?: SendOptions): Promise<Frame> {
    return this.link.request({ id: this.link.newId(), ...frame }, options);
  }

  /** Changes the filters; says those that are in force. */
  async filter(
    type: "subscribe" | "unsubscribe",
    events: readonly string[],
  ): Promise<readonly string[] | null> {
    // What comes from now on may be with gaps.
    this.#filters ??= NOTHING;
    const changed = ({ subscribed }: Frame) => {
      this.#filters = subscribed as string[] | null;
    };
    await this.ask({ type, events }, { answered: changed });
    return this.#filters;
  }

  /** The offset of an event of ours that we do not want to hear. */
  own(offset: number): void {
    this.#own.add(offset);
    if (OWN_MAX < this.#own.size) for (const oldest of this.#own) return void this.#own.delete(oldest);
  }

  /** What an attachment asks for, but for the room: the same in the URL and in `attach`. */
  #asked() {
    const { rewind, present } = this.#options;
    return {
      resume: this.epoch ? `${this.epoch}:${this.offset}` : undefined,
      rewind: rewind === undefined ? undefined : String(rewind),
      events: this.#filters && (this.#filters.length ? this.#filters : NOTHING),
      present: present === false ? "0" : undefined,
    };
  }

  #hello(hello: Frame): void {
    const { user_id: user, server_time: time } = hello as { user_id?: string; server_time?: number };
    this.user = user;
    this.link.queue.user = user;
    this.#skew = (time ?? this.clock.now()) - this.clock.now();
    this.#expires(hello.expires_at);
    this.#attached(hello);
  }

  #attached(frame: Frame): void {
    const attachment = frame as unknown as Attachment;
    const isNew = !this.epoch;
    this.#isAttaching = false;
    this.attachment = attachment;
    [this.epoch, this.offset] = [attachment.epoch, attachment.from];
    if (!isNew && !attachment.recovered) {
      this.#own.clear();
      this.notices.emit("lost", attachment.reason ?? "unknown");
    }
    this.link.queue.isPaused = false;
    this.link.queue.flush();
    this.notices.emit("attached", attachment);
  }

  #take(frame: Frame): void {
    const { type, offset } = frame as Frame & { offset?: number };
    if (type === "event") this.#event(frame);
    else if (type === "position" && !this.#isAttaching) this.offset = Math.max(this.offset, offset ?? 0);
    else if (type === "ack" && "from" in frame) this.#attached(frame);
    else if (type === "ack" && "expires_at" in frame) this.#expires(frame.expires_at);
    else if (type === "error" && !frame.id) this.notices.emit("error", errorOf(frame));
    else if (type === "detached") {
      this.notices.emit("detached", frame);
      if (!frame.reattach) return;
      this.#isAttaching = true;
      this.link.queue.isPaused = true;
      this.#attachIn(this.#random() * ((frame.after_ms as number) ?? 0));
    }
  }

  /** What cannot be shown was told all the same: to ask for it again would not help. */
  #skip({ type, offset }: Frame): void {
    if (this.#isAttaching || type !== "event" || !Number.isSafeInteger(offset)) return;
    this.offset = Math.max(this.offset, offset as number);
  }

  #event(frame: Frame): void {
    if (this.#isAttaching) return;
    const event = frame as unknown as RoomEvent & { prev?: number };
    const { offset, prev, direct } = event;
    if (typeof offset === "number") {
      if (offset <= this.offset) return;
      if (!direct && !this.#filters && this.offset < (prev ?? offset - 1)) {
        this.#gap();
        return;
      }
      this.offset = offset;
      if (this.#own.delete(offset)) return;
    }
    for (const name of [...this.events.names()] as string[]) {
      const isOf = name.endsWith("*") ? event.event.startsWith(name.slice(0, -1)) : name === event.event;
      if (isOf) this.events.emit(name, event);
    }
  }

  #gap(): void {
    this.gaps += 1;
    this.notices.emit("gap");
    this.#attach();
  }

  #attachIn(ms: number): void {
    const { attachment } = this;
    this.clock.setTimeout(() => {
      if (this.link.isOpen && this.attachment === attachment) this.#attach();
    }, ms);
  }

  /** Attaches again at the position. */
  #attach(): void {
    this.#isAttaching = true;
    const { attachment } = this;
    this.ask({ type: "attach", ...this.#asked(), present: this.#options.present }, { direct: true }).catch(
      (error: DormouseError) => {
        if (!this.link.isOpen || this.attachment !== attachment) return;
        this.notices.emit("error", error);
        if (error.retryable) this.#attachIn(error.retryAfterMs ?? 1000);
        else void this.link.reconnect();
      },
    );
  }

  /** After sleep, or with another network: whether everything has come. */
  #wake(): void {
    const compare = ({ result }: Frame) => {
      const { epoch, offset } = result as { epoch: string; offset: number };
      const isBehind = epoch === this.epoch && this.offset < offset;
      if (isBehind && !this.#filters && !this.#isAttaching) this.#gap();
    };
    this.ask({ type: "query", query: "position" }, { direct: true, answered: compare }).catch(() => {});
  }

  /** A new token is fetched ahead of time, while the server still takes what we say. */
  #expires(at: unknown): void {
    this.clock.clearTimeout(this.#renewal);
    if (typeof at !== "number") return;
    const left = at - this.clock.now() - this.#skew;
    const wait = left - Math.min(RENEW_MS_MAX, left / 5);
    // What lasts no longer than that is renewed when the server asks.
    if (wait < RENEW_MS_MAX / 2 || TIMER_MS_MAX < wait) return;
    this.#renewal = this.clock.setTimeout(() => {
      this.link.renew().catch((error: DormouseError) => this.notices.emit("error", error));
    }, wait);
  }
}
