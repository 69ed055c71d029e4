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

/** `timestamp` is added where it is missing. */
export type WSMessage = { type: string; timestamp?: string; [member: string]: unknown };

/** What the server refused, or what went wrong here. */
export interface WSProblem {
  code: string;
  message: string;
  /** The id of the message that was refused. */
  id?: string;
  /** Seconds after which it may work. */
  retry_after?: number;
}

export interface WebSocketManagerOptions extends Omit<FaceOptions, "backoff" | "connectTimeoutMs"> {
  /** From the beginning of an attempt to the hello. 10,000 by default. */
  connectionTimeoutMs?: number;
  /** Whether the client pings too. On by default; the server's pings are answered anyway. */
  enableHeartbeat?: boolean;
  /** Of the protocol. 1, the only one here; 2 is what `Dormouse` speaks. */
  version?: number;
  /** `frontend` by default. `admin` takes a token of that role. */
  role?: "frontend" | "admin" | "test";
  backoffStrategy?: BackoffStrategy;
  /** Without one the room is the lobby, where one hears and says nothing. */
  token?: TokenSource;
  /** The room; by default the first that the token leads to. */
  contextId?: string;
  /** Where the client id is kept. `localStorage` by default; `null`: nowhere. */
  storage?: Pick<Storage, "getItem" | "setItem"> | null;
}

/** What the state is made of: the phase, what the server says, and how it ended. */
const CHANGES = ["state", "hello", "close"] as const;
/** Messages of the connection itself; all others are handed to listeners. */
const SYSTEM = ["hello", "ping", "pong", "status", "error", "auth"];

export class WebSocketManager {
  readonly clientId: string;
  /** What keeps the connection up: its events, its queue, its state. */
  readonly link: Link;
  readonly #record: LinkRecord;
  #hello: WSHelloMessage | null = null;
  /** Of the last change; made when it is asked for. */
  #snapshot: WSState | undefined;

  /**
   * `baseUrl` is the server, without a path: `ws://localhost:8000`. Without a `clientId` it is that of the
   * storage (`ws_client_id`), which is made if there is none. Nothing connects before `connect`.
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
   * By the variables of a front end, such as `import.meta.env`: `VITE_WS_URL` is the server, and with
   * `VITE_WEBSOCKET_ENABLED=false` connecting leads to `fallback` at once.
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

  /** Resolves at the hello; rejects with a `DormouseError` when it is given up, or with the signal's reason. */
  connect(options?: { signal?: AbortSignal }): Promise<void> {
    return this.link.connect(options);
  }

  /** Closes the connection until `connect`. What is queued stays. */
  disconnect(code?: number, reason?: string): void {
    this.link.disconnect(code, reason);
  }

  /** Drops the connection and makes an attempt now, also out of fallback. */
  reconnect(options?: { signal?: AbortSignal }): Promise<void> {
    return this.link.reconnect(options);
  }

  ping(): void {
    this.link.ping();
  }

  /**
   * Says an event to the room; everyone hears it, the sender too. Without a connection it waits for one.
   * What the server refuses is told to `onError`, by the message's `id` if it has one.
   */
  send(message: WSMessage, options?: SendOptions): void {
    this.link.send(this.#stamped(message), options);
  }

  /** Hears of every message but those of the connection itself. Returns how to stop. */
  onMessage(listener: (message: WSMessage) => void, options?: ListenOptions): () => void {
    return this.link.on("frame", (frame) => SYSTEM.includes(frame.type) || listener(frame), options);
  }

  /** Hears of what the server refused. Returns how to stop. */
  onError(listener: (error: WSProblem) => void, options?: ListenOptions): () => void {
    const told = (frame: Frame) => frame.type === "error" && listener(frame as unknown as WSProblem);
    return this.link.on("frame", told, options);
  }

  /** The state now, with the numbers as they are now. */
  get state(): WSState {
    return stateOf(this.clientId, this.link.state, this.#record, this.#hello, this.link.$around.clock.now());
  }

  /** Hears of every change of the connection. Returns how to stop. */
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
