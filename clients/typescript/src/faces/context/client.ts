// What the clients of chat, analytics and collaboration share: one envelope, one way in, and what is
// heard and said in it.
import type { ClientFrames } from "../../frames/generated/context/client.ts";
import type { Auth } from "../../frames/generated/context/parts.ts";
import type { ServerFrames } from "../../frames/generated/context/server.ts";
import {
  BackoffStrategy,
  type DormouseError,
  Emitter,
  type Frame,
  Link,
  type ListenOptions,
  type SendOptions,
  type TokenSource,
} from "../../index.ts";
import { address, dialect, errorOf, type FaceOptions, type Problem } from "../common/dialect.ts";
import { paced } from "../common/pace.ts";

/** Options of `ChatWebSocketClient`, `AnalyticsWebSocketClient` and `CollaborationWebSocketClient`. */
export interface ContextOptions extends FaceOptions {
  /** The endpoint: `wss://example.com/api/chat/ws`. */
  url: string | URL;
  /** A token, or a function that fetches one at each attempt and when it expires. */
  token?: TokenSource;
  /** The room. By default the first that the token leads to. */
  contextId?: string;
  /** How the token is shown: in the `query` of the address (the default), or in the first `message`. */
  auth?: "query" | "message";
  /**
   * How many messages leave within a minute; the rest waits in order. 100 by default, which is what the
   * server takes.
   */
  messagesPerMinute?: number;
}

/** Any message of the server. */
export interface WebSocketMessage<Data = unknown> {
  type: string;
  id?: string;
  /** RFC 3339. */
  timestamp: string;
  data?: Data;
  /** What went wrong, for people, where `type` is `error`. */
  error?: string;
  [member: string]: unknown;
}

/** What a client may send. `id` and `timestamp` are added. */
export type Outgoing<Names extends keyof ClientFrames> = {
  [Name in Names]: ClientFrames[Name] & { timestamp?: string };
}[Names];

/** The data of a message of the server. */
export type Heard<Name extends string> = Name extends keyof ServerFrames
  ? ServerFrames[Name] extends { data: infer Data }
    ? Data
    : undefined
  : unknown;

type Handler<Event> = ((event: Event) => void) | null;

const HEARTBEAT_MS = 30_000;
const RATE = 100;
/** Not answered: what it says is over soon. */
const FLEETING = ["typing", "cursor", "auth"];
/** Entries of the log, whose `offset` is their place in it. */
const LOGGED = ["message", "edit_message", "delete_message", "reaction"];
/** A position of no log: it leads to a greeting that says where the log stands. */
const NOWHERE = "none:1";

const problem = ({ code, error, retry_after: retryAfter }: Frame): Problem =>
  ({ code, message: error, retryAfter }) as Problem;

/** What the three clients have in common. */
export class ContextClient<Names extends keyof ClientFrames> {
  /** The connection underneath: its events, its queue, its state. */
  readonly link: Link;
  /**
   * Called when the server has let us in. This and the next three are as those of a `WebSocket`, so that
   * code which was written for one goes on working.
   */
  onopen: Handler<object> = null;
  /** Called with every message of the server. `data` is JSON. */
  onmessage: Handler<{ data: string }> = null;
  /** Called with every error: of the connection, and of messages that the server refused. */
  onerror: Handler<DormouseError> = null;
  /**
   * Called when an attempt failed or a connection ended. `code` is 1006 where there was no close frame, and
   * 1008 where the server refused the client.
   */
  onclose: Handler<{ code: number; reason: string }> = null;
  readonly #events = new Emitter<Record<string, [data: never, message: WebSocketMessage]>>();
  readonly #now: () => number;
  /** What was handed over of which log. */
  #epoch: string | undefined;
  #offset = 0;

