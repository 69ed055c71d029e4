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

export class WebSocketConnection extends WebSocketBase {
  /** What is taken where the constructor is told nothing: set once, for code that gives a listener alone. */
  static defaults: ConversationOptions = {};

  readonly link: Link;
  readonly clientId: string;
  readonly #handler: MessageHandler;
  readonly #manager: ConnectionManager;

  /** `handleStateChange` hears of every change. Nothing connects before `connect`. */
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

  get state(): ConnectionState {
    return this.#manager.state;
  }

  /** For stores: hears of every new `getSnapshot()`. */
  readonly subscribe = (listener: () => void): (() => void) => this.#manager.subscribe(listener);

  /** The state, the same object until it changes. */
  readonly getSnapshot = (): ConnectionState => this.state;

  get phase(): ConnectionPhase {
    return this.#manager.phase;
  }

  /**
   * Says a message, as soon as there is a connection that is confirmed, and again after the next one as
   * long as it has no response. Returns its id, which the response has too. What becomes of one that
   * fails stands in `state.error`, and `onError` hears of it.
   */
  send(message: OutgoingMessage, options?: SendOptions): string {
    const frame = this.#handler.outgoing(message, this.link.newId());
    this.link.send(frame, options);
    return frame.messageId as string;
  }

  /** `send`, and the response. Rejects with a `DormouseError`: `EXPIRED` if none came in time. */
  async ask(message: OutgoingMessage, options?: SendOptions): Promise<IncomingResponse> {
    const frame = this.#handler.outgoing(message, this.link.newId());
    return (await this.link.request(frame, options)) as unknown as IncomingResponse;
  }

  /** What was said before, oldest first; `before` is a time or a `nextBefore`. */
  async history(page: { limit?: number; before?: number | string } = {}): Promise<ConversationHistory> {
    const frame = this.#handler.stamped({ type: "history", ...page });
    return (await this.link.request(frame)) as unknown as ConversationHistory;
  }

  /** Hears of every response. Its content is text, and must be shown as text. Returns how to stop. */
  onMessage(listener: (response: IncomingResponse) => void, options?: ListenOptions): () => void {
    const told = (frame: { type: string }) => {
      if (frame.type === "response") listener(frame as IncomingResponse);
    };
    return this.link.on("frame", told, options);
  }

  /** Hears of messages that failed. Returns how to stop. */
  onError(listener: (error: DormouseError) => void, options?: ListenOptions): () => void {
    return this.link.on("error", listener, options);
  }
}
