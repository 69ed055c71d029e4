// How what is said about a message changes it.
import type { RoomEvent } from "../core/session.ts";
import type { Message } from "./types.ts";

type Told = { key?: string; on?: boolean; count?: number };

/** How many users a reaction names. */
const USERS_MAX = 10;

/**
 * The message after an event that is about it; undefined for an event that changes nothing. `me` is
 * this user, `name` the name of events that are messages.
 */
export function fold(
  message: Message,
  { event, offset = 0, at, user = "", data }: RoomEvent,
  me: string | undefined,
  name: string,
): Message | undefined {
  const told = (data ?? {}) as Told;
  if (event === "edit") return { ...message, data, edited: { offset, at, user } };
  if (event === "delete") return { ...message, data: undefined, deleted: { offset, at, user } };
  if (event === name) return { ...message, replies: (message.replies ?? 0) + 1 };
  // Keys are anything that a user said: one is no member that every object has.
  const reactions: Message["reactions"] & object = Object.assign(Object.create(null), message.reactions);
  if (event === "reaction") {
    const { key = "", on = true } = told;
    const { count = 0, users = [], me: mine } = reactions[key] ?? {};
    const others = users.filter((it) => it !== user);
    // Of an own reaction that is on its way nobody has counted yet.
    const counted = told.count ?? count + (on === !mine ? (on ? 1 : -1) : 0);
    const named = on && others.length < USERS_MAX ? [...others, user] : others;
    reactions[key] = { count: counted, users: named, me: user === me ? on : mine };
    if (counted < 1) delete reactions[key];
  } else if (event === "reactions") {
    for (const [key, count] of Object.entries(told as Record<string, number>)) {
      if (count) reactions[key] = { users: [], ...reactions[key], count };
      else delete reactions[key];
    }
  } else return undefined;
  return { ...message, reactions };
}
