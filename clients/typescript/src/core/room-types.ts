// What is said of rooms and to them.
import type { DormouseError } from "./errors.ts";
import type { Frame, SendOptions } from "./types.ts";

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
