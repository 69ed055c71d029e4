// What is said of rooms and to them.
import type { DormouseError } from "./errors.ts";
import type { Frame, SendOptions } from "./types.ts";

/** Something that happened in a room. */
export interface RoomEvent<Data = unknown> {
  /** Its name. */
  event: string;
  /** What it says; missing for `null`. */
  data: Data;
  /** Its place in the log; missing for what is not kept. */
  offset?: number;
  /** When it happened, in milliseconds since 1970. */
  at: number;
  /** Who said it: the `sub` of their token. */
  user?: string;
  /** What they are called, where that is not `user`. */
  name?: string;
  /** The offset of the entry that it is about. */
  of?: number;
  /** For this user alone. */
  direct?: boolean;
  /** Nothing is left of what it said. */
  deleted?: boolean;
  /** `base64`: `data` is bytes. */
  encoding?: string;
}

/** What the server says when a room is attached to. */
export interface Attachment {
  /** `kind:name`. */
  room: string;
  /** Which log it is. A log that was erased and begun anew has another. */
  epoch: string;
  /** The newest offset of the log at that time. */
  offset: number;
  /** The oldest offset that the log still has; 0 if it is empty. */
  first: number;
  /** Events above this offset follow. */
  from: number;
  /** Whether it goes on where the client was. */
  recovered: boolean;
  /** Why not: `epoch`, `gone`, `ahead`, `denied`. Missing where nothing was to be gone on with. */
  reason?: string;
  /** What the token lets its user do in the room. */
  grants: string[];
  /** Whether the members are told of each other, or only their number. */
  presence: "members" | "occupancy";
}

/** What is asked of a room when it is attached to. */
export interface RoomOptions {
  /** On the first connection, and where the log cannot be gone on with: so many entries, or `30s`, `5m`, `2h`. */
  rewind?: number | string;
  /** Names of events, and beginnings with `*`: nothing else comes. */
  events?: readonly string[];
  /** `false`: not present until `presence.enter`. */
  present?: boolean;
}

/** What happens to the attachment to a room, and the arguments of the listeners of `watch`. */
export interface RoomNotices {
  /** A new attachment; what it asks to be told again follows. */
  attached: [attachment: Attachment];
  /** What was built from events is void: the log does not reach back, or is another one. */
  lost: [reason: string];
  /**
   * An event was missing, and the room is attached to again, so that it comes. That points to a fault of
   * the server or of the network.
   */
  gap: [];
  /** The server ended the attachment. With `reattach` the client comes back by itself. */
  detached: [frame: Frame];
  /** Something went wrong that no promise tells. */
  error: [error: DormouseError];
}

/** Names of events, and what the data of each is. */
export type EventMap = Record<string, unknown>;

/** What became of a message. */
export interface Receipt {
  /** Its place in the log; missing if it is not kept. */
  offset?: number;
  /** Which log that is. */
  epoch?: string;
  /** Whether it had been said before, with this id. */
  duplicate?: boolean;
}

/** How a message is published. */
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

/** Which page of the log is asked for. Without `before` and `after` it is the newest one. */
export interface HistoryOptions {
  /** Entries below this offset, or before this time in milliseconds since 1970. */
  before?: number;
  /** Entries above this offset, or after this time in milliseconds since 1970. */
  after?: number;
  /** How many entries a page has. 50 by default, 200 at most. */
  limit?: number;
  /** Whether the newest entry comes first. `false` by default. */
  reverse?: boolean;
  /** Only answers to this entry. */
  of?: number;
  /** Edits, deletions and reactions as entries of their own. */
  raw?: boolean;
  /** Ends the waiting; the promise rejects with its reason. */
  signal?: AbortSignal;
}

/** An entry of a page, with what was said about it. */
export interface Entry<Data = unknown> extends Omit<RoomEvent<Data>, "deleted"> {
  /** The last edit of it. */
  edited?: { offset: number; at: number; user: string };
  /** Who deleted it, and when. It has no `data` then. */
  deleted?: boolean | { offset: number; at: number; user: string };
  /** By key: how many users react so, some of them, and whether this user does. */
  reactions?: Record<string, { count: number; users: string[]; me?: boolean }>;
  /** How many entries answer it. */
  replies?: number;
}

/** A page of the log. */
export interface Page {
  /** Oldest first, unless it was asked for in reverse. */
  entries: Entry[];
  /** Whether there is a page that follows in the same direction. */
  hasMore: boolean;
  /** The newest offset of the log. */
  offset: number;
  /** Which log it is. */
  epoch: string;
  /** The page that follows in the same direction; `null` if there is none. */
  next(): Promise<Page> | null;
}

/** How a document is joined. */
export interface DocumentOptions {
  /** A `viewer` sees the text and does not edit it. `participant` by default. */
  role?: "participant" | "viewer";
}
