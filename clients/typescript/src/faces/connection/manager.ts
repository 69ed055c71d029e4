// The life of a conversation's connection: attempts, heartbeat, and what is told of them.
import { conversationBackoff, Link } from "../../index.ts";
import { WebSocketBase } from "./base.ts";
import type { MessageHandler } from "./handler.ts";
import type { ConnectionPhase, ConnectionState, ConversationOptions } from "./types.ts";

const HEARTBEAT_MS = 30_000;
const MESSAGE_TIMEOUT_MS = 300_000;

/** The life of a conversation's connection: attempts, heartbeat and states. */
export class ConnectionManager extends WebSocketBase {
  /** The connection underneath: its events, its queue, its state. */
  readonly link: Link;
  #state: ConnectionState;
  readonly #listeners = new Set<() => void>();

  constructor(handler: MessageHandler, options: ConversationOptions, told: (state: ConnectionState) => void) {
    super();
    this.link = new Link(handler.dialect, {
      backoff: conversationBackoff({ random: options.random }),
      heartbeatMs: HEARTBEAT_MS,
      pongTimeoutMs: 2 * HEARTBEAT_MS,
      ...options,
      queue: { ttlMs: options.messageTimeoutMs ?? MESSAGE_TIMEOUT_MS, ...options.queue },
    });
    const { clientId } = handler;
    this.#state = { status: "disconnected", clientId, conversationId: null, error: null };
    const tell = (change: Partial<ConnectionState>) => {
      const state = { ...this.#state, ...change };
      if (JSON.stringify(state) === JSON.stringify(this.#state)) return;
      this.#state = state;
      told(state);
      for (const it of [...this.#listeners]) it();
    };
    this.link.on("state", ({ phase, error }) => {
      const isDown = ["idle", "failed", "fallback"].includes(phase);
      const status = isDown ? "disconnected" : this.isConnected ? "connected" : "connecting";
      if (status !== "connected") tell({ status, ...(error && { error: error.message || error.code }) });
    });
    this.link.on("hello", (hello) => {
      const { conversationId } = handler.confirm(hello);
      tell({ status: "connected", conversationId, error: null });
    });
    this.link.on("error", ({ message, code }) => tell({ error: message || code }));
    this.link.on("frame", ({ type, error }) => type === "error" && tell({ error: String(error) }));
  }

  /** The state now. A new object for every change. */
  get state(): ConnectionState {
    return this.#state;
  }

  /** Calls the listener after every change of `state`. Returns a function that ends it. */
  subscribe(listener: () => void): () => void {
    const own = () => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** How far the connection is. */
  get phase(): ConnectionPhase {
    const { isPending } = this.link.state;
    if (this.isConnected) return "CONFIRMED";
    return isPending ? "PENDING" : this.#state.status === "connecting" ? "CONNECTING" : "DISCONNECTED";
  }
}
