// A room, as an application holds it: one of several hands on the same connection.
import type { ListenOptions } from "./emitter.ts";
import type { Link } from "./link.ts";
import { Presence } from "./presence.ts";
import type { Attachment, RoomEvent, RoomNotices, Session } from "./session.ts";
import { State } from "./state.ts";
import type { Frame, SendOptions } from "./types.ts";
import { Typing } from "./typing.ts";

/** Names of events, and what the data of each is. */
export type EventMap = Record<string, unknown>;

/** What became of a message: its place in the log, none if it is not kept. */
export interface Receipt {
  offset?: number;
  epoch?: string;
  /** It had been said before, with this id. */
  duplicate?: boolean;
}

export interface PublishOptions extends SendOptions {
  /** The offset of the entry that it is about. */
  of?: number;
  /** For this user alone; takes the grant `publish`. */
  to?: string;
  /** Neither kept nor said again: fails where there is no connection. */
  ephemeral?: boolean;
  /** `false`: this client does not hear it itself. */
  echo?: boolean;
  /** `base64`: the data is bytes. */
  encoding?: string;
  /** Names the message for ever: the same id is said once. A new one by default. */
  id?: string;
}

export interface HistoryOptions {
  /** Below this offset, or before this time in milliseconds. */
  before?: number;
  after?: number;
  /** 50 by default, 200 at most. */
  limit?: number;
  /** Newest first. */
  reverse?: boolean;
  /** Only answers to this entry. */
  of?: number;
  /** Edits, deletions and reactions as entries of their own. */
  raw?: boolean;
  signal?: AbortSignal;
}

/** An entry of a page, with what was said about it. */
export interface Entry<Data = unknown> extends Omit<RoomEvent<Data>, "deleted"> {
  edited?: { offset: number; at: number; user: string };
  deleted?: boolean | { offset: number; at: number; user: string };
  reactions?: Record<string, { count: number; users: string[]; me?: boolean }>;
  replies?: number;
}

export interface Page {
  /** Oldest first, unless it was asked for in reverse. */
  entries: Entry[];
  hasMore: boolean;
  /** The newest offset of the log. */
  offset: number;
  epoch: string;
  /** The page that follows in the same direction; `null` if there is none. */
  next(): Promise<Page> | null;
}

/** What a document is bound to. */
export interface DocumentOptions {
  /** `viewer` sees and does not edit. */
  role?: "participant" | "viewer";
}

export class Room<Events extends EventMap = EventMap> {
  /** `kind:name`. */
  readonly name: string;
  /** The connection: its state, `on`, `reconnect`. */
  readonly link: Link;
  /** Who is here. */
  readonly presence: Presence;
  /** Who types. */
  readonly typing: Typing;
  /** Values by key. */
  readonly state: State;
  readonly #session: Session;
  readonly #release: () => void;
  /** Ends what was listened to by this hand. */
  readonly #stops = new Set<() => void>();
  #isClosed = false;

  constructor(name: string, session: Session, shared: Shared, release: () => void) {
    this.name = name;
    this.#session = session;
    this.link = session.link;
    ({ presence: this.presence, typing: this.typing, state: this.state } = shared);
    this.#release = release;
  }

  /** What the server said when the room was attached to; `null` before. */
  get attachment(): Attachment | null {
    return this.#session.attachment;
  }

  /** Who this is: the token's `sub`. */
  get user(): string | undefined {
    return this.#session.user;
  }

  /** The place in the log up to which events were handed over. */
  get position(): { epoch: string; offset: number } {
    const { epoch, offset } = this.#session;
    return { epoch, offset };
  }

  /** Resolves when the room can be used; rejects when the connection is given up. */
  connect(options?: { signal?: AbortSignal }): Promise<void> {
    return this.link.connect(options);
  }

  /**
   * Hears of events by name, a beginning and `*`, or `*`: each once, in the order of the log. Returns how
   * to stop.
   */
  on<Name extends keyof Events & string>(
    event: Name,
    listener: (event: RoomEvent<Events[Name]>) => void,
    options?: ListenOptions,
  ): () => void {
    return this.#own(this.#session.events.on(event, listener as (event: RoomEvent) => void, options));
  }

