// One connection that is kept up, whatever it speaks: attempts, back-off, tokens, heartbeat, and the
// queue of what is to be said. What it speaks is its dialect.
import { type Backoff, nativeBackoff } from "./backoff.ts";
import { encoded, json } from "./codec.ts";
import { Emitter, type ListenOptions } from "./emitter.ts";
import { type Surroundings, surroundings } from "./environment.ts";
import { abortable, DormouseError } from "./errors.ts";
import { Heartbeat } from "./heartbeat.ts";
import { IDLE, isOpen, isOver } from "./phases.ts";
import { EXPIRED, Queue } from "./queue.ts";
import { fetchToken } from "./token.ts";
import type {
  Codec,
  Data,
  Dialect,
  Frame,
  LinkEvents,
  LinkOptions,
  LinkState,
  Phase,
  SendOptions,
  SocketLike,
  TokenReason,
  Verdict,
} from "./types.ts";
import { closeVerdict } from "./verdict.ts";

const [CONNECT_TIMEOUT_MS, HEARTBEAT_MS] = [10_000, 25_000];
/** A connection that lasted so long was a success: the next failure begins with the first delay. */
const STABLE_MS = 5000;
/** Attempts on the return of the page or the network are spread over so long. */
const RETURN_SPREAD_MS = 500;
const PONG = '{"type":"pong"}';

/** One connection that is kept up: attempts, heartbeat, tokens, and a queue of what is to be said. */
export class Link {
  readonly queue: Queue;
  /** @internal */
  readonly $dialect: Dialect;
  readonly codec: Codec;
  readonly #options: LinkOptions;
  /** @internal */
  readonly $around: Surroundings;
  readonly #backoff: Backoff;
  readonly #heartbeat: Heartbeat;
  /** @internal */
  readonly $events = new Emitter<LinkEvents>();
  readonly #prefix: string;
  #state = IDLE;
  /** @internal */
  $socket: SocketLike | null = null;
  /** Ends what the attempt under way waits for. */
  #abort = new AbortController();
  /** That of the attempt, of the delay before the next, or of being stable. */
  #timer: unknown;
  #unlisten: (() => void) | undefined;
  /** Whether a connection lasted since the last failure. */
  #isStable = true;
  /** Whether the delay before the next attempt is the server's. */
  #isTold = false;
  /** New tokens that did not help, since the last hello. */
  #refusals = 0;
  #reason: TokenReason = "initial";
  #renewal: Promise<void> | undefined;
  #ids = 0;

  constructor(dialect: Dialect, options: LinkOptions = {}) {
    this.$dialect = dialect;
    this.codec = dialect.codec ?? json;
    this.#options = options;
    this.$around = surroundings(options);
    const { clock, random } = this.$around;
    this.#backoff = options.backoff ?? nativeBackoff({ random });
    this.#prefix = clock.now().toString(36) + random().toString(36).slice(2, 10);
    this.queue = new Queue(this, options.queue);
    this.#heartbeat = new Heartbeat(this, options.pongTimeoutMs);
  }

  get state(): LinkState {
    return this.#state;
  }

  get phase(): Phase {
    return this.#state.phase;
  }

  /** Whether messages can be sent now. */
  get isOpen(): boolean {
    return isOpen(this.phase);
  }

  /** Calls the listener at every event of this name. Returns a function that ends it. */
  on<Name extends keyof LinkEvents>(
    name: Name,
    listener: (...args: LinkEvents[Name]) => void,
    options?: ListenOptions,
  ): () => void {
    return this.$events.on(name, listener, options);
  }

  /** Calls the listener after every change of the state; for stores. Returns a function that ends it. */
  readonly subscribe = (listener: () => void): (() => void) => this.on("state", listener);
  /** The state: the same object until it changes. */
  readonly getSnapshot = (): LinkState => this.#state;

