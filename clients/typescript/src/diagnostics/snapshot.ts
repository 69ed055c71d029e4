// Everything that is known of a connection, as plain data.
import type { Link } from "../core/link.ts";
import { type LinkRecord, observe } from "../core/observe.ts";
import type { LinkState } from "../core/types.ts";

/** Whose connection is shown: a room, a manager, or whatever else has a `link`. */
export interface Subject {
  readonly link: Link;
  /** What to call it. */
  readonly name?: string;
  readonly clientId?: string;
  readonly user?: string;
  /** Of a room: how far it has heard. */
  readonly position?: { epoch: string; offset: number };
  readonly gaps?: number;
  readonly attachment?: { recovered: boolean; reason?: string } | null;
}

export interface Snapshot extends Omit<LinkState, "error">, LinkRecord {
  at: number;
  name: string;
  clientId: string | undefined;
  user: string | undefined;
  /** `open` since so many milliseconds. */
  uptimeMs: number;
  error: { code: string; message: string } | null;
  /** Why it was given up. */
  fallbackReason: string | null;
  /** What the server says it can do. */
  features: readonly string[];
  /** When the token expires, if the server said that in milliseconds. */
  expiresAt: number | null;
  position: { epoch: string; offset: number } | undefined;
  recovered: boolean | undefined;
  /** The last round trips of pings, in milliseconds. */
  rtts: readonly number[];
}

/** `now` is the clock by which the link is observed. There is no token in it. */
export function snapshot(subject: Subject, now: () => number, rtts: readonly number[] = []): Snapshot {
  const { link, name, clientId, user, position, attachment } = subject;
  const { error, ...state } = link.state;
  const record = observe(link, now);
  const {
    features = [],
    expires_at: expires,
    client_id: id,
  } = (state.hello ?? {}) as Record<string, unknown>;
  return {
    at: now(),
    name: name ?? (new URL(state.url || "ws://none").pathname || "connection"),
    ...state,
    clientId: clientId ?? (id as string | undefined),
    user,
    uptimeMs: record.stats.connectedAt === null ? 0 : now() - record.stats.connectedAt,
    error: error && { code: error.code, message: error.message },
    fallbackReason: state.phase === "fallback" && error ? error.message || error.code : null,
    features: features as string[],
    expiresAt: typeof expires === "number" ? expires : null,
    position,
    recovered: attachment?.recovered,
    rtts,
    ...record,
  };
}
