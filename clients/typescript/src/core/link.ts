// One connection that is kept up, whatever it speaks: attempts, back-off, tokens, heartbeat, and the
// queue of what is to be said. What it speaks is its dialect.
import { BackoffStrategy } from "./backoff.ts";
import { json } from "./codec.ts";
import { Emitter, type ListenOptions, report } from "./emitter.ts";
import { type Surroundings, surroundings } from "./environment.ts";
import { abortable, DormouseError } from "./errors.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Queue, TIMER_MS_MAX } from "./queue.ts";
import { fetchToken } from "./token.ts";
import type {
  Data,
  Dialect,
  Frame,
  LinkEvents,
  LinkOptions,
  LinkState,
  SendOptions,
  SocketLike,
  TokenReason,
  Verdict,
} from "./types.ts";
import { closeVerdict } from "./verdict.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 25_000;
const PONG_TIMEOUT_MS = 10_000;
/** A connection that lasted so long was a success: the next failure begins with the first delay. */
const STABLE_MS = 5000;
/** Attempts on the return of the page or the network are spread over so long. */
const RETURN_SPREAD_MS = 500;
/** What is joined to one frame: so many messages, of so many characters or bytes. */
const JOINED_MAX = 100;
const JOINED_LENGTH_MAX = 65_536;
const PONG = '{"type":"pong"}';

type Waiting = { promise: Promise<void>; done: () => void; failed: (error: unknown) => void };