  /** Hears of what happens to the attachment. Returns how to stop. */
  watch<Name extends keyof RoomNotices>(
    notice: Name,
    listener: (...args: RoomNotices[Name]) => void,
    options?: ListenOptions,
  ): () => void {
    return this.#own(this.#session.notices.on(notice, listener, options));
  }

  /** Says something. Resolves when it is on the server's disk, however many connections that takes. */
  async publish<Name extends keyof Events & string>(
    event: Name,
    data?: Events[Name],
    { of, to, ephemeral, echo, encoding, id = this.link.newId(), ...options }: PublishOptions = {},
  ): Promise<Receipt> {
    const answered = ({ offset }: Frame) => {
      if (echo === false && offset !== undefined) this.#session.own(offset as number);
    };
    const how = ephemeral ? { queue: false } : { keep: true };
    const answer = await this.request(
      { type: "publish", id, event, data, of, to, ephemeral, echo, encoding },
      { answered, ...how, ...options },
    );
    const { offset, epoch, duplicate } = answer as Receipt & Frame;
    return { offset, epoch, duplicate };
  }

  /** Any message of the protocol; gives its `ack`. */
  request(frame: Frame, options?: SendOptions): Promise<Frame> {
    return this.#session.ask(frame, options);
  }

  /** Asks the room something; gives the `result`. */
  async query<Result = unknown>(query: string, params?: object, options?: SendOptions): Promise<Result> {
    return (await this.request({ type: "query", query, params }, options)).result as Result;
  }

  /** Has the room do something; gives the `result`. */
  async command<Result = unknown>(command: string, params?: object, options?: SendOptions): Promise<Result> {
    return (await this.request({ type: "command", command, params }, options)).result as Result;
  }

  /** Hears of these names, or beginnings with `*`, and of nothing else. Gives all that are in force. */
  subscribe(...events: string[]): Promise<readonly string[] | null> {
    return this.#session.filter("subscribe", events);
  }

  unsubscribe(...events: string[]): Promise<readonly string[] | null> {
    return this.#session.filter("unsubscribe", events);
  }

  /** A page of the log. */
  async history({ signal, ...asked }: HistoryOptions = {}): Promise<Page> {
    const answer = (await this.request({ type: "history", ...asked }, { signal })) as unknown as {
      entries: Entry[];
      has_more: boolean;
      next?: { before?: number; after?: number };
      offset: number;
      epoch: string;
    };
    const { entries, has_more: hasMore, next, offset, epoch } = answer;
    const { before: _, after: __, ...rest } = asked;
    return {
      ...{ entries, hasMore, offset, epoch },
      next: () => (hasMore && next ? this.history({ signal, ...rest, ...next }) : null),
    };
  }

  /** Replaces what an entry says. */
  edit(offset: number, data: unknown): Promise<Receipt> {
    return this.publish("edit", data as Events[string], { of: offset });
  }

  /** Deletes what an entry says, from the log too. */
  remove(offset: number): Promise<Receipt> {
    return this.publish("delete", undefined, { of: offset });
  }

  /** Reacts to an entry with a key, such as an emoji, or takes that back. */
  react(offset: number, key: string, on = true): Promise<Receipt> {
    return this.publish("reaction", { key, on } as Events[string], { of: offset });
  }

  /** This user has read everything up to here. */
  async read(offset: number): Promise<void> {
    await this.command("read", { offset });
  }

  /** How far each user has read. */
  reads(): Promise<Record<string, number>> {
    return this.query("reads");
  }

  /** Joins a text that is edited together, in rooms of kind `collaboration`. */
  async document(name: string, options?: DocumentOptions) {
    const { joinDocument } = await import("../document/index.ts");
    return joinDocument(this as unknown as Room, name, options);
  }

  /** Lets go of the room. The connection ends when the last hand does. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    this.#release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #own(stop: () => void): () => void {
    const own = () => {
      this.#stops.delete(own);
      stop();
    };
    this.#stops.add(own);
    return own;
  }
}

/** What all hands on a room share. */
export interface Shared {
  presence: Presence;
  typing: Typing;
  state: State;
}

export const shared = (session: Session): Shared => ({
  presence: new Presence(session),
  typing: new Typing(session),
  state: new State(session),
});
