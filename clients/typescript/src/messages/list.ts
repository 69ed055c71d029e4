// The messages of a room as one list: a page of history, all that is said from then on, older pages
// where they are asked for, and own messages from the moment at which they are sent.
import type { DormouseError } from "../core/errors.ts";
import type { Entry, EventMap, HistoryOptions, Page, PublishOptions, Room } from "../core/room.ts";
import type { RoomEvent } from "../core/session.ts";
import { Store } from "../core/store.ts";
import { cached } from "./cache.ts";
import { fold } from "./fold.ts";
import type { Message, MessagesState } from "./types.ts";

/** Options of `messagesOf` and `useMessages`. */
export interface MessageOptions {
  /** The name of the events that are messages. `message` by default. */
  event?: string;
  /**
   * The offset of an entry whose thread is shown. By default the list has all messages that are in no
   * thread.
   */
  of?: number;
  /** How many entries a page of history has. 50 by default, 200 at most. */
  pageSize?: number;
  /**
   * How many messages are kept while new ones come, beside those that were paged back to. 1,000 by default.
   */
  keep?: number;
}

/** A change of this user's that has no answer yet. */
interface Change {
  offset: number;
  event: RoomEvent;
}

const EMPTY: MessagesState = { messages: [], hasMore: false, isLoading: true, error: null };

/**
 * The messages of a room as one list: history, what is said from now on, and what this user is sending. It
 * is a store (`subscribe`, `getSnapshot`) that begins to load when it is first subscribed to.
 */
export class Messages<Data = unknown> extends Store<MessagesState<Data>> {
  readonly #room: Room;
  readonly #event: string;
  readonly #of: number | undefined;
  readonly #limit: number;
  /** How many messages may be kept. */
  #keep: number;
  /** By offset, with the newest offset of the log that is folded into each. */
  #known = new Map<number, { message: Message; folded: number }>();
  /** Own messages that are not answered, by id, with the offset of an event that seems to be theirs. */
  readonly #unsent = new Map<string, { message: Message; options: PublishOptions; seen?: number }>();
  readonly #changes = new Set<Change>();
  /** Events about messages of a page that is on its way. */
  #early: RoomEvent[] = [];
  #older: (() => Promise<Page> | null) | undefined;
  /** Counts the logs that were begun with: what was asked of one before means nothing any more. */
  #log = 0;
  #isLoading = false;
  #error: DormouseError | null = null;
  #isDue = false;

