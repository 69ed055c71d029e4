// From where on a client is told the log, and which of it.
import type { FakeConnection } from "./connection.ts";
import type { FakeRoom } from "./room.ts";
import { Refusal } from "./types.ts";
import { bounded, filters, position } from "./words.ts";

/** Filters of the query: too many of them are refused like what is none. */
export function doorFilters(list: string): string[] {
  try {
    return bounded(filters(list.split(","))) as string[];
  } catch (error) {
    throw error instanceof Refusal ? Refusal.invalid(error.message) : error;
  }
}

/** Why a client does not go on from where it was (N12). */
export function notResumed(connection: FakeConnection, resume: string): string | undefined {
  const { log } = connection.room as FakeRoom;
  const { epoch, offset } = position(resume);
  // Before its first entry every log is the same.
  if (offset !== 0 && epoch !== log.epoch) return "epoch";
  if (log.offset < offset) return "ahead";
  if (offset === log.offset) return undefined;
  if (!connection.grants.includes("history")) return "denied";
  return offset + 1 < log.first || log.first === 0 ? "gone" : undefined;
}
