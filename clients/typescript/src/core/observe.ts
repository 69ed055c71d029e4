// What a connection has been through: numbers, attempts and changes of phase, for panels and logs.
// It is a listener like any other, so who does not use it does not carry it.
import type { Link } from "./link.ts";
import type { ErrorKind, Phase } from "./types.ts";

/** One attempt to connect, and the connection that it led to. Times are in milliseconds since 1970. */
export interface Attempt {
  /** Counts from 1 over the life of the link. */
  readonly number: number;
  /** When it began. */
  readonly startedAt: number;
  /** When the connection could be used. */
  openAt?: number;
  /** When it failed, or its connection ended. */
  endedAt?: number;
  /** What kind of failure that was. */
  kind?: ErrorKind;
  /** The code of the error or of the close. */
  code?: number | string;
  /** The same, for people. */
  reason?: string;
  /** When the next one was due, if there was to be one. */
  retryAt?: number;
}

/** Numbers of a link, counted from the call of `observe` on. */
export interface LinkStats {
  /** How many attempts to connect were made. */
  attempts: number;
  /** How many of them led to a connection. */
  connections: number;
  /** How many frames came in. */
  received: number;
  /** How many frames went out. */
  sent: number;
  /** How much came in: characters of text frames, and bytes of binary ones. */
  bytesReceived: number;
  /** How much went out, counted in the same way. */
  bytesSent: number;
  /** How many pings went out. */
  pings: number;
  /** How many pongs came in. */
  pongs: number;
  /** The round trip of the last answered ping in milliseconds; `null` before the first. */
  rttMs: number | null;
  /** When a frame last came in or went out, in milliseconds since 1970; `null` before the first. */
  lastActivityAt: number | null;
  /** When the connection that is open was opened, in milliseconds since 1970; `null` if there is none. */
  connectedAt: number | null;
  /**
   * How many messages came in, by their type. At most 100 types are counted by name, and the others as
   * `other`.
   */
  byType: Record<string, number>;
}

/** What `observe` keeps of a link. */
export interface LinkRecord {
  /** Numbers, which go on changing. */
  readonly stats: LinkStats;
  /** The last ten, the oldest first; the last one may be under way. */
  readonly attempts: readonly Attempt[];
  /** The last 50 changes of phase. */
  readonly transitions: readonly { at: number; from: Phase; to: Phase }[];
}

const ATTEMPTS_KEPT = 10;
const TRANSITIONS_KEPT = 50;
/** Types that are counted by name; messages of more come under `other`. */
const TYPES_MAX = 100;

const records = new WeakMap<Link, LinkRecord>();

/**
 * Begins to keep a record of a link, and returns it: the same one for all who ask. `now` is the clock of
 * the link.
 */
export function observe(link: Link, now: () => number = Date.now): LinkRecord {
  const known = records.get(link);
  if (known) return known;
  const stats: LinkStats = {
    ...{ attempts: 0, connections: 0, received: 0, sent: 0, bytesReceived: 0, bytesSent: 0 },
    ...{ pings: 0, pongs: 0, rttMs: null, lastActivityAt: null, connectedAt: null },
    // Types are anything that was said: one is no member that every object has.
    byType: Object.create(null),
  };
  const attempts: Attempt[] = [];
  const transitions: { at: number; from: Phase; to: Phase }[] = [];
  const count = (type: string) => {
    const name = type in stats.byType || Object.keys(stats.byType).length < TYPES_MAX ? type : "other";
    stats.byType[name] = (stats.byType[name] ?? 0) + 1;
    if (type === "pong") stats.pongs += 1;
  };
  const active = () => {
    stats.lastActivityAt = now();
  };
  const begin = () => {
    stats.attempts += 1;
    attempts.push({ number: stats.attempts, startedAt: now() });
    if (ATTEMPTS_KEPT < attempts.length) attempts.shift();
  };
  const opened = () => {
    stats.connections += 1;
    stats.connectedAt = now();
    const last = attempts.at(-1);
    if (last) last.openAt = now();
  };
  link.on("state", (state, before) => {
    if (state.phase !== before.phase) {
      transitions.push({ at: now(), from: before.phase, to: state.phase });
      if (TRANSITIONS_KEPT < transitions.length) transitions.shift();
      if (state.phase === "idle") {
        stats.connectedAt = null;
        const last = attempts.at(-1);
        if (last && last.endedAt === undefined) last.endedAt = now();
      }
    }
    if (before.attempt < state.attempt) begin();
  });
  link.on("hello", (hello) => {
    if (hello) count(hello.type);
    opened();
  });
  link.on("frame", (frame) => count(frame.type));
  link.on("received", (data) => {
    active();
    stats.received += 1;
    stats.bytesReceived += typeof data === "string" ? data.length : data.byteLength;
    if (data === '{"type":"pong"}') count("pong");
  });
  link.on("sent", (data) => {
    active();
    stats.sent += 1;
    stats.bytesSent += data.length;
    if (typeof data === "string" && data.startsWith('{"type":"ping"')) stats.pings += 1;
  });
  link.on("pong", (rttMs) => {
    stats.rttMs = rttMs;
  });
  link.on("close", ({ kind, code, reason }) => {
    stats.connectedAt = null;
    const { retryAt } = link.state;
    const told = { endedAt: now(), kind, reason, ...(code !== undefined && { code }) };
    const last = attempts.at(-1);
    if (last) Object.assign(last, told, retryAt !== null && { retryAt });
  });
  // A link that is on its way already.
  if (link.state.attempt) begin();
  if (link.isOpen) opened();
  const record = { stats, attempts, transitions };
  records.set(link, record);
  return record;
}
