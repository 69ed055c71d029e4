// What a run has recorded, as the checker takes it: plain data, so that a test can write one by hand.

/**
 * What became of something that was said: `open` has no answer yet, `acked` was acknowledged,
 * `ambiguous` was refused, lost with its connection or given up: it may be there once, or not at all.
 */
export type Publication = { text: string; state: "open" | "acked" | "ambiguous"; offset?: number };

/** An event as a client was handed it. `text` is empty where the event says nothing of its own. */
export type Sighting = { offset?: number; text: string };

/** What a client saw from one place on, until it was told that it could not go on from there. */
export type Span = { from: number; epoch?: string | undefined; reason?: string; seen: Sighting[] };

export type ClientHistory = {
  name: string;
  dialect: string;
  room: string;
  /**
   * What it was promised: `log`, every entry above a span's `from`, once and in order; `live`, what
   * happens while it is connected, once and in order.
   */
  told: "log" | "live";
  spans: Span[];
  published: Publication[];
  /** It was not connected again when all was mended. */
  isAway?: boolean;
};

/** An entry of a room's log. What was edited or deleted since says something else than what was seen. */
export type Entry = { offset: number; id: string; text: string; isAmended?: boolean };

export type RoomHistory = {
  name: string;
  /** The log as the HTTP API pages it, and as the native protocol does. */
  http: Entry[];
  native: Entry[];
};

/** Who a room lists and who is connected to it, when everything has settled. */
export type Presence = { room: string; by: string; listed: string[]; connected: string[] };

/** What was told of a room outside: each arrival in its order, and whether it was taken. */
export type Deliveries = { room: string; arrivals: { id: string; offset?: number; isTaken: boolean }[] };

/** A conversation's log, and which of its messages were answered or refused to whoever asked. */
export type Conversation = {
  name: string;
  messages: string[];
  responses: string[];
  answered: string[];
  refused: string[];
};

/** Something that was deleted, and the files in which it was found all the same. */
export type Erasure = { text: string; room: string; files: string[] };

/** A text that was edited together: what each replica and the room have, and the words that must be in it. */
export type Document = {
  room: string;
  replicas: { by: string; text: string }[];
  acked: string[];
  ambiguous: string[];
};

/** How a metric is told to be, by a subscription or by an update; null where no value is known. */
export type Sample = { metric: string; value: number | null; isUpdate: boolean };

/**
 * An analytics room: what each watcher was told in its order, and what a new subscription is told when
 * everything has settled. `isHere`: the watcher was connected then.
 */
export type Metrics = {
  room: string;
  watchers: { by: string; seen: Sample[]; isHere: boolean }[];
  last: Sample[];
};

/**
 * Large data: `acked` when its sender was told that all of it is there, `deleted` when it was told that it
 * is gone. `found` is the SHA-256 of what a request for it got in the end, or the code of the refusal.
 */
export type LargeObject = {
  id: string;
  sha256: string;
  state: "open" | "acked" | "deleting" | "deleted";
  found?: string | undefined;
};

/** Between what moments it was asked for and acknowledged, in milliseconds. */
export type Acknowledged = { began: number; ended: number };

/** Something that was said once and acknowledged, and where that put it. */
export type Said = Acknowledged & { text: string; epoch: string; offset: number };

/** A room that was erased now and then, and the log that it has in the end. */
export type Wiped = {
  room: string;
  said: Said[];
  erasures: Acknowledged[];
  readers: { by: string; spans: Span[]; isHere: boolean }[];
  epoch: string;
  log: Entry[];
};

/** What a process printed, and what must not be in it: secrets, by what they are, and what was said. */
export type Printed = { by: string; lines: string[]; secrets: Record<string, string>; said: string[] };

export type History = {
  rooms: RoomHistory[];
  clients: ClientHistory[];
  presence: Presence[];
  deliveries: Deliveries[];
  conversations: Conversation[];
  documents: Document[];
  erasures: Erasure[];
  metrics: Metrics[];
  objects: (LargeObject & { room: string })[];
  wiped: Wiped[];
  printed: Printed[];
};

export const nothing = (): History => ({
  rooms: [],
  clients: [],
  presence: [],
  deliveries: [],
  conversations: [],
  documents: [],
  erasures: [],
  metrics: [],
  objects: [],
  wiped: [],
  printed: [],
});
