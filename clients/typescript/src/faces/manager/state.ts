// What the manager tells of itself, in the words of its document.

import type { ServerHello } from "../../frames/generated/client/server.ts";
import type { Attempt, LinkRecord, LinkState, Phase } from "../../index.ts";

export type WSConnectionPhase = Phase;
export type WSConnectionAttempt = Attempt;
export type WSHelloMessage = ServerHello;

export interface WSConnectionStats {
  total_attempts: number;
  successful_connections: number;
  /** 0 while there is no connection. */
  current_uptime_ms: number;
  messages_received: number;
  messages_sent: number;
  /** The server's pings and pongs. */
  heartbeats_received: number;
  heartbeats_sent: number;
  last_activity: Date | null;
  connection_start: Date | null;
  message_counts_by_type: Record<string, number>;
}

export interface WSState {
  phase: WSConnectionPhase;
  client_id: string;
  /** Without the token. */
  url: string;
  stats: WSConnectionStats;
  /** The one that is under way. */
  current_attempt: WSConnectionAttempt | null;
  /** At most ten, the oldest first, each with the class of its error, its code and its times. */
  recent_attempts: WSConnectionAttempt[];
  fallback_reason: string | null;
  last_hello_message: WSHelloMessage | null;
  /** What the server says it can do. */
  connection_features: string[];
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
