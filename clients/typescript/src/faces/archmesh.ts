// The entry "./archmesh": the documented client of workflows, `/ws`.

import type { ErrorData, Notification, WorkflowUpdate } from "../frames/generated/workflow/parts.ts";
import {
  archmeshBackoff,
  DormouseError,
  type Frame,
  Link,
  type ListenOptions,
  type SendOptions,
  type TokenSource,
} from "../index.ts";
import { address, dialect, errorOf, type FaceOptions, type Problem } from "./common/dialect.ts";
import { Resend } from "./common/resend.ts";

export type { ErrorData, Notification, WorkflowUpdate } from "../frames/generated/workflow/parts.ts";

/** Options of `ArchMeshWebSocketClient`. */
export interface ArchMeshOptions extends FaceOptions {
  /** The server, without a path: `https://example.com`. By default that of the page. */
  url?: string | URL;
  /** The room. By default the first that the token leads to. */
  contextId?: string;
}

/** Any message of the protocol. */
export interface ArchMeshMessage extends Frame {
  id: string;
  /** RFC 3339. */
  timestamp: string;
  data?: unknown;
}

/**
 * What the connection is doing. `reconnecting` is also the wait before the next attempt; `failed` is given
 * up.
 */
export type ArchMeshState = "connecting" | "connected" | "disconnected" | "reconnecting" | "failed";

const ATTEMPTS_MAX = 5;
const HEARTBEAT_MS = 30_000;
/** Of how many workflows the last update is kept. */
const WORKFLOWS_MAX = 1000;
/** What the client itself sees to. */
const QUIET = ["auth", "large_data", "large_data_received", "large_data_delete"];

const STATES: Record<string, ArchMeshState> = {
  idle: "disconnected",
  connecting: "connecting",
  failed: "reconnecting",
  reconnecting: "reconnecting",
  fallback: "failed",
};

const problem = ({ data }: Frame): Problem & { id?: string } => {
  const { error_code: code, error_message: message, error_details: details } = data as ErrorData;
  return { code, message, id: details?.request_id, retryAfter: details?.retry_after };
};

/**
 * The client of workflows, `/ws`. Its members `handle…` are there to be replaced, in a class of your own or
 * on the object.
 *
 * Nothing acknowledges a message in this protocol: what is on its way when the connection is cut may be
 * lost.
 */
export class ArchMeshWebSocketClient {
  /** What is taken where the constructor is told nothing: set once, for code that gives a token alone. */
  static defaults: ArchMeshOptions = {};

  /** How many attempts are made before the connection is given up, unless `backoff` says otherwise. */
  readonly maxReconnectAttempts = ATTEMPTS_MAX;
  /** The connection underneath: its events, its queue, its state. */
  readonly link: Link;
  /** The last update of each workflow, by its id, of 1,000 workflows at most. */
  readonly workflows = new Map<string, WorkflowUpdate>();
  readonly #resend = new Resend();