  constructor(options: ContextOptions) {
    const { url, token, contextId, auth = "query", messagesPerMinute = RATE, random } = options;
    const clock = options.clock ?? Date;
    this.#now = () => clock.now();
    const isFirst = auth === "message";
    const log = options.log ?? ((text, details) => console.error(text, details ?? ""));
    const words = dialect({
      hello: "auth",
      url: (request) =>
        address("", url, {
          token: !isFirst && request.token,
          contextId,
          resume: this.#epoch ? `${this.#epoch}:${this.#offset}` : NOWHERE,
          batch: 1,
        }),
      opening: (request) => (isFirst ? [{ type: "auth", token: request.token, contextId }] : []),
      problem,
      idOf: ({ type, id }) => (FLEETING.includes(type) ? undefined : (id as string)),
      answer: (frame) => {
        const id = frame.id as string;
        return frame.type === "error" ? { id, error: errorOf(problem(frame)) } : { id, value: frame };
      },
      renewal: (younger, id) => ({ type: "auth", id, token: younger }),
    });
    this.link = new Link(words, {
      backoff: BackoffStrategy.createDefaultStrategy({ random }),
      heartbeatMs: HEARTBEAT_MS,
      ...options,
      log,
      get WebSocket() {
        return paced(options, messagesPerMinute);
      },
      token,
    });
    this.link.on("hello", (hello) => {
      const { epoch, offset = 0, recovered } = Object(hello?.data) as Auth;
      if (!recovered) [this.#epoch, this.#offset] = [epoch, offset];
      this.restore();
      this.onopen?.({});
      this.#tell(hello as Frame);
    });
    this.link.on("frame", (frame) => this.#take(frame));
    this.link.on("error", (error) => this.onerror?.(error));
    this.link.on("close", ({ code, reason }) => {
      if (code !== 1000) log(`WebSocket closed unexpectedly: ${code ?? ""} ${reason}`);
      // What was refused for a reason is closed with 1008.
      this.onclose?.({ code: typeof code === "number" ? code : code ? 1008 : 1006, reason });
    });
  }

  /**
   * Connects, and goes on trying. Resolves when the server has let us in. Rejects with a `DormouseError`
   * when the connection is given up, or with the reason of the signal.
   */
  connect(options?: { signal?: AbortSignal }): Promise<void> {
    return this.link.connect(options);
  }

  /** Closes the connection until `connect`. What is queued stays. */
  disconnect(): void {
    this.link.disconnect();
  }

  /** As of a `WebSocket`: 0 on the way or waiting for the next attempt, 1 open, 3 closed or given up. */
  get readyState(): number {
    const { isOpen, phase } = this.link;
    return isOpen ? 1 : phase === "idle" || phase === "fallback" ? 3 : 0;
  }

  /**
   * Sends a message, as an object or as JSON, as soon as there is a connection. If it has no answer when a
   * connection ends, it is sent again on the next one with the same id, so that it is not said twice.
   * `onerror` is called if it fails.
   */
  send(message: Outgoing<Names> | string, options?: SendOptions): void {
    this.link.send(this.#outgoing(message), options);
  }

  /**
   * Sends a message as `send` does, and resolves with the message that answers it: a page of history, or
   * the own message as everyone hears it. Rejects with a `DormouseError` that has the code of the server,
   * or `EXPIRED`, `QUEUE_FULL`, `CLOSED`.
   */
  request(message: Outgoing<Names> | string, options?: SendOptions): Promise<WebSocketMessage> {
    return this.link.request(this.#outgoing(message), options) as unknown as Promise<WebSocketMessage>;
  }

  /**
   * Calls the listener with every message of this type, with `*` of every type. Returns a function that
   * ends it.
   */
  on<Name extends keyof ServerFrames | (string & {})>(
    type: Name,
    listener: (data: Heard<Name>, message: WebSocketMessage<Heard<Name>>) => void,
    options?: ListenOptions,
  ): () => void {
    return this.#events.on(type, listener as never, options);
  }

  /** Sends what comes first on each new connection, ahead of what is queued. */
  protected restore(): void {}

  protected say(frame: { type: string; [member: string]: unknown }): void {
    this.link.send({ id: this.link.newId(), timestamp: this.#time(), ...frame }, { direct: true });
  }

  #time(): string {
    return new Date(this.#now()).toISOString();
  }

  #outgoing(message: Outgoing<Names> | string): Frame {
    const frame = (typeof message === "string" ? JSON.parse(message) : message) as Frame;
    this.sent(frame);
    return { id: this.link.newId(), timestamp: this.#time(), ...frame };
  }

  /** Called with every message that is sent. */
  protected sent(_frame: Frame): void {}

  #take(frame: Frame): void {
    const { offset } = Object(frame.data) as { offset?: number };
    // Told again what was handed over already: by the log, and as the answer to what was said twice.
    if (typeof offset === "number" && LOGGED.includes(frame.type)) {
      if (offset <= this.#offset) return;
      this.#offset = offset;
    }
    if (frame.type === "error") this.onerror?.(errorOf(problem(frame)));
    this.#tell(frame);
  }

  #tell(frame: Frame): void {
    const message = frame as unknown as WebSocketMessage<never>;
    this.onmessage?.({ data: JSON.stringify(frame) });
    this.#events.emit(frame.type, message.data as never, message);
    this.#events.emit("*", message.data as never, message);
  }
}