  constructor(
    room: Room<EventMap>,
    { event = "message", of, pageSize = 50, keep = 1000 }: MessageOptions = {},
  ) {
    super(EMPTY as MessagesState<Data>);
    this.#room = room;
    [this.#event, this.#of, this.#limit, this.#keep] = [event, of, pageSize, keep];
  }

  protected override begin(): void {
    const room = this.#room;
    room.on("*", (event) => this.#hear(event));
    room.watch("lost", () => this.#begin());
    // After the first attachment everything follows by itself.
    const stop = room.watch("attached", () => {
      stop();
      this.#begin();
    });
    if (!room.attachment) return;
    stop();
    this.#begin();
  }

  /**
   * Loads older messages, until there is one to show. Does nothing while a page is on its way. The promise
   * does not reject: `error` of the state says what failed.
   */
  loadMore = async (): Promise<void> => {
    if (!this.#older || this.#isLoading) return;
    await this.#load(this.#older);
  };

  /**
   * Says something, and shows it in the list at once. Returns its key. A message that fails stays in the
   * list with the reason until it is sent again or discarded.
   */
  send = (data: Data, options: PublishOptions = {}): string => {
    const { id = this.#room.link.newId() } = options;
    const message: Message = { ...this.#own(this.#event, data), key: id, status: "sending" };
    this.#unsent.set(id, { message, options });
    void this.#publish(id);
    return id;
  };

  /**
   * Sends a message that failed again, under the same id, so that it is not said twice. Does nothing for
   * other messages.
   */
  retry = (key: string): void => {
    const unsent = this.#unsent.get(key);
    if (unsent?.message.status !== "failed") return;
    unsent.message = { ...unsent.message, status: "sending", error: undefined };
    void this.#publish(key);
  };

  /** Takes a message that failed out of the list. Does nothing for other messages. */
  discard = (key: string): void => {
    if (this.#unsent.get(key)?.message.status !== "failed") return;
    this.#unsent.delete(key);
    this.#changed();
  };

  /**
   * Replaces the data of a message. The change is shown at once. Resolves with `true` when the server has
   * taken it. If the server refuses, the change is taken back, `error` of the state says why, and the
   * promise resolves with `false`.
   */
  edit = (offset: number, data: Data): Promise<boolean> =>
    this.#change(offset, "edit", data, () => this.#room.edit(offset, data));

  /** Deletes the data of a message. Shown, refused and resolved as in `edit`. */
  remove = (offset: number): Promise<boolean> =>
    this.#change(offset, "delete", undefined, () => this.#room.remove(offset));

  /**
   * Adds a reaction with this key, such as an emoji, or with `on: false` takes it back. Shown, refused and
   * resolved as in `edit`.
   */
  react = (offset: number, key: string, on = true): Promise<boolean> =>
    this.#change(offset, "reaction", { key, on }, () => this.#room.react(offset, key, on));

  #own(event: string, data: unknown) {
    return { event, data, at: Date.now(), user: this.#room.user };
  }

  async #publish(id: string): Promise<void> {
    const unsent = this.#unsent.get(id);
    if (!unsent) return;
    const { options, message } = unsent;
    this.#changed();
    try {
      const how = { of: this.#of, ...options, id };
      const { offset } = await this.#room.publish(this.#event, message.data, how);
      this.#unsent.delete(id);
      // Its event comes before the answer, but for who is behind or does not hear itself.
      if (offset !== undefined && !this.#known.has(offset)) {
        this.#put({ ...message, offset, status: "sent" }, offset);
      }
    } catch (error) {
      unsent.message = { ...message, status: "failed", error: error as DormouseError };
      unsent.seen = undefined;
    }
    this.#changed();
  }

  /** Shows a change, until there is an answer to it. */
  async #change(offset: number, event: string, data: unknown, say: () => Promise<unknown>): Promise<boolean> {
    const change = { offset, event: this.#own(event, data) };
    this.#changes.add(change);
    this.#changed();
    try {
      await say();
      this.#error = null;
    } catch (error) {
      this.#error = error as DormouseError;
    }
    this.#changes.delete(change);
    this.#changed();
    return !this.#error;
  }

  /** From the place up to which events were handed over: all above it will be heard. */
  #begin(): void {
    const { offset } = this.#room.position;
    this.#log += 1;
    this.#known.clear();
    this.#early = [];
    const asked: HistoryOptions = { before: offset + 1, limit: this.#limit, of: this.#of };
    void this.#load(() => this.#room.history(asked));
  }

  async #load(next: () => Promise<Page> | null): Promise<void> {
    const log = this.#log;
    let shown = 0;
    this.#isLoading = true;
    this.#changed();
    try {
      for (let ask: typeof next | undefined = next; ask && !shown; ask = this.#older) {
        const page = await ask();
        if (this.#log !== log) return;
        shown = this.#add(page);
      }
      this.#error = null;
    } catch (error) {
      if (this.#log !== log) return;
      this.#error = error as DormouseError;
    }
    this.#isLoading = false;
    this.#changed();
  }

  /** Says how many messages a page had. */
  #add(page: Page | null): number {
    this.#older = page?.hasMore ? page.next : undefined;
    const messages = (page?.entries ?? []).filter((it) => it.event === this.#event);
    for (const it of messages) if (!this.#known.has(it.offset ?? 0)) this.#put(it, page?.offset ?? 0);
    for (const it of this.#early.splice(0)) this.#about(it);
    this.#keep += messages.length;
    return messages.length;
  }

  #put(entry: Entry | Message, folded: number): void {
    const { offset = 0 } = entry;
    this.#known.set(offset, { message: { key: String(offset), status: "sent", ...entry }, folded });
  }

  #hear(event: RoomEvent): void {
    const { offset, of, user } = event;
    if (event.event === this.#event && of === this.#of && offset !== undefined) {
      // Its answer has shown it already, or follows.
      const isOwn = user === this.#room.user;
      const mine = [...this.#unsent.values()].find(
        ({ message, seen }) => isOwn && seen === undefined && isSame(message, event),
      );
      const key = mine?.message.key ?? this.#known.get(offset)?.message.key ?? String(offset);
      if (mine) mine.seen = offset;
      this.#put({ key, ...event }, offset);
      if (this.#keep < this.#known.size) this.#forget();
    } else if (of !== undefined) {
      if (this.#isLoading) this.#early.push(event);
      this.#about(event);
    } else return;
    this.#changed();
  }

  #about(event: RoomEvent): void {
    const { of = 0, offset } = event;
    const known = this.#known.get(of);
    if (!known || (offset !== undefined && offset <= known.folded)) return;
    known.message = fold(known.message, event, this.#room.user, this.#event) ?? known.message;
    known.folded = offset ?? known.folded;
  }

  /** The oldest gives way. It is in the log still. */
  #forget(): void {
    const oldest = Math.min(...this.#known.keys());
    this.#known.delete(oldest);
    const asked = { before: oldest + 1, limit: this.#limit, of: this.#of };
    this.#older = () => this.#room.history(asked);
  }

  /** The list is made once for all that happens in the same turn. */
  #changed(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.show({
        messages: this.#list() as Message<Data>[],
        hasMore: !!this.#older,
        isLoading: this.#isLoading,
        error: this.#error,
      });
    });
  }

  #list(): Message[] {
    const changes = [...this.#changes];
    const list = [...this.#known.values()].map(({ message }) =>
      changes
        .filter(({ offset }) => offset === message.offset)
        .reduce((now, { event }) => {
          const then = fold(now, event, this.#room.user, this.#event) ?? now;
          return { ...then, isChanging: true };
        }, message),
    );
    list.sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0));
    const unsent = [...this.#unsent.values()].filter(({ seen = -1 }) => !this.#known.has(seen));
    return [...list, ...unsent.map((it) => it.message)];
  }
}

const isSame = (a: { data?: unknown }, b: { data?: unknown }) =>
  JSON.stringify(a.data) === JSON.stringify(b.data);

const lists = new WeakMap<Room, Map<string, Messages>>();

/** The list of the messages of a room: the same object for all who ask with the same options. */
export function messagesOf<Data = unknown>(
  room: Room<EventMap>,
  { event, of, pageSize, keep }: MessageOptions = {},
): Messages<Data> {
  const key = JSON.stringify([event, of, pageSize, keep]);
  const make = () => new Messages(room, { event, of, pageSize, keep });
  return cached(lists, room as Room, key, make) as unknown as Messages<Data>;
}
