// What the manager tells of itself, in the words of its document.

import type { ServerHello } from "../../frames/generated/client/server.ts";
import type { Attempt, LinkRecord, LinkState, Phase } from "../../index.ts";

/**
 * The phase of a connection: `idle`, `connecting`, `open`, `degraded`, `reconnecting`, `failed` or
 * `fallback`.
 */
export type WSConnectionPhase = Phase;
/** One attempt to connect, and the connection that it led to. Times are in milliseconds since 1970. */
export type WSConnectionAttempt = Attempt;
/** The `hello` of the server. */
export type WSHelloMessage = ServerHello;

/** Numbers of a connection, counted over the life of its manager. */
export interface WSConnectionStats {
  /** How many attempts to connect were made. */
  total_attempts: number;
  /** How many of them led to a hello. */
  successful_connections: number;
  /** For how many milliseconds the connection has been open; 0 while there is none. */
  current_uptime_ms: number;
  /** How many frames came in. */
  messages_received: number;
  /** How many frames went out. */
  messages_sent: number;
  /** How many pings and pongs of the server came in. */
  heartbeats_received: number;
  /** How many pings went out. */
  heartbeats_sent: number;
  /** When a frame last came in or went out. */
  last_activity: Date | null;
  /** When the connection that is open was opened. */
  connection_start: Date | null;
  /**
   * How many messages came in, by their type. At most 100 types are counted by name, and the others as
   * `other`.
   */
  message_counts_by_type: Record<string, number>;
}

/** The state of a manager, in the words of its document. */
export interface WSState {
  phase: WSConnectionPhase;
  /** What the client calls itself. */
  client_id: string;
  /** The address of the last attempt, without the token. */
  url: string;
  stats: WSConnectionStats;
  /** The attempt that is under way. */
  current_attempt: WSConnectionAttempt | null;
  /** The last ten attempts, the oldest first, each with the class of its error, its code and its times. */
  recent_attempts: WSConnectionAttempt[];
  /** Why the connection was given up; `null` in all phases but `fallback`. */
  fallback_reason: string | null;
  /** The last `hello` of the server. */
  last_hello_message: WSHelloMessage | null;
  /** What the server says it can do. */
  connection_features: string[];
  /** Whether the phase is `fallback`. */
  is_fallback_mode: boolean;
}

const date = (ms: number | null) => (ms ? new Date(ms) : null);

export function stateOf(
  client_id: string,
  { phase, url, error }: LinkState,
  { stats, attempts }: LinkRecord,
  hello: WSHelloMessage | null,
  now: number,
): WSState {
  const is_fallback_mode = phase === "fallback";
  const { byType, connectedAt } = stats;
  return {
    phase,
    client_id,
    url,
    stats: {
      total_attempts: stats.attempts,
      successful_connections: stats.connections,
      current_uptime_ms: connectedAt ? now - connectedAt : 0,
      messages_received: stats.received,
      messages_sent: stats.sent,
      heartbeats_received: (byType.ping ?? 0) + (byType.pong ?? 0),
      heartbeats_sent: stats.pings,
      last_activity: date(stats.lastActivityAt),
      connection_start: date(connectedAt),
      message_counts_by_type: { ...byType },
    },
    current_attempt: (phase.endsWith("connecting") && attempts.at(-1)) || null,
    recent_attempts: [...attempts],
    fallback_reason: (is_fallback_mode && error?.message) || null,
    last_hello_message: hello,
    connection_features: hello?.features ?? [],
    is_fallback_mode,
  };
}
