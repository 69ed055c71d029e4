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

/** The members that the client uses of a socket. */
export interface SocketLike {
  /** As of a `WebSocket`: 1 is open. */
  readonly readyState: number;
  /** The client sets it to `arraybuffer`. */
  binaryType: string;
  /** What was negotiated, `""` if nothing was. */
  readonly protocol?: string;
  readonly extensions?: string;
  /** Called when the socket is open. */
  onopen: ((event: never) => void) | null;
  /** Called with `{data}` for every frame. */
  onmessage: ((event: never) => void) | null;
  /** Called with `{code, reason}` when the socket has ended. */
  onclose: ((event: never) => void) | null;
  /** Called when an attempt failed, where the platform says that by an error alone. */
  onerror: ((event: never) => void) | null;
  /** Sends a frame. What it throws is logged: the close of the socket says the rest. */
  send(data: never): void;
  /** Closes the socket. */
  close(code?: number, reason?: string): void;
}

/** `WebSocket`, or a class that behaves like it. */
export type SocketConstructor = new (url: string, protocols?: string[]) => SocketLike;

/** The time, and timers. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back after `ms` milliseconds. Returns what `clearTimeout` takes. */
  setTimeout(callback: () => void, ms: number): unknown;
  /** Takes a timer back; `undefined` is ignored. */
  clearTimeout(timer: unknown): void;
}

/** The page around the client; there is none outside of browsers. */
export interface HostPage {
  /** Whether the page is hidden: attempts to connect wait until it is shown. */
  isHidden(): boolean;
  /** Whether the platform says that there is no network. */
  isOffline(): boolean;
  /**
   * Calls the listener when either may have changed, or the page is back from a sleep. Returns a function
   * that ends it.
   */
  listen(listener: () => void): () => void;
}

/**
 * What surrounds the client. Each member has a default, which is looked up when it is used and not at
 * import.
 */
export interface Environment {
  /** The class of sockets. The global `WebSocket` by default. */
  WebSocket?: SocketConstructor;
  /** The clock of all timers. The real one by default. */
  clock?: Clock;
  /** Gives numbers from 0 to below 1. `Math.random` by default. */
  random?: () => number;
  /** The page around the client. That of the browser by default; `null`: there is none. */
  page?: HostPage | null;
  /**
   * Called with what is wrong and not fatal; not twice in a row with the same text. By default nothing is
   * logged.
   */
  log?: (text: string, details?: unknown) => void;
}

/**
 * Why a token is asked for: for the first attempt, for a further one, or because the last token has expired
 * or was refused.
 */
export type TokenReason = "initial" | "reconnect" | "expired";

/** What a token function is called with. */
export interface TokenRequest {
  /** Why a token is asked for. */
  reason: TokenReason;
  /** 1 for the first attempt since the connection was asked for. */
  attempt: number;
  /** Aborted when nobody waits for the token any more. */
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
  /** What kind of failure it is. */
  kind: ErrorKind;
  /** The code of the error or of the close. */
  code?: number | string;
  /** The same, for people. */
  reason: string;
  /** How long to wait before the next attempt, in milliseconds. By default as long as the back-off says. */
  afterMs?: number;
}

/** The answer to a queued message: one of the two. */
export type Answer =
  | { id: string; value: Frame; error?: never }
  | { id: string; value?: never; error: DormouseError };

/** How frames are written and read. `json` is one, and `msgpack` of `@dormouse/client/msgpack`. */
export interface Codec {
  /** What the native protocol calls it. `json` by default. */
  name?: string;
  /** Writes one frame. */
  encode(frame: Frame): Data;
  /** Writes several frames as one. Where it is missing, each frame goes alone. */
  join?(parts: Data[]): Data;
  /** Reads a frame, or a list of frames. It throws if the data is none. */
  decode(data: string | ArrayBuffer): unknown;
}

