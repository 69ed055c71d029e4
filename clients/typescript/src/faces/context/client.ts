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

export interface ContextOptions extends FaceOptions {
  /** The endpoint: `wss://example.com/api/chat/ws`. */
  url: string | URL;
  token?: TokenSource;
  /** The room; by default the first that the token leads to. */
  contextId?: string;
  /** How the token is shown: in the `query` (the default), or in the first `message`. */
  auth?: "query" | "message";
  /** How many messages a minute leave, the rest waits. 100 by default, as many as the server takes. */
  messagesPerMinute?: number;
}

/** Any message of the server's. */
export interface WebSocketMessage<Data = unknown> {
  type: string;
  id?: string;
  timestamp: string;
  data?: Data;
  error?: string;
  [member: string]: unknown;
}

/** What a client may say; `id` and `timestamp` are added. */
export type Outgoing<Names extends keyof ClientFrames> = {
  [Name in Names]: ClientFrames[Name] & { timestamp?: string };
}[Names];

/** The data of a message that the server says. */
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

export class ContextClient<Names extends keyof ClientFrames> {
  /** What keeps the connection up: its events, its queue, its state. */
  readonly link: Link;
  /** As of a `WebSocket`, so that code which was written for one goes on working. */
  onopen: Handler<object> = null;
  onmessage: Handler<{ data: string }> = null;
  onerror: Handler<DormouseError> = null;
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

  /** Resolves when the server has let us in; rejects with a `DormouseError` when it is given up. */
  connect(options?: { signal?: AbortSignal }): Promise<void> {
    return this.link.connect(options);
  }

  /** Closes the connection until `connect`. What is queued stays. */
  disconnect(): void {
    this.link.disconnect();
  }

  /** As of a `WebSocket`: 0 connecting, 1 open, 3 closed. */
  get readyState(): number {
    const { isOpen, phase } = this.link;
    return isOpen ? 1 : phase === "idle" || phase === "fallback" ? 3 : 0;
  }

  /**
   * Says a message, as soon as there is a connection; what has no answer is said again after a reconnect,
   * with the same id, so that it is not said twice. Takes JSON too. `onerror` hears of what fails.
   */
  send(message: Outgoing<Names> | string, options?: SendOptions): void {
    this.link.send(this.#outgoing(message), options);
  }

  /** `send`, and what answers it: a page, the own message as all hear it. Rejects with a `DormouseError`. */
  request(message: Outgoing<Names> | string, options?: SendOptions): Promise<WebSocketMessage> {
    return this.link.request(this.#outgoing(message), options) as unknown as Promise<WebSocketMessage>;
  }

  /** Hears of messages of one type, or with `*` of all. Returns how to stop. */
  on<Name extends keyof ServerFrames | (string & {})>(
    type: Name,
    listener: (data: Heard<Name>, message: WebSocketMessage<Heard<Name>>) => void,
    options?: ListenOptions,
  ): () => void {
    return this.#events.on(type, listener as never, options);
  }

  /** What is said first on each new connection, ahead of what waits. */
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

  /** Hears of everything that is said. */
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
