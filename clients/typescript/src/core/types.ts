// The words that every part of the client shares. Times are in milliseconds.
import type { Backoff } from "./backoff.ts";
import type { DormouseError } from "./errors.ts";

/**
 * Where a connection stands: `idle` (not asked for), `connecting` (the first attempt), `open`,
 * `degraded` (open, but the network is said to be away or an answer is overdue), `reconnecting` (an
 * attempt after a failure), `failed` (waiting for the next attempt), `fallback` (given up).
 */
export type Phase = "idle" | "connecting" | "open" | "degraded" | "reconnecting" | "failed" | "fallback";

/** What kind of failure ended an attempt or a connection. */
export type ErrorKind = "network" | "handshake" | "server_error" | "abnormal" | "timeout" | "unknown";

/** A message of any protocol, decoded. */
export type Frame = { type: string; [member: string]: unknown };

/** What goes into a socket, and comes out of one. */
export type Data = string | Uint8Array;

export interface SocketLike {
  readonly readyState: number;
  binaryType: string;
  /** What was negotiated, `""` if nothing was. */
  readonly protocol?: string;
  readonly extensions?: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: never): void;
  close(code?: number, reason?: string): void;
}

/** `WebSocket`, or a class that behaves like it. */
export type SocketConstructor = new (url: string, protocols?: string[]) => SocketLike;

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** The page around the client; there is none outside of browsers. */
export interface HostPage {
  isHidden(): boolean;
  isOffline(): boolean;
  /** Hears when either may have changed, or the page is back from a sleep. Returns how to stop. */
  listen(listener: () => void): () => void;
}

/** All that is not the client's own; each has a default, taken when it is used and not at import. */
export interface Environment {
  WebSocket?: SocketConstructor;
  clock?: Clock;
  /** From 0 to below 1. */
  random?: () => number;
  /** `null`: there is none. */
  page?: HostPage | null;
  /** Hears of what is wrong and not fatal. Nothing is logged without it. */
  log?: (text: string, details?: unknown) => void;
}

export type TokenReason = "initial" | "reconnect" | "expired";

export interface TokenRequest {
  reason: TokenReason;
  /** 1 for the first attempt since the connection was asked for. */
  attempt: number;
  /** Aborted when the token is no longer waited for. */
  signal: AbortSignal;
}

/**
 * A token, or a function that fetches one. It is called for each attempt to connect, and when the
 * token expires; what it returned before is not kept. One that throws makes the attempt fail, and
 * ends the connection if the error has `retryable: false`. `null` connects without a token.
 */
export type TokenSource =
  | string
  | null
  | ((request: TokenRequest) => string | null | undefined | Promise<string | null | undefined>);

/** What to do with a connection, decided from a frame or a close. */
export interface Verdict {
  /**
   * `retry` after `afterMs`, or the back-off's delay; `auth`: with a new token, at once; `renew`: show
   * a new token on this socket; `stop`: for good.
   */
  action: "retry" | "auth" | "renew" | "stop";
  kind: ErrorKind;
  code?: number | string;
  reason: string;
  afterMs?: number;
}

/** The answer to a queued message: one of the two. */
export type Answer =
  | { id: string; value: Frame; error?: never }
  | { id: string; value?: never; error: DormouseError };

export interface Codec {
  /** What the native protocol calls it. `json` by default. */
  name?: string;
  encode(frame: Frame): Data;
  /** One frame of several messages. Absent: each message goes alone. */
  join?(parts: Data[]): Data;
  decode(data: string | ArrayBuffer): unknown;
}

export interface AddressRequest {
  token: string | null;
  attempt: number;
}

/** What differs from protocol to protocol. */
export interface Dialect {
  codec?: Codec;
  /** Where to connect, asked for each attempt. */
  address(request: AddressRequest): { url: string; protocols?: string[] };
  /** What is said first on an open socket. */
  opening?(request: AddressRequest): Frame[];
  /** The type of the message that opens the connection for use. Absent: the open socket is enough. */
  hello?: string;
  /** The text of a ping. `{"type":"ping"}` by default. */
  ping?(): string;
  /** What to send back at once, such as a `pong` for a server's `ping`. */
  reply?(frame: Frame): Frame | undefined;
  /** Throws at a message that the server would not take: it is not queued. */
  check?(frame: Frame, hello: Frame | null): void;
  /** The id by which a message is answered; undefined: it is done once it is sent. */
  idOf?(frame: Frame): string | undefined;
  /** Which queued message this answers, and how. */
  answer?(frame: Frame): Answer | undefined;
  /** What a message says of the connection itself. */
  verdict?(frame: Frame, random: () => number): Verdict | undefined;
  /** What a close says. By default the table of verdict.ts. */
  closeVerdict?(code: number, reason: string, random: () => number): Verdict;
  /** How a new token is shown on an open socket. Absent: by connecting again. */
  renewal?(token: string, id: string): Frame;
}

