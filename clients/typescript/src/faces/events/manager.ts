// One connection to `/api/v1/ws` for all parts of a dashboard: events by name, questions and commands.
import type { ServerConnectionEstablished } from "../../frames/generated/events/server.ts";
import {
  BackoffStrategy,
  DormouseError,
  Emitter,
  type Frame,
  Link,
  type ListenOptions,
  type SendOptions,
  type TokenSource,
} from "../../index.ts";
import { address, dialect, errorOf, type FaceOptions, type Problem } from "../common/dialect.ts";
import { eventsEnvironment } from "./environment.ts";
import { type Agent, type Metric, ShownStore } from "./stores.ts";

/** Options of `EventsManager`. */
export interface EventsOptions extends FaceOptions {
  /** The endpoint: `wss://example.com/api/v1/ws`. By default the demo of the server of the page. */
  url?: string | URL;
  /** A token, or a function that fetches one at each attempt and when it expires. */
  token?: TokenSource;
  /** The room. By default the first that the token leads to. */
  contextId?: string;
  /** What the client calls itself. It proves nothing. */
  clientId?: string;
}

/** What the connection is doing. `CLOSED` is also the wait before the next attempt, and given up. */
export type ConnectionState = "CLOSED" | "CONNECTING" | "OPEN";

/** An event that was subscribed to, or a broadcast. */
export interface ServerEvent {
  type: "event" | "broadcast";
  event?: string;
  id: string;
  /** The place in the log; missing for what is not kept. */
  offset?: number;
  /** RFC 3339. */
  timestamp: string;
  data: unknown;
}

/** A position of no log: it leads to a greeting that says where the log stands. */
const NOWHERE = "none:1";
const AGENTS = "agent.*";
const METRICS = "metric_update";
const STATE = "state.";

const problem = (frame: Frame): Problem => {
  const { code, message, details } = frame as Frame & Problem & { details?: { retry_after?: number } };
  return { code, message, retryAfter: details?.retry_after };
};

/**
 * The manager of `/api/v1/ws`: one connection for all parts of a dashboard. After a lost connection it goes
 * on in the log where it was, with its subscriptions.
 */
export class EventsManager {
  /** The connection underneath: its events, its queue, its state. */
  readonly link: Link;
  /** What was last heard of each agent: the events `agent.…`, by the `agent_id` of their data. */
  readonly agentMonitor: ShownStore<Agent>;
  /** The last value of each metric: of the events `metric_update`. */
  readonly systemMetrics: ShownStore<Metric>;
  /** The values that the room keeps, by key. */
  readonly beliefState: ShownStore<unknown>;
  readonly #events = new Emitter<Record<string, [event: ServerEvent]>>();
  /** How many listen to each subscription. */
  readonly #topics = new Map<string, number>();
  /** Those that the address asked for. */
  #asked: string[] = [];
  #epoch: string | undefined;
  #offset = 0;