  /**
   * `token` may be a function, which is called at each attempt and when a token has expired. Nothing
   * connects before `connect`.
   */
  constructor(token?: TokenSource, options: ArchMeshOptions = {}) {
    const all = { ...ArchMeshWebSocketClient.defaults, ...options };
    const { url, contextId, random } = all;
    const words = dialect({
      // The server says nothing by itself: the answer to a ping tells that the token was taken.
      hello: "pong",
      opening: () => [this.#message("ping", {})],
      url: (request) => address("/ws", url, { token: request.token, contextId, batch: 1 }),
      problem,
      renewal: (younger) => this.#message("auth", { token: younger }),
    });
    this.link = new Link(words, {
      backoff: archmeshBackoff({ random }),
      heartbeatMs: HEARTBEAT_MS,
      log: (text, details) => console.log(text, details ?? ""),
      ...all,
      token: (request) => {
        if (typeof token === "function") return token(request);
        return request.reason === "expired" ? this.handleReauthentication() : token;
      },
    });
    const { log } = this.link.$around;
    this.link.on("state", ({ phase }) => {
      if (phase === "reconnecting")
        log(`Attempting to reconnect (${this.reconnectAttempts}/${ATTEMPTS_MAX})`);
    });
    this.link.on("hello", () => log("Connected to ArchMesh WebSocket"));
    this.link.on("close", (verdict) => log("WebSocket connection closed", verdict));
    this.link.on("error", (error) => log(String(error), error));
    this.link.on("frame", (frame) => this.handleMessage(frame as ArchMeshMessage));
  }

  /**
   * Connects, and goes on trying. Resolves when the server has taken the token. Rejects with a
   * `DormouseError` when the connection is given up, or with the reason of the signal.
   */
  connect(options?: { signal?: AbortSignal }): Promise<void> {
    return this.link.connect(options);
  }

  /** Closes the connection until `connect`. What is queued stays. */
  disconnect(): void {
    this.link.disconnect();
  }

  /** What the connection is doing now. */
  get state(): ArchMeshState {
    return STATES[this.link.phase] ?? "connected";
  }

  /** Calls the listener with every new state. Returns a function that ends it. */
  onStateChange(listener: (state: ArchMeshState) => void, options?: ListenOptions): () => void {
    let last = this.state;
    const told = () => {
      const { state } = this;
      if (state !== last) listener(state);
      last = state;
    };
    return this.link.on("state", told, options);
  }

  /**
   * How many attempts followed the first one since the last connection that lasted; 0 while there is a
   * connection.
   */
  get reconnectAttempts(): number {
    return this.link.isOpen ? 0 : Math.max(0, this.link.state.attempt - 1);
  }

  /**
   * Sends a message, as soon as there is a connection. Returns its id. If the server refuses it for a time
   * (`RATE_LIMIT_EXCEEDED`), it is sent again when that time is over, three times at most, ahead of all
   * messages that follow.
   */
  sendMessage(type: string, data: unknown = {}, options?: SendOptions): string {
    const message = this.#message(type, data);
    if (type === "ping" && !this.link.isOpen) return message.id;
    this.#resend.keep(message.id, message);
    this.link.send(message, options);
    return message.id;
  }

  /**
   * Called with every message but batches, which are taken apart. It calls `handleWorkflowUpdate`,
   * `handleNotification` or `handleError`; who replaces it does that instead.
   */
  handleMessage(message: ArchMeshMessage): void {
    const { type, data } = message;
    if (type === "workflow_update") this.handleWorkflowUpdate(this.#kept(data as WorkflowUpdate));
    else if (type === "notification") this.handleNotification(data as Notification);
    else if (type === "error") this.#refused(message);
    else if (type === "pong") this.link.$around.log("Received pong");
    else if (!QUIET.includes(type)) this.link.$around.log(`Unknown message type: ${type}`);
  }

  /** Called with the data of every `workflow_update`. By default it logs them. */
  handleWorkflowUpdate(data: WorkflowUpdate): void {
    this.link.$around.log(`Workflow ${data.workflow_id}: ${data.status} (${data.progress}%)`);
  }

  /** Called with the data of every `notification`. By default it logs them. */
  handleNotification(data: Notification): void {
    this.link.$around.log(`Notification: ${data.title} - ${data.message}`);
  }

  /**
   * Called with the data of every `error`, also of those after which the message is sent again. By default
   * it logs them.
   */
  handleError(data: ErrorData): void {
    this.link.$around.log(`Error: ${data.error_code} - ${data.error_message}`, data.error_details);
  }

  /**
   * Called when a token that was given as text was refused or has expired. Returns another token, or a
   * promise of one. By default it throws `AUTHENTICATION_FAILED`, and the connection is given up.
   */
  handleReauthentication(): string | Promise<string> {
    throw new DormouseError("AUTHENTICATION_FAILED", "Sign in again");
  }

  /** Sends a ping now. While there is a connection, one is sent every 30 s anyway. */
  startHeartbeat(): void {
    this.link.ping();
  }

  /**
   * Drops the connection, if there is one, and makes an attempt now, as if it were the first. Resolves and
   * rejects as `connect`.
   */
  attemptReconnect(): Promise<void> {
    return this.link.reconnect();
  }

  /** A new id for a message: `msg_`, the time in milliseconds, and nine random characters. */
  generateMessageId(): string {
    return `msg_${this.link.$around.clock.now()}_${Math.random().toString(36).slice(2, 11)}`;
  }

  #message(type: string, data: unknown): ArchMeshMessage {
    const timestamp = new Date(this.link.$around.clock.now()).toISOString();
    return { type, id: this.generateMessageId(), timestamp, data };
  }

  #kept(data: WorkflowUpdate): WorkflowUpdate {
    this.workflows.delete(data.workflow_id);
    this.workflows.set(data.workflow_id, data);
    const [oldest] = this.workflows.keys();
    if (WORKFLOWS_MAX < this.workflows.size) this.workflows.delete(oldest as string);
    return data;
  }

  #refused(message: ArchMeshMessage): void {
    const its = problem(message);
    this.#resend.refused(this.link, this.link.$around.clock, its.id, errorOf(its));
    this.handleError(message.data as ErrorData);
  }
}
