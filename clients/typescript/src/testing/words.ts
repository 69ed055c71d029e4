// How what clients say is read: what is not as the rules say is refused.
import { isObject } from "../frames/schema.ts";
import { type Message, Refusal } from "./types.ts";

const NAME = /^[A-Za-z0-9._:~-]{1,128}$/;
const FILTER = /^[A-Za-z0-9._:~-]{0,127}(\*|[A-Za-z0-9._:~-])$/;
const FILTERS_MAX = 100;
const FILTERS_BYTES_MAX = 8 * 1024;
const DEPTH_MAX = 32;
const MESSAGES_MAX = 100;

/** Numbers from here on are times (N32). */
export const TIME_MIN = 100_000_000_000;

/** An optional member; `null` says the same as a missing one (N55). */
export function optional<T>(it: unknown, name: string, holds: (it: unknown) => boolean): T | undefined {
  if (it === undefined || it === null) return undefined;
  if (!holds(it)) throw Refusal.invalid(`${name} is not what it must be`);
  return it as T;
}

export const isText = (it: unknown): boolean => typeof it === "string";
export const isFlag = (it: unknown): boolean => typeof it === "boolean";
export const isCount = (it: unknown): boolean => Number.isSafeInteger(it) && 0 <= (it as number);
const isPositive = (it: unknown) => isCount(it) && it !== 0;

/** The messages of a frame (N2), or a refusal of it as a whole. */
export function messages(text: string): unknown[] {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    throw Refusal.invalid("a frame is JSON");
  }
  return listed(frame);
}

/** The same of a frame that is decoded. */
export function listed(frame: unknown): unknown[] {
  if (DEPTH_MAX < depth(frame, 0)) throw Refusal.invalid("a frame is at most 32 deep");
  if (!Array.isArray(frame)) return [frame];
  if (frame.length < 1 || MESSAGES_MAX < frame.length) {
    throw Refusal.invalid("a frame is one message, or a list of 1 to 100");
  }
  return frame;
}

function depth(it: unknown, above: number): number {
  if (typeof it !== "object" || it === null || DEPTH_MAX < above) return above;
  return Object.values(it).reduce<number>((most, one) => Math.max(most, depth(one, above + 1)), above + 1);
}

/** The id of a message, if it has one that may be answered (N15). */
export function idOf(it: unknown): string | undefined {
  const id = isObject(it) ? it.id : undefined;
  return typeof id === "string" && 0 < id.length && new TextEncoder().encode(id).length <= 128
    ? id
    : undefined;
}

/** A message, or a refusal. */
export function message(it: unknown): Message {
  if (!isObject(it)) throw Refusal.invalid("a message is an object");
  if (it.id !== undefined && it.id !== null && idOf(it) === undefined) {
    throw Refusal.invalid("id is a string of 1 to 128 bytes");
  }
  if (typeof it.type !== "string") throw Refusal.invalid("type is a string");
  return it as Message;
}

export function name(it: unknown, what: string): string {
  if (typeof it !== "string") throw Refusal.invalid(`${what} is a string`);
  if (!NAME.test(it) || it === "." || it === "..") throw Refusal.invalid(`${what} is no name`);
  return it;
}

/** Filters (N20): sorted, each once. */
export function filters(it: unknown): string[] {
  if (!Array.isArray(it) || it.length < 1 || FILTERS_MAX < it.length) {
    throw Refusal.invalid("events must be a list of 1 to 100 filters");
  }
  for (const one of it)
    if (typeof one !== "string" || !FILTER.test(one)) throw Refusal.invalid("this is no filter");
  return [...new Set(it as string[])].sort();
}

/** The same, held against how many a connection may have. */
export function bounded(all: string[] | null): string[] | null {
  const bytes = (all ?? []).reduce((sum, it) => sum + it.length, 0);
  if (all && (FILTERS_MAX < all.length || FILTERS_BYTES_MAX < bytes)) {
    throw new Refusal("CONFLICT", "too many filters for one connection");
  }
  return all;
}

export const matches = (filter: string, channel: string): boolean =>
  filter.endsWith("*") ? channel.startsWith(filter.slice(0, -1)) : filter === channel;

/** A position; what is none is one of no log. */
export function position(text: string): { epoch: string; offset: number } {
  const [, epoch, offset] = /^(.+):(\d{1,15})$/.exec(text) ?? [];
  return epoch === undefined ? { epoch: "", offset: 1 } : { epoch, offset: Number(offset) };
}

export type Rewind = { entries: number } | { ms: number };

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000 };

export function rewind(it: unknown): Rewind | undefined {
  if (it === undefined || it === null) return undefined;
  const [, count, unit] = /^(\d{1,9})([smh]?)$/.exec(String(it)) ?? [];
  const isScalar = typeof it === "string" || typeof it === "number";
  if (!isScalar || count === undefined || Number(count) < 1)
    throw Refusal.invalid("rewind is no number and no time");
  if (unit) return { ms: Number(count) * UNITS[unit as keyof typeof UNITS] };
  if (1_000 < Number(count)) throw Refusal.invalid("rewind is at most 1000");
  return { entries: Number(count) };
}

export interface PageRequest {
  before?: number;
  after?: number;
  limit: number;
  reverse: boolean;
  raw: boolean;
  of?: number;
}

export function pageRequest(it: Message): PageRequest {
  return {
    before: optional(it.before, "before", isCount),
    after: optional(it.after, "after", isCount),
    limit: Math.min(optional<number>(it.limit, "limit", isPositive) ?? 50, 200),
    reverse: optional<boolean>(it.reverse, "reverse", isFlag) ?? false,
    raw: optional<boolean>(it.raw, "raw", isFlag) ?? false,
    of: optional(it.of, "of", isCount),
  };
}

/** `params` of a command or query: an object, or nothing. */
export function params(it: unknown): Record<string, unknown> {
  if (it === undefined || it === null) return {};
  if (!isObject(it)) throw Refusal.invalid("params must be an object");
  return it;
}