  constructor(options: EventsOptions = {}) {
    const { url = eventsEnvironment({}).url, contextId, clientId, random } = options;
    const words = dialect({
      hello: "connection_established",
      url: ({ token }) => {
        this.#asked = [...this.#topics.keys()];
        return address("", url, {
          ...{ token, contextId, client_id: clientId, batch: 1, events: this.#asked.join() },
          resume: this.#epoch ? `${this.#epoch}:${this.#offset}` : NOWHERE,
        });
      },
      problem,
      idOf: ({ id }) => id as string,
      answer: (frame) => {
        const id = frame.id as string;
        if (frame.type === "response") return { id, value: frame };
        return frame.type === "error" && id ? { id, error: errorOf(problem(frame)) } : undefined;
      },
      renewal: (token, id) => ({ type: "auth", id, token }),
    });
    this.link = new Link(words, {
      backoff: BackoffStrategy.createDefaultStrategy({ random }),
      ...options,
    });
    this.link.on("hello", (hello) => this.#greeted(hello as unknown as ServerConnectionEstablished));
    this.link.on("frame", (frame) => this.#take(frame as unknown as ServerEvent));
    this.agentMonitor = new ShownStore((store) =>
      this.subscribe([AGENTS], ({ event = "", data, timestamp }) => {
        store.put(String(Object(data).agent_id ?? event), { event, data, timestamp });
      }),
    );
    this.systemMetrics = new ShownStore((store) =>
      this.subscribe([METRICS], ({ data, timestamp: at }) => {
        const { metric, value, timestamp = at } = Object(data);
        store.put(String(metric), { value, timestamp });
      }),
    );
    this.beliefState = new ShownStore((store) => {
      this.subscribe([`${STATE}*`], ({ event = "", data }) => store.put(event.slice(STATE.length), data));
      this.link.on("hello", (hello) => hello?.recovered || this.#believe());
      if (this.link.isOpen) this.#believe();
    });
  }

  /**
   * Makes a manager of the variables of a front end: `NEXT_PUBLIC_WS_URL`, `WS_AUTH_REQUIRED`,
   * `WS_ENDPOINT`. If a token is required and there is none, attempts fail with the code `TOKEN`.
   */
  static fromEnvironment(
    env: Record<string, string | undefined>,
    options: EventsOptions = {},
  ): EventsManager {
    const { url, isAuthRequired } = eventsEnvironment(env);
    const none = () => {
      throw new DormouseError("TOKEN", "WS_AUTH_REQUIRED");
    };
    return new EventsManager({
      url,
      ...options,
      token: options.token ?? (isAuthRequired ? none : undefined),
    });
  }

  /**
   * Connects, and goes on trying. Resolves when the connection is established. Rejects with a
   * `DormouseError` when it is given up, or with the reason of the signal.
   */
  connect(options?: { signal?: AbortSignal }): Promise<void> {
    return this.link.connect(options);
  }

  /** Closes the connection until `connect`. What is queued stays. */
  disconnect(): void {
    this.link.disconnect();
  }

  /** What the connection is doing now. */
  get state(): ConnectionState {
    if (this.link.isOpen) return "OPEN";
    return this.link.phase.endsWith("connecting") ? "CONNECTING" : "CLOSED";
  }

  /**
   * Calls the listener with every event of these names; a name may be a beginning and a `*`. The server is
   * told on every new connection. Returns a function that ends it; the server is told when nobody else
   * listens.
   */
  subscribe(events: readonly string[], listener: (event: ServerEvent) => void): () => void {
    const stops = events.map((it) => this.#events.on(it, listener));
    const count = (it: string, by: number) => {
      const all = (this.#topics.get(it) ?? 0) + by;
      if (all) this.#topics.set(it, all);
      else this.#topics.delete(it);
      // The first, or the last to leave.
      return all === Math.max(by, 0);
    };
    this.#tell(
      "subscribe",
      events.filter((it) => count(it, 1)),
    );
    return () => {
      const over = stops.length ? events.filter((it) => count(it, -1)) : [];
      for (const stop of stops.splice(0)) stop();
      this.#tell("unsubscribe", over);
    };
  }

  /** Calls the listener with what is said to everyone. Returns a function that ends it. */
  onBroadcast(listener: (event: ServerEvent) => void, options?: ListenOptions): () => void {
    return this.#events.on("broadcast", listener, options);
  }

  /**
   * Asks the server something, such as `stats`, and resolves with the `result`. Rejects with a
   * `DormouseError`.
   */
  query(query: string, params: object = {}, options?: SendOptions): Promise<unknown> {
    return this.#ask({ type: "query", query, params }, options);
  }

  /**
   * Has the server do something, such as `publish`, and resolves with the `result`. If the connection is
   * lost meanwhile, it is asked again with the same id, and done once. Rejects with a `DormouseError`.
   */
  command(command: string, params: object = {}, options?: SendOptions): Promise<unknown> {
    return this.#ask({ type: "command", command, params }, options);
  }

  async #ask(frame: Frame, options?: SendOptions): Promise<unknown> {
    const timestamp = new Date(this.link.$around.clock.now()).toISOString();
    return (await this.link.request({ id: this.link.newId(), timestamp, ...frame }, options)).result;
  }

  #tell(type: string, events: string[]): void {
    if (events.length && this.link.isOpen) this.link.send({ type, id: this.link.newId(), events });
  }

  #greeted({ epoch, offset, recovered }: ServerConnectionEstablished): void {
    if (!recovered) [this.#epoch, this.#offset] = [epoch, offset];
    // Those that came since the address was made.
    const fresh = [...this.#topics.keys()].filter((it) => !this.#asked.includes(it));
    this.#tell("subscribe", fresh);
  }

  #take(event: ServerEvent): void {
    const { type, offset = 0, event: name = "" } = event;
    if (offset) {
      if (offset <= this.#offset) return;
      this.#offset = offset;
    }
    if (type === "broadcast") this.#events.emit(type, event);
    if (type !== "event") return;
    for (const it of this.#topics.keys()) {
      if (it === name || (it.endsWith("*") && name.startsWith(it.slice(0, -1)))) this.#events.emit(it, event);
    }
  }

  /** Where the connection ends meanwhile, the next one asks again. */
  #believe(): void {
    const show = (result: unknown) => {
      const { state } = result as { state: { key: string; value: unknown }[] };
      this.beliefState.reset(state.map(({ key, value }) => [key, value]));
    };
    this.query("state", {}, { direct: true }).then(show, () => {});
  }
}
