// One persistent connection to `/ws/client`: messages go out as events of the room, and come in from it.

import {
  BackoffStrategy,
  DormouseError,
  type Frame,
  Link,
  type LinkRecord,
  type ListenOptions,
  observe,
  type SendOptions,
  type TokenSource,
} from "../../index.ts";
import { address, dialect, type FaceOptions } from "../common/dialect.ts";
import { storedClientId } from "../common/identity.ts";
import { logTo } from "./log.ts";
import { stateOf, type WSHelloMessage, type WSState } from "./state.ts";

/** A message in either direction. `timestamp` is added where it is missing. */
export type WSMessage = { type: string; timestamp?: string; [member: string]: unknown };

/** What the server refused, or what went wrong here. */
export interface WSProblem {
  code: string;
  message: string;
  /** The id of the message that was refused. */
  id?: string;
  /** How many seconds to wait until it may work. */
  retry_after?: number;
}

/** Options of `WebSocketManager`. */
export interface WebSocketManagerOptions extends Omit<FaceOptions, "backoff" | "connectTimeoutMs"> {
  /** How long an attempt may take in milliseconds, from its beginning to the hello. 10,000 by default. */
  connectionTimeoutMs?: number;
  /** Whether the client sends pings. `true` by default. The pings of the server are answered anyway. */
  enableHeartbeat?: boolean;
  /** The version of the protocol. 1 by default, the only one that `/ws/client` has; `Dormouse` speaks 2. */
  version?: number;
  /** What the client is. `frontend` by default. `admin` takes a token with that role. */
  role?: "frontend" | "admin" | "test";
  /** The delays between attempts. By default `BackoffStrategy.createDefaultStrategy()`. */
  backoffStrategy?: BackoffStrategy;
  /**
   * A token, or a function that fetches one at each attempt and when it expires. Without one the room is
   * the lobby, where a client hears and cannot say anything.
   */
  token?: TokenSource;
  /** The room. By default the first that the token leads to. */
  contextId?: string;
  /**
   * Where the client id is kept, under `ws_client_id`. `localStorage` by default; with `null` the id is new
   * each time.
   */
  storage?: Pick<Storage, "getItem" | "setItem"> | null;
}

/** What the state is made of: the phase, what the server says, and how it ended. */
const CHANGES = ["state", "hello", "close"] as const;
/** Messages of the connection itself; all others are handed to listeners. */
const SYSTEM = ["hello", "ping", "pong", "status", "error", "auth"];

/**
 * The connection manager of `/ws/client`: one persistent connection with a state of seven phases, numbers
 * for a panel, and a log.
 *
 * Nothing acknowledges an event in this protocol: what is on its way when the connection is cut may be
 * lost.
 */
export class WebSocketManager {
  /** What the client calls itself. */
  readonly clientId: string;
  /** The connection underneath: its events, its queue, its state. */
  readonly link: Link;
  readonly #record: LinkRecord;
  #hello: WSHelloMessage | null = null;
  /** Of the last change; made when it is asked for. */
  #snapshot: WSState | undefined;