  /**
   * Connects, and goes on trying. Resolves when the connection can be used; rejects with the reason
   * when it is given up, or with the signal's.
   */
  connect({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    if (isOver(this.phase) && !signal?.aborted) this.#begin();
    const connected = new Promise<void>((done, failed) => {
      if (this.isOpen) return done();
      const stop = this.on("state", ({ phase, error }) => {
        if (isOpen(phase)) done();
        else if (isOver(phase)) failed(error ?? new DormouseError("CLOSED"));
        else return;
        stop();
      });
    });
    // Who does not look at the promise hears of the failure by the state.
    connected.catch(() => {});
    return abortable(connected, signal);
  }

  /** Closes the connection until `connect` is called. What is queued stays. */
  disconnect(code = 1000, reason = ""): void {
    this.#unlisten?.();
    this.#drop("idle", null, new DormouseError("CLOSED", reason, { retryable: true }), code, reason);
  }

  /** Drops the connection, if there is one, and makes an attempt now, as if it were the first. */
  reconnect(options?: { signal?: AbortSignal }): Promise<void> {
    this.#drop("reconnecting", null, new DormouseError("CLOSED", "", { retryable: true }));
    this.#begin();
    return this.connect(options);
  }

  /** Queues a message that nothing answers, or whose answer nobody waits for. */
  send(frame: Frame, options?: SendOptions): void {
    this.request(frame, options).catch(this.#fault);
  }

  /** Queues a message, and resolves with its answer; with itself, when it was sent, if none comes. */
  request(frame: Frame, options?: SendOptions): Promise<Frame> {
    return this.queue.add(this.$dialect.idOf?.(frame), frame, options);
  }

  /** An id that no other start of a client gives. */
  newId(): string {
    this.#ids += 1;
    return `${this.#prefix}-${this.#ids}`;
  }

  /** Pings now; `pong` tells the round trip. A connection that does not answer soon is replaced. */
  ping(): void {
    if (this.isOpen) this.#heartbeat.$probe();
  }

  /**
   * Shows a new token on this socket; connects again where the protocol has no words for that. Several
   * calls at once ask for one token. What goes wrong is told as `error`.
   */
  renew(): Promise<void> {
    const renew = async () => {
      const { renewal } = this.$dialect;
      if (!renewal) return this.$end({ action: "auth", kind: "handshake", reason: "a new token" });
      const token = await this.#token("expired");
      if (token) await this.request(renewal(token, this.newId()), { direct: true });
    };
    this.#renewal ??= renew()
      .catch(this.#fault)
      .finally(() => {
        this.#renewal = undefined;
        this.queue.$release();
      });
    return this.#renewal;
  }

  readonly #fault = (error: DormouseError): void => this.$events.emit("error", error);

  /** @internal */
  $set(change: Partial<LinkState>): void {
    const before = this.#state;
    if (Object.entries(change).every(([name, it]) => before[name as keyof LinkState] === it)) return;
    this.#state = { ...before, ...change };
    this.$events.emit("state", this.#state, before);
  }

  /** From nothing: the first attempt of a connection that is asked for. */
  #begin(): void {
    this.#backoff.reset();
    [this.#isStable, this.#refusals, this.#reason] = [true, 0, "initial"];
    this.$set({ attempt: 0 });
    this.#unlisten?.();
    this.#unlisten = this.$around.page?.listen(() => this.#pageChanged());
    this.#attempt();
  }

  #pageChanged(): void {
    const { page, random } = this.$around;
    if (page?.isHidden()) return;
    // A delay that the server asked for is kept to.
    if (this.phase === "failed" && !this.#isTold) this.#retryIn(random() * RETURN_SPREAD_MS);
    if (!this.isOpen) return;
    if (page?.isOffline()) this.$set({ phase: "degraded" });
    else {
      this.ping();
      this.$events.emit("wake");
    }
  }

  async #attempt(): Promise<void> {
    const isHidden = this.$around.page?.isHidden() && this.#options.pauseWhenHidden !== false;
    this.#isTold = false;
    // It is made when the page is shown.
    if (this.phase === "failed" && isHidden) return;
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const late = { action: "retry", kind: "timeout", reason: "connection timeout" } as const;
    this.#after(this.#options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS, () => this.$end(late));
    const phase = isOver(this.phase) ? "connecting" : "reconnecting";
    this.$set({ phase, attempt: this.#state.attempt + 1, hello: null, retryAt: null });
    let token: string | null | undefined;
    try {
      token = await this.#token(this.#reason);
      if (!signal.aborted) this.#open(token);
    } catch (error) {
      if (signal.aborted) return;
      // An address that no socket can have, or a token function that says so.
      const isFinal = token !== undefined || (error as DormouseError)?.retryable === false;
      this.$end({
        action: isFinal ? "stop" : "retry",
        kind: "handshake",
        code: "TOKEN",
        reason: String(error),
      });
    }
  }

  #token(reason: TokenReason): Promise<string | null> {
    const { signal } = this.#abort;
    return fetchToken(this.#options.token, { reason, attempt: this.#state.attempt, signal });
  }

  #open(token: string | null): void {
    const request = { token, attempt: this.#state.attempt };
    const { url, protocols } = this.$dialect.address(request);
    this.$set({ url: url.replace(/([?&]token=)[^&]*/, "$1…") });
    const socket = new this.$around.WebSocket(url, protocols);
    this.$socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.$set({ isPending: true });
      this.$transmit(this.$dialect.opening?.(request) ?? []);
      if (!this.$dialect.hello) this.#ready(null);
    };
    socket.onmessage = ({ data }: { data: string | ArrayBuffer }) => this.#receive(data);
    socket.onclose = ({ code, reason }: { code?: number; reason?: string }) => {
      const { isPending } = this.#state;
      if (!isPending && !this.isOpen)
        this.$end({ action: "retry", kind: "network", reason: "no connection" });
      // An error of an open socket is followed by its close.
      else if (code)
        this.$end((this.$dialect.closeVerdict ?? closeVerdict)(code, reason ?? "", this.$around.random));
    };
    // Node says no close of a connection that never came about.
    socket.onerror = socket.onclose;
  }

  #ready(hello: Frame | null): void {
    this.#after(STABLE_MS, () => {
      this.#isStable = true;
      this.#backoff.reset();
      this.$set({ attempt: 0 });
    });
    this.#refusals = 0;
    const asked = hello?.heartbeat_interval_ms as number | undefined;
    this.#heartbeat.start(this.#options.heartbeatMs ?? asked ?? HEARTBEAT_MS);
    this.$set({ phase: "open", isPending: false, hello, error: null });
    this.$events.emit("hello", hello);
    this.queue.flush();
  }

  #receive(data: string | ArrayBuffer): void {
    const socket = this.$socket;
    this.$events.emit("received", data);
    this.#heartbeat.$heard(data === PONG);
    if (data === PONG) return;
    const guard = (use: () => void) => {
      try {
        use();
      } catch (error) {
        this.$around.log("unreadable frame", error);
      }
    };
    guard(() => {
      for (const frame of [this.codec.decode(data)].flat() as Frame[]) {
        // What a message led to may have ended this socket.
        if (this.$socket === socket) guard(() => this.#take(frame));
      }
    });
  }

  #take(frame: Frame): void {
    const dialect = this.$dialect;
    const { random, log } = this.$around;
    if (typeof frame?.type !== "string") throw new Error("no type");
    const isHello = !this.isOpen && dialect.hello === frame.type;
    let answer = dialect.answer?.(frame);
    const fault = this.#options.validate?.(frame);
    if (fault !== undefined) {
      log(`Invalid ${frame.type}: ${fault}`, frame);
      if (answer) answer = { id: answer.id, error: new DormouseError("INVALID_MESSAGE_FORMAT", fault) };
    }
    // An odd greeting is better than none.
    if (isHello) return void this.#ready(frame);
    if (frame.type === "pong") this.#heartbeat.$heard(true);
    const reply = dialect.reply?.(frame);
    if (reply) this.$transmit([reply]);
    const verdict = dialect.verdict?.(frame, random);
    const isLeft = answer && this.queue.$answered(answer.id, answer.value ?? answer.error);
    this.$events.emit(fault === undefined ? "frame" : "invalid", frame);
    if (verdict?.action === "renew" || (isLeft && answer?.error?.code === EXPIRED)) this.renew();
    else if (verdict) this.$end(verdict);
  }