/** What an address is made for. */
export interface AddressRequest {
  /** The token; `null`: there is none. */
  token: string | null;
  /** 1 for the first attempt since the last connection that lasted. */
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

/** Messages of a higher priority leave the queue first. */
export type Priority = "low" | "normal" | "high" | "critical";

/** How a message is sent. */
export interface SendOptions {
  /** Messages of a higher priority leave the queue first. `normal` by default. */
  priority?: Priority;
  /**
   * How long the message may wait for its answer, or to be sent if nothing answers it, in milliseconds.
   * Then its promise rejects with `EXPIRED`. By default that of the queue.
   */
  ttlMs?: number;
  /** `false`: if it cannot be sent now, it fails at once with `NOT_CONNECTED`. `true` by default. */
  queue?: boolean;
  /**
   * Whether the message outlives a reload, where the queue has a storage. `publish` and `state.set` have it
   * on.
   */
  keep?: boolean;
  /** Sent ahead of all others, on this socket alone: it fails when the socket ends. */
  direct?: boolean;
  /** Takes the message back, unless it was answered. The promise rejects with its reason. */
  signal?: AbortSignal;
  /** Called with the answer before any message that follows it is looked at. The promise resolves later. */
  answered?: (answer: Frame) => void;
}

/** A message that outlives a reload: plain data, which can be cloned. */
export interface StoredMessage {
  /** The id under which it is sent, again and again. */
  id: string;
  /** What is sent. */
  frame: Frame;
  priority: Priority;
  /** When it was queued, in milliseconds since 1970. */
  at: number;
  /** How long it may wait from `at` on, in milliseconds. */
  ttlMs: number;
  /** Whose it is, if that is known: from the hello on. */
  user?: string;
}

/** Where queued messages are kept. What it throws is logged, and the queue goes on in memory. */
export interface QueueStorage {
  /** What is kept, in the order in which it was queued. */
  load(): Promise<StoredMessage[]>;
  /** Keeps a message, in place of one with the same id. */
  put(message: StoredMessage): unknown;
  /** Forgets a message. */
  remove(id: string): unknown;
}

/** Options of the queue of a connection. */
export interface QueueOptions {
  /** How many messages may wait. 1,000 by default. */
  limit?: number;
  /**
   * What gives way when the queue is full. With `reject`, the default, a new message fails with
   * `QUEUE_FULL`; with `drop-oldest` the oldest of the lowest priority does.
   */
  overflow?: "reject" | "drop-oldest";
  /**
   * How long a message may wait, in milliseconds. 12 hours by default: half as long as a server recognises
   * a message that is sent again.
   */
  ttlMs?: number;
  /** Where messages outlive a reload. None by default. */
  storage?: QueueStorage;
}

/** Options of a connection. */
export interface LinkOptions extends Environment {
  /** The token, or a function that fetches one. By default there is none. */
  token?: TokenSource;
  /** The delays between attempts. By default those of the native protocol: `nativeBackoff`. */
  backoff?: Backoff;
  /**
   * How long an attempt may take, in milliseconds, from its beginning, the token included, to the hello.
   * 10,000 by default.
   */
  connectTimeoutMs?: number;
  /**
   * Milliseconds from ping to ping; 0: none. By default the `heartbeat_interval_ms` of the hello, or
   * 25,000.
   */
  heartbeatMs?: number;
  /** How long an answer to a ping is waited for, in milliseconds. 10,000 by default. */
  pongTimeoutMs?: number;
  /** The queue of what is to be sent. */
  queue?: QueueOptions;
  /** Whether attempts to connect wait while the page is hidden. `true` by default. */
  pauseWhenHidden?: boolean;
  /**
   * Called with every inbound message. A text that it returns says what is wrong; the message is then
   * logged and dropped. `frameValidator` of `@dormouse/client/schemas` makes one.
   */
  validate?: (frame: Frame) => string | undefined;
}

/** What a connection is doing now. A new object for every change, so that stores can compare. */
export interface LinkState {
  /** Where the connection stands. */
  readonly phase: Phase;
  /** Whether the socket is open and the hello has not come. */
  readonly isPending: boolean;
  /** The address of the last attempt, without the token. */
  readonly url: string;
  /**
   * How many attempts were made, with the one that is under way, since the last connection that lasted for
   * 5 s.
   */
  readonly attempt: number;
  /** What the server said first; `null` while there is no connection. */
  readonly hello: Frame | null;
  /** Why there is no connection; `null` while there is one, and before the first. */
  readonly error: DormouseError | null;
  /** When the next attempt is due, in milliseconds since 1970; `null` if there is none to wait for. */
  readonly retryAt: number | null;
  /** How many messages wait to be sent or answered. */
  readonly queued: number;
}

/** The events of a connection, and the arguments of their listeners. */
export interface LinkEvents {
  /** The state changed. */
  state: [state: LinkState, before: LinkState];
  /** The connection can be used. What is queued leaves after this. */
  hello: [hello: Frame | null];
  /** Every message that comes in, but the constant pong of the platform. */
  frame: [frame: Frame];
  /** A message that `validate` refused; it is no `frame`. */
  invalid: [frame: Frame];
  /** An attempt failed, or the socket ended. */
  close: [verdict: Verdict];
  /** The page was shown, or the network came back, on an open connection. */
  wake: [];
  /** A ping was answered; its round trip in milliseconds. */
  pong: [rttMs: number];
  /** Something went wrong that no promise tells. */
  error: [error: DormouseError];
  /** Each frame that comes in, as it is on the wire. */
  received: [data: string | ArrayBuffer];
  /** Each frame that goes out, as it is on the wire. */
  sent: [data: Data];
}
