// One attachment to a room over one connection, kept through all that happens to it: its position in
// the log, its filters, and the events that are above the position, each once and in order.
import { Emitter, type ListenOptions } from "./emitter.ts";
import type { DormouseError } from "./errors.ts";
import { Link } from "./link.ts";
import { errorOf, type NativeOptions, native } from "./native.ts";
import type { Attachment, EventMap, RoomEvent, RoomNotices, RoomOptions } from "./room-types.ts";
import type { Clock, Frame, LinkOptions, SendOptions } from "./types.ts";

export type * from "./room-types.ts";

/** Filters that let nothing through: an empty list would be no filter. */
const NOTHING = ["~"];
/** Own events that are not to be shown when they are told again. */
const OWN_MAX = 1000;
/** What lasts longer than any timer can wait is left to the server. */
const DAYS_MS = 2 ** 31 - 1;
/** A token is renewed so long before it expires, at most. */
const RENEW_MS_MAX = 60_000;

/** A room as one connection sees it: its events, its position in the log, and its filters. */
export class Session<Events extends EventMap = EventMap> {
  /** `kind:name`. */
  readonly name: string;
  /** The connection: its state, `on`, `reconnect`. */
  readonly link: Link;
  /** What the server said when the room was last attached to; `null` before the first time. */
  attachment: Attachment | null = null;
  /** Who this is: the `sub` of the token. `undefined` before the first hello. */
  user: string | undefined;
  /** How often an event was missing, and the room was attached to again. */
  gaps = 0;
  /** The place in the log up to which events were handed over. */
  position = { epoch: "", offset: 0 };
  /** @internal */
  readonly $clock: Clock;
  readonly #events = new Emitter<Record<string, [event: RoomEvent]>>();
  readonly #notices = new Emitter<RoomNotices>();
  readonly #options: RoomOptions;
  readonly #own = new Set<number>();
  #filters: readonly string[] | null;
  /** Changes of the filters that are not answered. */
  #changes = 0;
  /** Until the answer nothing of the room counts. */
  #isAttaching = false;
  #renewal: unknown;
  /** The server's clock less ours. */
  #skew = 0;

