// Everything that is known of a connection, as plain data.
import type { Link } from "../core/link.ts";
import { type LinkRecord, observe } from "../core/observe.ts";
import type { LinkState } from "../core/types.ts";

/** Whose connection is shown: a room, a manager, or whatever else has a `link`. */
export interface Subject {
  readonly link: Link;
  /** What the panel calls it. By default the path of its address. */
  readonly name?: string;
  readonly clientId?: string;
  readonly user?: string;
  /** Of a room: the epoch of its log, and the offset up to which events were handed over. */
  readonly position?: { epoch: string; offset: number };
  readonly gaps?: number;
  readonly attachment?: { recovered: boolean; reason?: string } | null;
}

/**
 * The state and the record of a connection, as plain data that can be written as JSON. Times are
 * milliseconds since 1970, durations milliseconds.
 */
export interface Snapshot extends Omit<LinkState, "error">, LinkRecord {
  /** When it was taken. */
  at: number;
  /** The name of the subject, or the path of its address. */
  name: string;
  /** What the client calls itself, if that is known. */
  clientId: string | undefined;
  /** The user of the token, for rooms. */
  user: string | undefined;
  /** For how long the connection has been open, in milliseconds; 0 while there is none. */
  uptimeMs: number;
  /** The error of the last attempt or connection; `null` while there is none. */
  error: { code: string; message: string } | null;
  /** When the oldest of the messages that wait was queued; `null` while none waits. */
  oldestQueuedAt: number | null;
  /** The sub-protocol that the socket has negotiated, such as `dormouse.v2.json`; `null` if none. */
  protocol: string | null;
  /** The extensions that it has, such as `permessage-deflate`; `null` if none. */
  extensions: string | null;
  /** Why the connection was given up; `null` in all phases but `fallback`. */
  fallbackReason: string | null;
  /** What the server says it can do. */
  features: readonly string[];
  /** When the token expires, if the server said that in milliseconds; otherwise `null`. */
  expiresAt: number | null;
  /** Of a room: the epoch of its log, and the offset up to which events were handed over. */
  position: { epoch: string; offset: number } | undefined;
  /** Of a room: whether the last attachment went on where the one before ended. */
  recovered: boolean | undefined;
  /** The round trips of the last 60 answered pings in milliseconds, the oldest first. */
  rtts: readonly number[];
}

/**
 * Takes a snapshot of a connection. There is no token in it.
 *
 * @param subject a room, a manager, or whatever else has a `link`
 * @param now the clock by which the link is observed
 * @param rtts round trips of pings in milliseconds, the oldest first
 */
export function snapshot(subject: Subject, now: () => number, rtts: readonly number[] = []): Snapshot {
  const { link, name, clientId, user, position, attachment } = subject;
  const { error, ...state } = link.state;
  const record = observe(link, now);
  const {
    features = [],
    expires_at: expires,
    client_id: id,
  } = (state.hello ?? {}) as Record<string, unknown>;
  const { protocol, extensions } = link.$socket ?? {};
  const queued = link.queue.$entries.map((it) => it.message.at);
  return {
    at: now(),
    name: name ?? (new URL(state.url || "ws://none").pathname || "connection"),
    ...state,
    clientId: clientId ?? (id as string | undefined),
    user,
    uptimeMs: record.stats.connectedAt === null ? 0 : now() - record.stats.connectedAt,
    error: error && { code: error.code, message: error.message },
    oldestQueuedAt: queued.length ? Math.min(...queued) : null,
    protocol: protocol || null,
    extensions: extensions || null,
    fallbackReason: state.phase === "fallback" && error ? error.message || error.code : null,
    features: features as string[],
    expiresAt: typeof expires === "number" ? expires : null,
    position,
    recovered: attachment?.recovered,
    rtts,
    ...record,
  };
}
