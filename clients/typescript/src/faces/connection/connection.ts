// The conversation client: what is said is answered once, across reconnects.
import type { DormouseError, Link, ListenOptions, SendOptions } from "../../index.ts";
import { newClientId } from "../common/identity.ts";
import { WebSocketBase } from "./base.ts";
import { MessageHandler } from "./handler.ts";
import { ConnectionManager } from "./manager.ts";
import type {
  ConnectionPhase,
  ConnectionState,
  ConversationHistory,
  ConversationOptions,
  IncomingResponse,
  OutgoingMessage,
} from "./types.ts";

/**
 * The client of a conversation, `/ws/conversation`. Each message has one response, across reconnects: the
 * message waits for a connection, and is sent again with the same id until it has its response.
 */
export class WebSocketConnection extends WebSocketBase {
  /** What is taken where the constructor is told nothing: set once, for code that gives a listener alone. */
  static defaults: ConversationOptions = {};

  /** The connection underneath: its events, its queue, its state. */
  readonly link: Link;
  /** What the client calls itself. */
  readonly clientId: string;
  readonly #handler: MessageHandler;
  readonly #manager: ConnectionManager;

  /** `handleStateChange` is called with every new state. Nothing connects before `connect`. */
  constructor(
    handleStateChange: (state: ConnectionState) => void = () => {},
    options: ConversationOptions = {},
  ) {
    super();
    const all = { ...WebSocketConnection.defaults, ...options };
    const clock = all.clock ?? Date;
    this.clientId = all.clientId ?? newClientId();
    this.#handler = new MessageHandler(all.url, this.clientId, () => clock.now());
    this.#manager = new ConnectionManager(this.#handler, all, handleStateChange);
    this.link = this.#manager.link;
  }

  /** The state now. A new object for every change. */
  get state(): ConnectionState {
    return this.#manager.state;
  }

  /**
   * Calls the listener after every change of the state. Returns a function that ends it. For stores of
   * frameworks.
   */
  readonly subscribe = (listener: () => void): (() => void) => this.#manager.subscribe(listener);

  /** The state, the same object until it changes. */
  readonly getSnapshot = (): ConnectionState => this.state;

  /** How far the connection is. */
  get phase(): ConnectionPhase {
    return this.#manager.phase;
  }

  /**
   * Sends a message, as soon as the server has confirmed a connection, and again on the next connection as
   * long as it has no response. Returns its id, which the response has too. If it fails, `state.error` says
   * why, and `onError` is told.
   *
   * @throws {DormouseError} `INVALID_MESSAGE_FORMAT` if `content` is not a string
   */
  send(message: OutgoingMessage, options?: SendOptions): string {
    const frame = this.#handler.outgoing(message, this.link.newId());
    this.link.send(frame, options);
    return frame.messageId as string;
  }

  /**
   * Sends a message as `send` does, and resolves with its response. Rejects with a `DormouseError`:
   * `EXPIRED` if no response came within `messageTimeoutMs`.
   */
  async ask(message: OutgoingMessage, options?: SendOptions): Promise<IncomingResponse> {
    const frame = this.#handler.outgoing(message, this.link.newId());
    return (await this.link.request(frame, options)) as unknown as IncomingResponse;
  }

  /**
   * A page of what was said before, the oldest first. `before` is a time in milliseconds since 1970, or the
   * `nextBefore` of another page. Rejects with a `DormouseError`.
   */
  async history(page: { limit?: number; before?: number | string } = {}): Promise<ConversationHistory> {
    const frame = this.#handler.stamped({ type: "history", ...page });
    return (await this.link.request(frame)) as unknown as ConversationHistory;
  }

  /**
   * Calls the listener with every response. Its `content` is text, and must be shown as text. Returns a
   * function that ends it.
   */
  onMessage(listener: (response: IncomingResponse) => void, options?: ListenOptions): () => void {
    const told = (frame: { type: string }) => {
      if (frame.type === "response") listener(frame as IncomingResponse);
    };
    return this.link.on("frame", told, options);
  }

  /** Calls the listener with the error of every message that failed. Returns a function that ends it. */
  onError(listener: (error: DormouseError) => void, options?: ListenOptions): () => void {
    return this.link.on("error", listener, options);
  }
}
