// The log of a room: its entries, what is about others folded into them, and its pages.
import type { FakeEntry } from "./types.ts";
import { matches, type PageRequest, TIME_MIN } from "./words.ts";

/** Names of what is about another entry and is no entry of a page of its own (N33). */
export const ANNOTATIONS = new Set(["edit", "delete", "reaction"]);

/** As many steps from an answer up to what it answers are looked at for its channel (N20). */
const STEPS_MAX = 16;

/** Users that stand with a reaction in a page. */
const REACTED_MAX = 10;

type Change = { at: number; user: string; offset: number };

type Standing = {
  edited?: Change;
  deleted?: Change;
  /** Who reacts, by key, in the order in which they did. */
  reactions: Map<string, string[]>;
  replies: number;
};

export class Log {
  readonly entries: FakeEntry[] = [];
  readonly #standing = new Map<number, Standing>();
  /** Entries that were removed from the beginning. */
  #dropped = 0;

  readonly epoch: string;

  constructor(epoch: string) {
    this.epoch = epoch;
  }

  /** The newest offset; 0 if nothing was ever said. */
  get offset(): number {
    return this.#dropped + this.entries.length;
  }

  /** The oldest offset that is kept; 0 if there is none. */
  get first(): number {
    return this.entries[0]?.offset ?? 0;
  }

  at(offset: number): FakeEntry | undefined {
    return this.entries[offset - this.#dropped - 1];
  }

  append(entry: Omit<FakeEntry, "offset">): FakeEntry {
    const added = { ...entry, offset: this.offset + 1 };
    this.entries.push(added);
    const target = added.of === undefined ? undefined : this.at(added.of);
    if (target) this.#apply(added, target);
    return added;
  }

  /** Forgets all but the newest: clients from before are told `gone`. */
  trim(kept: number): void {
    const count = Math.max(0, this.entries.length - kept);
    for (const it of this.entries.splice(0, count)) this.#standing.delete(it.offset);
    this.#dropped += count;
  }

  /** The newest offset of what is for everyone. */
  get newestForAll(): number {
    return this.before({ offset: this.offset + 1 });
  }

  /** The entry before this one that is for everyone. */
  before({ offset: above }: Pick<FakeEntry, "offset">): number {
    for (let offset = above - 1; this.#dropped < offset; offset -= 1) {
      if (this.at(offset)?.to === undefined) return offset;
    }
    return 0;
  }

  isDeleted(offset: number): boolean {
    return this.#standing.get(offset)?.deleted !== undefined;
  }

  /** Who reacts to an entry with this key. */
  reacting(offset: number, key: string): string[] {
    return this.#standing.get(offset)?.reactions.get(key) ?? [];
  }

  keys(offset: number): string[] {
    return [...(this.#standing.get(offset)?.reactions.keys() ?? [])];
  }

  /** What filters are held against: the name of what an entry is about in the end (N20). */
  channel(entry: FakeEntry): string {
    let it = entry;
    for (let step = 0; step < STEPS_MAX && it.of !== undefined; step += 1) {
      const up = this.at(it.of);
      if (!up) break;
      it = up;
    }
    return it.event;
  }

  isHeard(entry: FakeEntry, filters: string[] | null): boolean {
    if (entry.to !== undefined || entry.event === "broadcast" || filters === null) return true;
    const channel = this.channel(entry);
    return filters.some((it) => matches(it, channel));
  }

  /** An entry as an event has it, but for `type`. */
  shown(entry: FakeEntry, isPage = false): Record<string, unknown> {
    const before = isPage || entry.to !== undefined ? undefined : this.before(entry);
    const isSaid = !entry.isDeleted && entry.data !== null && entry.data !== undefined;
    return {
      event: entry.event,
      offset: entry.offset,
      ...(before !== undefined && before !== entry.offset - 1 && { prev: before }),
      ...(entry.to !== undefined && { direct: true }),
      at: entry.at,
      user: entry.user,
      ...(entry.name !== entry.user && { name: entry.name }),
      ...(entry.of !== undefined && { of: entry.of }),
      ...(entry.isDeleted && { deleted: true }),
      ...(entry.encoding && isSaid && { encoding: entry.encoding }),
      ...(isSaid && { data: entry.data }),
    };
  }

  /** A page, as the answer to `history` has it (N32, N33). */
  page(request: PageRequest, reader: string): Record<string, unknown> {
    const { before = Number.POSITIVE_INFINITY, after, limit, raw, reverse, of } = request;
    const isBelow = (it: FakeEntry) => (TIME_MIN <= before ? it.at < before : it.offset < before);
    const isAbove = (it: FakeEntry) =>
      after === undefined || (TIME_MIN <= after ? after < it.at : after < it.offset);
    const found = this.entries.filter(
      (it) =>
        isBelow(it) &&
        isAbove(it) &&
        (it.to === undefined || it.to === reader) &&
        (of === undefined || it.of === of) &&
        (raw || !(it.of !== undefined && ANNOTATIONS.has(it.event))),
    );
    const isUpwards = after !== undefined;
    const kept = isUpwards ? found.slice(0, limit) : found.slice(Math.max(0, found.length - limit));
    const has_more = kept.length < found.length;
    const [lowest, highest] = [kept[0]?.offset, kept.at(-1)?.offset];
    const next = isUpwards ? { after: highest } : { before: lowest };
    const entries = kept.map((it) => ({ ...this.shown(it, true), ...(raw ? {} : this.#folded(it, reader)) }));
    if (reverse) entries.reverse();
    return {
      entries,
      has_more,
      ...(has_more && kept.length !== 0 && { next }),
      epoch: this.epoch,
      offset: this.offset,
    };
  }

  #folded(entry: FakeEntry, reader: string): Record<string, unknown> {
    const standing = this.#standing.get(entry.offset);
    if (!standing) return {};
    const { edited, deleted, reactions, replies } = standing;
    const told = [...reactions].map(([key, users]) => [
      key,
      { count: users.length, users: users.slice(0, REACTED_MAX), me: users.includes(reader) },
    ]);
    return {
      ...(edited && !deleted && { edited }),
      ...(deleted && { deleted }),
      ...(told.length !== 0 && { reactions: Object.fromEntries(told) }),
      ...(replies !== 0 && { replies }),
    };
  }

  #apply(entry: FakeEntry, target: FakeEntry): void {
    const standing: Standing = this.#standing.get(target.offset) ?? { reactions: new Map(), replies: 0 };
    this.#standing.set(target.offset, standing);
    const change = { at: entry.at, user: entry.user, offset: entry.offset };
    if (entry.event === "edit") {
      standing.edited = change;
      target.data = entry.data;
    } else if (entry.event === "delete") {
      standing.deleted = change;
      standing.reactions.clear();
      target.isDeleted = true;
      for (const it of this.entries) if (it.of === target.offset && it.event === "edit") it.data = null;
    } else if (entry.event === "reaction") {
      const { key, on } = entry.data as { key: string; on: boolean };
      const users = this.reacting(target.offset, key).filter((it) => it !== entry.user);
      if (on) users.push(entry.user);
      if (users.length) standing.reactions.set(key, users);
      else standing.reactions.delete(key);
    } else {
      standing.replies += 1;
    }
  }
}
