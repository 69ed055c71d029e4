// What is refused, and what is said last, in the words of the protocol.
import type { Message, Refusal } from "./types.ts";

/** The `error` for it (N41). */
export function spelled(error: Refusal, id: string | undefined): Message {
  return {
    type: "error",
    ...(id !== undefined && { id }),
    code: error.code,
    message: error.message,
    retryable: error.isRetryable,
    ...error.more,
  };
}

/** What is said last where this was refused. */
export function closing(error: Refusal): {
  code: number;
  reason: string;
  reconnect: string;
  after_ms?: number;
} {
  const after_ms = error.more.retry_after === undefined ? undefined : error.more.retry_after * 1_000;
  switch (error.code) {
    case "AUTHENTICATION_FAILED":
      return { code: 1008, reason: "token", reconnect: "auth" };
    case "RATE_LIMIT_EXCEEDED":
      return { code: 1008, reason: "rate", reconnect: "after", after_ms: after_ms ?? 500 };
    case "MESSAGE_TOO_LARGE":
      return { code: 1009, reason: "too_large", reconnect: "now" };
    case "CONNECTION_TIMEOUT":
      return { code: 1001, reason: "silent", reconnect: "now" };
    case "CONNECTION_LIMIT":
      return { code: 1013, reason: "full", reconnect: "after", after_ms: after_ms ?? 5_000 };
    case "UNAVAILABLE":
      return { code: 1013, reason: "error", reconnect: "after", after_ms: after_ms ?? 5_000 };
    case "SYSTEM_ERROR":
      return { code: 1011, reason: "error", reconnect: "after", after_ms: after_ms ?? 500 };
    default:
      return { code: 1008, reason: "denied", reconnect: "never" };
  }
}
