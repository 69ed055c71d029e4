// A room: what is said in it, what was said, and what it keeps.
import { Presence } from "./presence.ts";
import type {
  DocumentOptions,
  Entry,
  EventMap,
  HistoryOptions,
  Page,
  PublishOptions,
  Receipt,
} from "./room-types.ts";
import { Session } from "./session.ts";
import { State } from "./state.ts";
import type { Frame, SendOptions } from "./types.ts";
import { Typing } from "./typing.ts";

export type * from "./room-types.ts";

/** A room: what is said in it, what was said, who is here, and what it keeps. `client.room` gives one. */
export class Room<Events extends EventMap = EventMap> extends Session<Events> {
  /** Who is here. */
  readonly presence = new Presence(this as unknown as Session);
  /** Who types. */
  readonly typing = new Typing(this as unknown as Session);
  /** The values that the room keeps, by key. */
  readonly state = new State(this as unknown as Session);
  /**
   * How many have asked for it, and what to do when the last of them has closed it.
   * @internal
   */
  $hands = 0;
  /** @internal */
  $left: () => void = () => {};

  /**
   * Says something. Resolves when the server has stored it, however many connections that takes; without a
   * connection it waits for one. Rejects with a `DormouseError`: the refusal of the server, `QUEUE_FULL`,
   * `EXPIRED`, `MESSAGE_TOO_LARGE` or `CLOSED`, or with the reason of the signal.
   */
  async publish<Name extends keyof Events & string>(
    event: Name,
    data?: Events[Name],
    { of, to, ephemeral, echo, encoding, id = this.link.newId(), ...options }: PublishOptions = {},
  ): Promise<Receipt> {
    const answered = ({ offset }: Frame) => {
      if (echo === false && offset !== undefined) this.$own(offset as number);
    };
    const how = ephemeral ? { queue: false } : { keep: true };
    const answer = await this.request(
      { type: "publish", id, event, data, of, to, ephemeral, echo, encoding },
      { answered, ...how, ...options },
    );
    const { offset, epoch, duplicate } = answer as Receipt & Frame;
    return { offset, epoch, duplicate };
  }

  /** Asks the room something, such as `stats`. Resolves with the `result`; rejects with a `DormouseError`. */
  async query<Result = unknown>(query: string, params?: object, options?: SendOptions): Promise<Result> {
    return (await this.request({ type: "query", query, params }, options)).result as Result;
  }

  /** Has the room do something. Resolves with the `result`; rejects with a `DormouseError`. */
  async command<Result = unknown>(command: string, params?: object, options?: SendOptions): Promise<Result> {
    return (await this.request({ type: "command", command, params }, options)).result as Result;
  }

  /** A page of the log, with what was said about each entry. Rejects with a `DormouseError`. */
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

  /** Replaces the data of an entry. Resolves and rejects as `publish`. */
  edit(offset: number, data: unknown): Promise<Receipt> {
    return this.publish("edit", data as Events[string], { of: offset });
  }

  /** Deletes the data of an entry, from the log too. Resolves and rejects as `publish`. */
  remove(offset: number): Promise<Receipt> {
    return this.publish("delete", undefined, { of: offset });
  }

  /**
   * Adds a reaction to an entry with a key, such as an emoji, or with `on: false` takes it back. Resolves
   * and rejects as `publish`.
   */
  react(offset: number, key: string, on = true): Promise<Receipt> {
    return this.publish("reaction", { key, on } as Events[string], { of: offset });
  }

  /** Says that this user has read everything up to this offset. */
  async read(offset: number): Promise<void> {
    await this.command("read", { offset });
  }

  /** How far each user has read: offsets by user. */
  reads(): Promise<Record<string, number>> {
    return this.query("reads");
  }

  /**
   * Joins a text that is edited together, in rooms of kind `collaboration`. Resolves with a `SharedText`
   * when the text is here. Its code is loaded by this call.
   */
  async document(name: string, options?: DocumentOptions) {
    const { joinDocument } = await import("../document/index.ts");
    return joinDocument(this as unknown as Room, name, options);
  }

  /** Gives back what `client.room` gave. The connection ends when everybody has. */
  close(): void {
    if (!this.$hands || --this.$hands) return;
    // Who lets go and takes it again at once, as frameworks do, keeps the connection.
    this.$clock.setTimeout(() => {
      if (!this.$hands) this.$left();
    }, 0);
  }

  /** As `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
