// What the parts of the fake server say to each other.
import type { VirtualClock } from "./clock.ts";

/** A message of the native protocol, in either direction. */
export type Message = { type: string; [member: string]: unknown };

export type Clock = Pick<VirtualClock, "now"> & {
  setTimeout(callback: () => void, ms?: number): unknown;
  clearTimeout(timer: unknown): void;
};

/** What a token lets its user do in a room. */
export type Grant = "join" | "send" | "publish" | "history" | "presence" | "admin";

/** Whose a token is. */
export interface FakeUser {
  /** The user: the `sub` of the token. */
  user: string;
  /** What they are called. The same as `user` by default. */
  name?: string;
  /** When the token expires, in milliseconds since 1970. By default it does not. */
  expiresAt?: number;
  /** What they may do in this room. By default all but `publish` and `admin`. */
  grants?: Grant[];
}

/** Whose a token is, in a room (`kind:name`); `null` if it is nobody's. */
export type TokenValidator = (token: string, room: string) => FakeUser | null;

/** An entry of a room's log. */
export interface FakeEntry {
  readonly offset: number;
  readonly event: string;
  readonly at: number;
  readonly user: string;
  readonly name: string;
  data: unknown;
  readonly of?: number;
  readonly to?: string;
  readonly encoding?: string;
  isDeleted?: boolean;
}

/** What the server refuses, in the words of its errors. */
export class Refusal extends Error {
  readonly code: string;
  readonly more: { retry_after?: number; details?: unknown };
  constructor(code: string, message: string, more: { retry_after?: number; details?: unknown } = {}) {
    super(message);
    this.code = code;
    this.more = more;
  }

  static invalid(message: string): Refusal {
    return new Refusal("INVALID_MESSAGE_FORMAT", message);
  }

  /** Whether the same may work later (N42). */
  get isRetryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}

const RETRYABLE = new Set([
  "RATE_LIMIT_EXCEEDED",
  "CONNECTION_LIMIT",
  "CONNECTION_TIMEOUT",
  "UNAVAILABLE",
  "SYSTEM_ERROR",
]);