  /**
   * `baseUrl` is the server, without a path: `ws://localhost:8000`; by default that of the page. Without a
   * `clientId` it is that of the storage, which is made if there is none. Nothing connects before
   * `connect`.
   */
  constructor(baseUrl?: string | URL, clientId?: string, options: WebSocketManagerOptions = {}) {
    const { version = 1, role = "frontend", contextId, random } = options;
    const client_id = clientId ?? storedClientId(options.storage);
    this.clientId = client_id;
    const words = dialect({
      hello: "hello",
      url: ({ token }) =>
        address("/ws/client", baseUrl, { client_id, version, role, token, contextId, batch: 1 }),
      reply: ({ type }) => (type === "ping" ? this.#stamped({ type: "pong" }) : undefined),
      problem: (frame) => ({ ...(frame as unknown as WSProblem), retryAfter: frame.retry_after as number }),
      renewal: (token, id) => this.#stamped({ type: "auth", id, token }),
    });
    this.link = new Link(words, {
      log: (text, details) => console.info(text, details ?? ""),
      ...options,
      connectTimeoutMs: options.connectionTimeoutMs,
      backoff: options.backoffStrategy ?? BackoffStrategy.createDefaultStrategy({ random }),
      heartbeatMs: options.enableHeartbeat === false ? 0 : options.heartbeatMs,
    });
    this.#record = observe(this.link, () => this.link.$around.clock.now());
    this.link.on("hello", (hello) => {
      this.#hello = hello as unknown as WSHelloMessage;
    });
    for (const it of CHANGES) {
      this.link.on(it, () => {
        this.#snapshot = undefined;
      });
    }
    logTo(this.link);
  }

  /**
   * Makes a manager of the variables of a front end, such as `import.meta.env`. `VITE_WS_URL` is the
   * server; with `VITE_WEBSOCKET_ENABLED=false` connecting leads to `fallback` at once.
   */
  static fromEnvironment(
    env: Record<string, unknown>,
    clientId?: string,
    options: WebSocketManagerOptions = {},
  ): WebSocketManager {
    const token = () => {
      throw new DormouseError("DISABLED", "VITE_WEBSOCKET_ENABLED is false");
    };
    const isOff = String(env.VITE_WEBSOCKET_ENABLED) === "false";
    return new WebSocketManager(env.VITE_WS_URL as string, clientId, isOff ? { ...options, token } : options);
  }

  /**
   * Connects, and goes on trying. Resolves at the hello. Rejects with a `DormouseError` when the connection
   * is given up, or with the reason of the signal.
   */
  connect(options?: { signal?: AbortSignal }): Promise<void> {
    return this.link.connect(options);
  }

  /** Closes the connection until `connect`. What is queued stays. */
  disconnect(code?: number, reason?: string): void {
    this.link.disconnect(code, reason);
  }

  /**
   * Drops the connection and makes an attempt now, also out of `fallback`. Resolves and rejects as
   * `connect`.
   */
  reconnect(options?: { signal?: AbortSignal }): Promise<void> {
    return this.link.reconnect(options);
  }

  /**
   * Sends a ping now. If nothing comes within 5 s, the connection is made anew. Does nothing without a
   * connection.
   */
  ping(): void {
    this.link.ping();
  }

  /**
   * Sends an event to the room, which everyone hears, the sender too. Without a connection it waits for
   * one. If the server refuses it, `onError` is told, with the `id` of the message if it has one.
   */
  send(message: WSMessage, options?: SendOptions): void {
    this.link.send(this.#stamped(message), options);
  }

  /**
   * Calls the listener with every message but those of the connection itself: `hello`, `ping`, `pong`,
   * `status`, `error`, `auth`. Returns a function that ends it.
   */
  onMessage(listener: (message: WSMessage) => void, options?: ListenOptions): () => void {
    return this.link.on("frame", (frame) => SYSTEM.includes(frame.type) || listener(frame), options);
  }

  /** Calls the listener with what the server refused. Returns a function that ends it. */
  onError(listener: (error: WSProblem) => void, options?: ListenOptions): () => void {
    const told = (frame: Frame) => frame.type === "error" && listener(frame as unknown as WSProblem);
    return this.link.on("frame", told, options);
  }

  /** The state now, with the numbers as they are now. */
  get state(): WSState {
    return stateOf(this.clientId, this.link.state, this.#record, this.#hello, this.link.$around.clock.now());
  }

  /**
   * Calls the listener with the new state after every change of the connection. Returns a function that
   * ends it.
   */
  readonly subscribe = (listener: (state: WSState) => void): (() => void) => {
    const stops = CHANGES.map((it) => this.link.on(it, () => listener(this.getSnapshot())));
    return () => {
      for (const stop of stops) stop();
    };
  };

  /** The state at the last change of the connection: the same object until the next. */
  readonly getSnapshot = (): WSState => {
    this.#snapshot ??= this.state;
    return this.#snapshot;
  };

  #stamped(message: WSMessage): Frame {
    return { timestamp: new Date(this.link.$around.clock.now()).toISOString(), ...message };
  }
}