  constructor(name: string, to: NativeOptions, options: RoomOptions, linkOptions: LinkOptions) {
    this.name = name;
    this.#options = options;
    this.#filters = options.events ?? null;
    const query = () => {
      const asked = this.#asked();
      return {
        room: name,
        ...asked,
        events: asked.events?.join(),
        present: options.present === false && "0",
      };
    };
    this.link = new Link(native(to, query), linkOptions);
    this.$clock = this.link.$around.clock;
    this.link.on("hello", (hello) => this.#hello(hello as Frame));
    this.link.on("frame", (frame) => this.#take(frame));
    // What cannot be shown was told all the same: to ask for it again would not help.
    this.link.on("invalid", ({ type, offset }) => {
      if (type === "event" && !this.#isAttaching && Number.isSafeInteger(offset))
        this.#raise(offset as number);
    });
    this.link.on("error", (error) => this.#notices.emit("error", error));
    this.link.on("wake", () => this.#wake());
    this.link.on("close", () => {
      this.#isAttaching = false;
      this.$clock.clearTimeout(this.#renewal);
    });
  }

  /**
   * Connects, and goes on trying. Resolves when the room can be used. Rejects with a `DormouseError` when
   * the connection is given up, or with the reason of the signal.
   */
  connect(options?: { signal?: AbortSignal }): Promise<void> {
    return this.link.connect(options);
  }

  /**
   * Calls the listener with events of this name, which may be a beginning and `*`, or `*`: each event once,
   * in the order of the log. Returns a function that ends it.
   */
  on<Name extends keyof Events & string>(
    event: Name,
    listener: (event: RoomEvent<Events[Name]>) => void,
    options?: ListenOptions,
  ): () => void {
    return this.#events.on(event, listener as (event: RoomEvent) => void, options);
  }

  /** Calls the listener with what happens to the attachment. Returns a function that ends it. */
  watch<Name extends keyof RoomNotices>(
    notice: Name,
    listener: (...args: RoomNotices[Name]) => void,
    options?: ListenOptions,
  ): () => void {
    return this.#notices.on(notice, listener, options);
  }

  /** Sends any message of the protocol, and resolves with its `ack`. Rejects with a `DormouseError`. */
  request(frame: Frame, options?: SendOptions): Promise<Frame> {
    return this.link.request({ id: this.link.newId(), ...frame }, options);
  }

  /**
   * Hears of these names, or beginnings with `*`, and of nothing else. Resolves with all filters that are
   * in force.
   */
  subscribe(...events: string[]): Promise<readonly string[] | null> {
    return this.#filter("subscribe", events);
  }

  /** Takes filters back. Resolves with those that are in force; `null`: everything is heard. */
  unsubscribe(...events: string[]): Promise<readonly string[] | null> {
    return this.#filter("unsubscribe", events);
  }

  /**
   * Says that an event is ours, and not to be handed over.
   * @internal
   */
  $own(offset: number): void {
    this.#own.add(offset);
    if (OWN_MAX < this.#own.size) for (const oldest of this.#own) return void this.#own.delete(oldest);
  }

  async #filter(type: string, events: readonly string[]): Promise<readonly string[] | null> {
    const answered = ({ subscribed }: Frame) => {
      this.#filters = subscribed as string[] | null;
    };
    // Until it is answered nobody knows from where on events are left out.
    this.#changes += 1;
    try {
      await this.request({ type, events }, { answered });
    } finally {
      this.#changes -= 1;
    }
    return this.#filters;
  }

  /** What an attachment asks for, in the URL and in `attach`. */
  #asked() {
    const { epoch, offset } = this.position;
    const filters = this.#filters;
    return {
      resume: epoch && `${epoch}:${offset}`,
      rewind: this.#options.rewind,
      events: filters?.length === 0 ? NOTHING : filters,
    };
  }

  #hello(hello: Frame): void {
    const { user_id: user, server_time: time } = hello as { user_id?: string; server_time?: number };
    this.user = user;
    this.link.queue.user = user;
    this.#skew = (time ?? this.$clock.now()) - this.$clock.now();
    this.#expires(hello.expires_at);
    this.#attached(hello);
  }

  #attached(frame: Frame): void {
    const attachment = frame as unknown as Attachment;
    const isNew = !this.position.epoch;
    this.#isAttaching = false;
    this.attachment = attachment;
    this.position = { epoch: attachment.epoch, offset: attachment.from };
    if (!isNew && !attachment.recovered) {
      this.#own.clear();
      this.#notices.emit("lost", attachment.reason ?? "unknown");
    }
    this.link.queue.$isPaused = false;
    this.link.queue.flush();
    this.#notices.emit("attached", attachment);
  }

  #take(frame: Frame): void {
    const { type, offset } = frame as Frame & { offset?: number };
    if (type === "event") this.#event(frame);
    else if (type === "position" && !this.#isAttaching) this.#raise(offset ?? 0);
    else if (type === "ack" && "from" in frame) this.#attached(frame);
    else if (type === "ack" && "expires_at" in frame) this.#expires(frame.expires_at);
    else if (type === "error" && !frame.id) this.#notices.emit("error", errorOf(frame));
    else if (type === "detached") {
      this.#notices.emit("detached", frame);
      if (!frame.reattach) return;
      this.#isAttaching = true;
      this.link.queue.$isPaused = true;
      this.#attachIn(this.link.$around.random() * ((frame.after_ms as number) ?? 0));
    }
  }

  #event(frame: Frame): void {
    if (this.#isAttaching) return;
    const event = frame as unknown as RoomEvent & { prev?: number };
    const { offset, prev, direct } = event;
    if (typeof offset === "number") {
      if (offset <= this.position.offset) return;
      if (!direct && !this.#isFiltered && this.position.offset < (prev ?? offset - 1)) {
        this.#gap();
        return;
      }
      this.#raise(offset);
      if (this.#own.delete(offset)) return;
    }
    for (const name of [...this.#events.names()] as string[]) {
      const isOf = name.endsWith("*") ? event.event.startsWith(name.slice(0, -1)) : name === event.event;
      if (isOf) this.#events.emit(name, event);
    }
  }

  /** Whether a gap says nothing. */
  get #isFiltered(): boolean {
    return !!this.#filters || 0 < this.#changes;
  }

  #raise(offset: number): void {
    this.position.offset = Math.max(this.position.offset, offset);
  }

  #gap(): void {
    this.gaps += 1;
    this.#notices.emit("gap");
    this.#attach();
  }

  #attachIn(ms: number): void {
    const { attachment } = this;
    this.$clock.setTimeout(() => {
      if (this.link.isOpen && this.attachment === attachment) this.#attach();
    }, ms);
  }

  /** Attaches again at the position. */
  #attach(): void {
    this.#isAttaching = true;
    const { attachment } = this;
    this.request(
      { type: "attach", ...this.#asked(), present: this.#options.present },
      { direct: true },
    ).catch((error: DormouseError) => {
      if (!this.link.isOpen || this.attachment !== attachment) return;
      this.#notices.emit("error", error);
      if (error.retryable) this.#attachIn(error.retryAfterMs ?? 1000);
      else void this.link.reconnect();
    });
  }

  /** After sleep, or with another network: whether everything has come. */
  #wake(): void {
    const compare = ({ result }: Frame) => {
      const { epoch, offset } = result as { epoch: string; offset: number };
      const isBehind = epoch === this.position.epoch && this.position.offset < offset;
      if (isBehind && !this.#isFiltered && !this.#isAttaching) this.#gap();
    };
    this.request({ type: "query", query: "position" }, { direct: true, answered: compare }).catch(() => {});
  }

  /** A new token is fetched ahead of time, while the server still takes what we say. */
  #expires(at: unknown): void {
    this.$clock.clearTimeout(this.#renewal);
    if (typeof at !== "number") return;
    const left = at - this.$clock.now() - this.#skew;
    const wait = left - Math.min(RENEW_MS_MAX, left / 5);
    // What lasts no longer than that is renewed when the server asks.
    if (wait < RENEW_MS_MAX / 2 || DAYS_MS < wait) return;
    this.#renewal = this.$clock.setTimeout(() => this.link.renew(), wait);
  }
}
