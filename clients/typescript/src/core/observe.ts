// What a connection has been through: numbers, attempts and changes of phase, for panels and logs.
// It is a listener like any other, so who does not use it does not carry it.
import type { Link } from "./link.ts";
import type { ErrorKind, Phase } from "./types.ts";

/** One attempt to connect, and the connection it led to. */
export interface Attempt {
  /** Counts from 1 over the life of the link. */
  readonly number: number;
  readonly startedAt: number;
  /** When the connection could be used. */
  openAt?: number;
  endedAt?: number;
  kind?: ErrorKind;
  code?: number | string;
  reason?: string;
  /** When the next one was due, if there was to be one. */
  retryAt?: number;
}

export interface LinkStats {
  attempts: number;
  connections: number;
  /** Frames. */
  received: number;
  sent: number;
  /** Characters of text and bytes of binary frames. */
  bytesReceived: number;
  bytesSent: number;
  pings: number;
  pongs: number;
  /** Of the last answered ping. */
  rttMs: number | null;
  lastActivityAt: number | null;
  /** When the connection that is open was. */
  connectedAt: number | null;
  /** Messages received, by type. */
  byType: Record<string, number>;
}

export interface LinkRecord {
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

/** Begins to keep a record of a link; the same one for all who ask. `now` is the link's clock. */
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