export type Priority = "low" | "normal" | "high" | "critical";

export interface SendOptions {
  /** Those of higher priority leave the queue first. `normal` by default. */
  priority?: Priority;
  /** How long the message may wait to be answered, or sent if nothing answers it. */
  ttlMs?: number;
  /** `false`: fails at once where it cannot be sent now. */
  queue?: boolean;
  /** Whether the message outlives a reload, where the queue has a storage. */
  keep?: boolean;
  /** Ahead of all others, on this socket alone: fails when it ends. */
  direct?: boolean;
  /** Takes the message back, unless it was answered before. */
  signal?: AbortSignal;
  /** Hears of the answer in its turn, before any message that follows it; the promise is later. */
  answered?: (answer: Frame) => void;
}

/** A message that outlives a reload. It is plain data, that can be cloned. */
export interface StoredMessage {
  id: string;
  frame: Frame;
  priority: Priority;
  /** When it was queued. */
  at: number;
  ttlMs: number;
  /** Whose it is, if that is known: from the hello on. */
  user?: string;
}

/** Where queued messages are kept. What it throws is logged, and the queue goes on in memory. */
export interface QueueStorage {
  load(): Promise<StoredMessage[]>;
  put(message: StoredMessage): unknown;
  remove(id: string): unknown;
}

export interface QueueOptions {
  /** How many messages wait at most. 1,000 by default. */
  limit?: number;
  /** What gives way when it is full. `reject` (the new one, the default) or the oldest of the lowest priority. */
  overflow?: "reject" | "drop-oldest";
  /** The default of `SendOptions.ttlMs`: 12 hours, half as long as a server recognises a resend. */
  ttlMs?: number;
  storage?: QueueStorage;
}

export interface LinkOptions extends Environment {
  token?: TokenSource;
  backoff?: Backoff;
  /** From the beginning of an attempt, its token included, to the hello. 10,000 by default. */
  connectTimeoutMs?: number;
  /** 0: none. By default the `heartbeat_interval_ms` of the hello, else 25,000. */
  heartbeatMs?: number;
  /** How long an answer to a ping is waited for. 10,000 by default. */
  pongTimeoutMs?: number;
  queue?: QueueOptions;
  /** Whether attempts wait while the page is hidden. On by default. */
  pauseWhenHidden?: boolean;
  /** Says what is wrong with an inbound message, which then is logged and dropped. */
  validate?: (frame: Frame) => string | undefined;
}

/** What a link is doing now. A new object for every change, so that stores can compare. */
export interface LinkState {
  readonly phase: Phase;
  /** Whether the socket is open and the hello has not come. */
  readonly isPending: boolean;
  /** Without the token. */
  readonly url: string;
  /** How many attempts were made, the one under way among them, since the last that was a success. */
  readonly attempt: number;
  readonly hello: Frame | null;
  /** Why there is no connection. */
  readonly error: DormouseError | null;
  /** When the next attempt is due. */
  readonly retryAt: number | null;
  /** How many messages wait to be sent or answered. */
  readonly queued: number;
}

export interface LinkEvents {
  state: [state: LinkState, before: LinkState];
  /** The connection can be used; ahead of what was queued. */
  hello: [hello: Frame | null];
  /** Every message but the platform's constant pong. */
  frame: [frame: Frame];
  /** One that `validate` refused, which is no `frame`. */
  invalid: [frame: Frame];
  /** An attempt failed, or the socket ended. */
  close: [verdict: Verdict];
  /** The page was shown or the network came back, on an open connection. */
  wake: [];
  /** The round trip of a ping. */
  pong: [rttMs: number];
  /** What goes wrong and nobody waits for. */
  error: [error: DormouseError];
  /** Each frame that comes in, and each that goes out, as it is on the wire. */
  received: [data: string | ArrayBuffer];
  sent: [data: Data];
}