  /** @internal */
  $transmit(frames: Frame[]): void {
    for (const it of encoded(this.codec, frames)) this.$say(it);
  }

  /** @internal */
  $say(data: Data): void {
    this.$events.emit("sent", data);
    try {
      this.$socket?.send(data as never);
    } catch (error) {
      // A socket that is closing: its end is told by itself.
      this.$around.log("send failed", error);
    }
  }

  /**
   * The attempt or the connection is over, and this is what follows.
   * @internal
   */
  $end(verdict: Verdict): void {
    const { action, reason, code = "NETWORK" } = verdict;
    const isAuth = action === "auth";
    const isFinal = action === "stop" || (isAuth && 1 < ++this.#refusals);
    this.#reason = isAuth ? "expired" : "reconnect";
    let delay: number | null | undefined = isFinal ? null : isAuth ? 0 : verdict.afterMs;
    // Where connections do not last, the server's word is the least that a delay can be.
    if (delay === undefined || (delay !== null && !this.#isStable)) {
      const next = this.#backoff.nextDelay();
      delay = next === null ? null : Math.max(next, delay ?? 0);
    }
    this.#isStable = false;
    this.#isTold = verdict.afterMs !== undefined;
    const phase = delay !== null ? "failed" : code === 1000 ? "idle" : "fallback";
    this.#drop(phase, delay, new DormouseError(String(code), reason, { retryable: !isFinal }));
    if (delay === null) this.#unlisten?.();
    else this.#retryIn(delay);
    this.$events.emit("close", verdict);
  }

  #after(ms: number, then: () => void): void {
    const { clock } = this.$around;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(then, ms);
  }

  #retryIn(ms: number): void {
    this.#after(ms, () => this.#attempt());
  }

  /** Lets go of the socket and of all that waits. */
  #drop(phase: Phase, delay: number | null, error: DormouseError, code = 1000, reason = ""): void {
    const { clock, log } = this.$around;
    const socket = this.$socket;
    this.#abort.abort();
    clock.clearTimeout(this.#timer);
    this.#heartbeat.stop();
    this.$socket = null;
    const retryAt = delay === null ? null : clock.now() + delay;
    this.$set({ phase, isPending: false, retryAt, error: phase === "idle" ? null : error });
    this.queue.$interrupted(error);
    if (!socket) return;
    // A socket that is closed before it is open says so by an error.
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = () => {};
    try {
      socket.close(code, reason);
    } catch (fault) {
      log("close failed", fault);
    }
  }
}