export class Link {
  readonly queue: Queue;
  readonly #dialect: Dialect;
  readonly #options: LinkOptions;
  readonly #around: Surroundings;
  readonly #backoff: BackoffStrategy;
  readonly #heartbeat: Heartbeat;
  readonly #events = new Emitter<LinkEvents>();
  /** Types of which an invalid message was logged. */
  readonly #invalid = new Set<string>();
  readonly #prefix: string;
  #state: LinkState = {
    ...{ phase: "idle", isPending: false, url: "", attempt: 0 },
    ...{ hello: null, error: null, retryAt: null, queued: 0 },
  };
  #socket: SocketLike | null = null;
  /** Who waits for the connection. */
  #waiting: Waiting | undefined;
  /** Ends what the attempt under way waits for. */
  #abort = new AbortController();
  /** That of the attempt, of the delay before the next, or of being stable. */
  #timer: unknown;
  #unlisten: (() => void) | undefined;
  /** Whether a connection lasted since the last failure. */
  #isStable = true;
  /** New tokens that did not help, since the last hello. */
  #refusals = 0;
  #reason: TokenReason = "initial";
  #renewal: Promise<unknown> | undefined;
  #ids = 0;

  constructor(dialect: Dialect, options: LinkOptions = {}) {
    this.#dialect = dialect;
    this.#options = options;
    this.#around = surroundings(options);
    const { clock, random, log } = this.#around;
    this.#backoff = options.backoff ?? BackoffStrategy.createDefaultStrategy({ random });
    this.#prefix = clock.now().toString(36) + random().toString(36).slice(2, 10);
    this.queue = new Queue(options.queue ?? {}, {
      ...{ clock, random, log, transmit: (frames) => this.#transmit(frames) },
      isReady: () => this.isOpen,
      check: (frame) => dialect.check?.(frame, this.#state.hello),
      changed: (queued) => this.#set({ queued }),
    });
    this.#heartbeat = new Heartbeat(options.pongTimeoutMs ?? PONG_TIMEOUT_MS, {
      clock,
      ping: () => this.#say(dialect.ping?.() ?? '{"type":"ping"}'),
      pong: (rttMs) => this.#events.emit("pong", rttMs),
      overdue: (is) => {
        if (this.isOpen) this.#set({ phase: is ? "degraded" : "open" });
      },
      dead: () => this.#end({ action: "retry", kind: "timeout", reason: "no answer to a ping" }),
    });
  }

  get state(): LinkState {
    return this.#state;
  }

  get phase(): LinkState["phase"] {
    return this.#state.phase;
  }

  /** Whether messages can be sent now. */
  get isOpen(): boolean {
    return this.phase === "open" || this.phase === "degraded";
  }

  on<Name extends keyof LinkEvents>(
    name: Name,
    listener: (...args: LinkEvents[Name]) => void,
    options?: ListenOptions,
  ): () => void {
    return this.#events.on(name, listener, options);
  }

  /** For stores: hears of every new `getSnapshot()`. */
  readonly subscribe = (listener: () => void): (() => void) => this.#events.on("state", listener);

  readonly getSnapshot = (): LinkState => this.#state;

  /**
   * Connects, and goes on trying. Resolves when the connection can be used; rejects with the reason
   * when it is given up, or with the signal's.
   */
  connect({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    if (this.isOpen || signal?.aborted) return abortable(Promise.resolve(), signal);
    if (!this.#waiting) {
      const waiting = {} as Waiting;
      waiting.promise = new Promise((done, failed) => Object.assign(waiting, { done, failed }));
      // Who does not look at the promise hears of the failure by the state.
      waiting.promise.catch(() => {});
      this.#waiting = waiting;
    }
    const { promise } = this.#waiting;
    if (this.phase === "idle" || this.phase === "fallback") this.#begin();
    return abortable(promise, signal);
  }

  /** Closes the connection until `connect` is called. What is queued stays. */
  disconnect(code = 1000, reason = ""): void {
    const error = new DormouseError("CLOSED", "Disconnected", { retryable: true });
    this.#unlisten?.();
    this.#drop({ phase: "idle", attempt: 0, retryAt: null, error: null }, error, code, reason);
    this.#waiting?.failed(error);
    this.#waiting = undefined;
  }

  /** Drops the connection, if there is one, and makes an attempt now, as if it were the first. */
  reconnect(options?: { signal?: AbortSignal }): Promise<void> {
    this.#unlisten?.();
    this.#drop({ phase: "idle" }, new DormouseError("CLOSED", "Reconnecting", { retryable: true }));
    return this.connect(options);
  }

  /** Queues a message that nothing answers, or whose answer nobody waits for. Returns its id. */
  send(frame: Frame, options?: SendOptions): string {
    const id = this.#dialect.idOf?.(frame) ?? this.newId();
    this.queue
      .add(id, frame, this.#isAwaited(frame), options)
      .catch((error) => this.#events.emit("error", error));
    return id;
  }

  /** Queues a message, and resolves with its answer; with itself, when it was sent, if none comes. */
  request(frame: Frame, options?: SendOptions): Promise<Frame> {
    const id = this.#dialect.idOf?.(frame) ?? this.newId();
    return this.queue.add(id, frame, this.#isAwaited(frame), options);
  }

  /** An id that no other start of a client gives. */
  newId(): string {
    this.#ids += 1;
    return `${this.#prefix}-${this.#ids}`;
  }

  /** Pings now; `pong` tells the round trip. A connection that does not answer soon is replaced. */
  ping(): void {
    if (this.isOpen) this.#heartbeat.probe();
  }

  /** Shows a new token on this socket; connects again where the protocol has no words for that. */
  async renew(): Promise<Frame | undefined> {
    const { renewal } = this.#dialect;
    if (!renewal) {
      this.#end({ action: "auth", kind: "handshake", reason: "a new token" });
      return undefined;
    }
    const token = await this.#token("expired");
    return token ? this.request(renewal(token, this.newId()), { direct: true }) : undefined;
  }

  #isAwaited(frame: Frame): boolean {
    return this.#dialect.idOf?.(frame) !== undefined;
  }

  #set(change: Partial<LinkState>): void {
    const before = this.#state;
    if (Object.entries(change).every(([name, it]) => before[name as keyof LinkState] === it)) return;
    this.#state = { ...before, ...change };
    this.#events.emit("state", this.#state, before);
  }

  /** From nothing: the first attempt of a connection that is asked for. */
  #begin(): void {
    this.#backoff.reset();
    [this.#isStable, this.#refusals, this.#reason] = [true, 0, "initial"];
    this.#set({ attempt: 0 });
    this.#unlisten?.();
    this.#unlisten = this.#around.page?.listen((what) => this.#pageSays(what));
    this.#attempt();
  }

  #pageSays(what: "shown" | "hidden" | "online" | "offline"): void {
    if (what === "offline") {
      if (this.isOpen) this.#set({ phase: "degraded" });
    } else if (what !== "hidden") {
      if (this.isOpen) {
        this.ping();
        this.#events.emit("wake");
      } else if (this.phase === "failed") this.#retryIn(this.#around.random() * RETURN_SPREAD_MS);
    }
  }

  async #attempt(): Promise<void> {
    const { clock, page } = this.#around;
    const isHidden = page?.isHidden() && this.#options.pauseWhenHidden !== false;
    // It is made when the page is shown.
    if (this.phase === "failed" && isHidden) return;
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#timer = clock.setTimeout(
      () => this.#end({ action: "retry", kind: "timeout", reason: "connection timeout" }),
      this.#options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    );
    const phase = this.phase === "failed" ? "reconnecting" : "connecting";
    this.#set({ phase, attempt: this.#state.attempt + 1, hello: null, retryAt: null });
    let token: string | null | undefined;
    try {
      token = await this.#token(this.#reason);
      if (!signal.aborted) this.#open(token);
    } catch (error) {
      if (signal.aborted) return;
      // An address that no socket can have, or a token function that says so.
      const isFinal = token !== undefined || (error as DormouseError)?.retryable === false;
      this.#end({
        action: isFinal ? "stop" : "retry",
        kind: "handshake",
        code: "TOKEN",
        reason: String(error),
      });
    }
  }

  #token(reason: TokenReason): Promise<string | null> {
    const request = { reason, attempt: this.#state.attempt, signal: this.#abort.signal };
    return fetchToken(this.#options.token, request);
  }

  #open(token: string | null): void {
    const request = { token, attempt: this.#state.attempt };
    const { url, protocols } = this.#dialect.address(request);
    this.#set({ url: url.replace(/([?&]token=)[^&]*/, "$1…") });
    let wasOpen = false;
    const socket = new this.#around.WebSocket(url, protocols);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      wasOpen = true;
      this.#set({ isPending: true });
      for (const frame of this.#dialect.opening?.(request) ?? []) this.#transmit([frame]);
      if (!this.#dialect.isHello) this.#ready(null);
    };
    socket.onmessage = ({ data }: { data: string | ArrayBuffer }) => this.#receive(data);
    const refused = () => this.#end({ action: "retry", kind: "network", reason: "no connection" });
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
      if (!wasOpen) return refused();
      this.#end((this.#dialect.closeVerdict ?? closeVerdict)(code, reason, this.#around.random));
    };
    // Node says no close of a connection that never came about.
    socket.onerror = () => {
      if (!wasOpen) refused();
    };
  }

  #ready(hello: Frame | null): void {
    const { clock } = this.#around;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => {
      this.#isStable = true;
      this.#backoff.reset();
      this.#set({ attempt: 0 });
    }, STABLE_MS);
    this.#refusals = 0;
    const asked = hello && this.#dialect.heartbeatMs?.(hello);
    this.#heartbeat.start(this.#options.heartbeatMs ?? asked ?? HEARTBEAT_MS);
    this.#set({ phase: "open", isPending: false, hello, error: null });
    this.#events.emit("hello", hello);
    this.queue.flush();
    this.#waiting?.done();
    this.#waiting = undefined;
  }

  #receive(data: string | ArrayBuffer): void {
    const socket = this.#socket;
    this.#events.emit("received", data);
    this.#heartbeat.heard(data === PONG);
    if (data === PONG) return;
    try {
      const frames = (this.#dialect.codec ?? json).decode(data);
      for (const frame of Array.isArray(frames) ? frames : [frames]) {
        // What a message led to may have ended this socket.
        if (this.#socket !== socket) return;
        this.#take(frame);
      }
    } catch (error) {
      this.#around.log("A frame that cannot be read", error);
    }
  }

  #take(frame: Frame): void {
    const dialect = this.#dialect;
    const { random, log } = this.#around;
    const isMessage = typeof frame?.type === "string";
    const isHello = isMessage && !this.isOpen && dialect.isHello?.(frame);
    const fault = isMessage ? this.#options.validate?.(frame) : "a message without a type";
    if (fault !== undefined) {
      const type = String(frame?.type);
      if (!this.#invalid.has(type)) log(`Invalid ${type}: ${fault}`, frame);
      if (this.#invalid.size < 100) this.#invalid.add(type);
      // An odd greeting is better than none.
      if (isMessage && !isHello) this.#events.emit("invalid", frame);
      const answer = isMessage && dialect.answer?.(frame);
      if (answer) this.queue.answered(answer.id, new DormouseError("INVALID_MESSAGE_FORMAT", fault));
      if (!isHello) return;
    }
    if (isHello) return void this.#ready(frame);
    if (frame.type === "pong") this.#heartbeat.heard(true);
    const reply = dialect.reply?.(frame);
    if (reply) this.#transmit([reply]);
    const verdict = dialect.verdict?.(frame, random);
    const answer = dialect.answer?.(frame);
    if (answer) {
      const error = "error" in answer ? answer.error : undefined;
      const isLeft = this.queue.answered(answer.id, error ?? (answer as { value: Frame }).value);
      if (isLeft && error?.code === "AUTHENTICATION_FAILED") this.#renewOnce();
    }
    this.#events.emit("frame", frame);
    if (verdict?.action === "renew") this.#renewOnce();
    else if (verdict) this.#end(verdict);
  }

  /** Several prompts at once ask for one token. */
  #renewOnce(): void {
    this.#renewal ??= this.renew()
      .catch((error) => this.#events.emit("error", error))
      .finally(() => {
        this.#renewal = undefined;
        this.queue.release();
      });
  }

  #transmit(frames: Frame[]): void {
    const { encode, join } = this.#dialect.codec ?? json;
    let parts: Data[] = [];
    let length = 0;
    const say = () => {
      if (join && 1 < parts.length) this.#say(join(parts));
      else for (const it of parts) this.#say(it);
      [parts, length] = [[], 0];
    };
    for (const it of frames.map(encode)) {
      length += it.length;
      if (JOINED_LENGTH_MAX < length || JOINED_MAX <= parts.length) say();
      parts.push(it);
    }
    say();
  }

  #say(data: Data): void {
    this.#events.emit("sent", data);
    try {
      this.#socket?.send(data as never);
    } catch (error) {
      // A socket that is closing: its end is told by itself.
      this.#around.log("A socket that takes nothing", error);
    }
  }

  /** The attempt or the connection is over, and this is what follows. */
  #end(verdict: Verdict): void {
    const { action, reason, code = "NETWORK" } = verdict;
    const isAuth = action === "auth";
    const isFinal = action === "stop" || (isAuth && 1 < ++this.#refusals);
    const error = new DormouseError(String(code), reason, { retryable: !isFinal });
    this.#reason = isAuth ? "expired" : "reconnect";
    let delay = isFinal ? null : isAuth ? 0 : verdict.afterMs;
    // Where connections do not last, the server's word is the least that a delay can be.
    if (delay === undefined || (delay !== null && !this.#isStable)) {
      const next = this.#backoff.nextDelay();
      delay = next === null ? null : Math.max(next, delay ?? 0);
    }
    const phase = delay !== null ? "failed" : code === 1000 ? "idle" : "fallback";
    const retryAt = delay === null ? null : this.#around.clock.now() + delay;
    this.#isStable = false;
    this.#drop({ phase, retryAt, error }, error);
    if (isFinal) this.queue.clear(error);
    if (delay === null) {
      this.#unlisten?.();
      this.#waiting?.failed(error);
      this.#waiting = undefined;
    } else this.#retryIn(delay);
    this.#events.emit("close", verdict);
  }

  #retryIn(ms: number): void {
    const { clock } = this.#around;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => this.#attempt(), Math.min(ms, TIMER_MS_MAX));
  }

  /** Lets go of the socket and of all that waits. */
  #drop(change: Partial<LinkState>, error: DormouseError, code = 1000, reason = ""): void {
    const socket = this.#socket;
    this.#abort.abort();
    this.#around.clock.clearTimeout(this.#timer);
    this.#heartbeat.stop();
    this.#socket = null;
    this.#set({ ...change, isPending: false });
    this.queue.interrupted(error);
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    // A socket that is closed before it is open says so by an error.
    socket.onerror = () => {};
    try {
      socket.close(code, reason);
    } catch (error) {
      report(error);
    }
  }
}
