// The native protocol, by the client package and by the example of sixty lines.
import { Worker } from "node:worker_threads";
import {
  Dormouse,
  type DormouseError,
  type Receipt,
  type Room,
} from "../../../clients/typescript/src/index.ts";
import { msgpack } from "../../../clients/typescript/src/msgpack/index.ts";
import { Caller, type Scene, textOf } from "./caller.ts";

/** A message that the server could not take is said again with the same id, so often. */
const TRIES_MAX = 20;
const RETRY_MS = 300;

export class NativeCaller extends Caller {
  /** Events that were missing, and asked for again: it must not happen (N29). */
  gaps = 0;
  readonly client: Dormouse;
  readonly room: Room;

  constructor(scene: Scene, format: "json" | "msgpack" = "json", role = "native") {
    super(scene, `${role}-${format}`, "log");
    this.client = new Dormouse({
      ...this.around,
      backoff: () => this.backoff(),
      url: this.http,
      token: scene.token,
      ...(format === "msgpack" && { codec: msgpack }),
    });
    this.room = this.client.room(scene.room, { connect: false });
    this.room.watch("attached", (it) => this.attached(it));
    this.room.watch("gap", () => {
      this.gaps += 1;
      scene.trace.note(scene.room, { by: scene.name, what: "gap" });
    });
    // Who is here is asked for when somebody wants to know.
    this.room.presence.subscribe(() => {});
    this.room.on("*", ({ event, data, offset }) => {
      if (offset !== undefined) this.saw(textOf(event, data), offset);
    });
  }

  get isOpen(): boolean {
    return this.room.link.isOpen;
  }

  connect(): void {
    this.room.connect();
  }

  override say(): void {
    const text = this.next();
    void this.tried(text, this.publish(text, this.spelled(text)).then(offsetOf));
  }

  leave(): void {
    this.client.close();
  }

  /** As others of the room say it. */
  protected spelled(text: string): object {
    return this.kind === "chat" ? { content: text } : { text };
  }

  /** With the same id until the server has taken it. */
  protected async publish(id: string, data: object, event = this.word, of?: number): Promise<Receipt> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.room.publish(event, data, { id, of });
      } catch (error) {
        if (!(error as DormouseError).retryable || TRIES_MAX <= tries) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  protected get word(): string {
    return this.kind === "chat" ? "message" : "said";
  }
}

const offsetOf = ({ offset }: Receipt): number | undefined => offset;

/** Says things, and deletes or replaces them again. */
export class Eraser extends NativeCaller {
  /** What must be nowhere any more. */
  readonly gone: { text: string; isDone: boolean }[] = [];
  #turn = 0;

  constructor(scene: Scene) {
    super(scene, "json", "eraser");
  }

  override say(): void {
    const text = this.next("gone-");
    const erased = { text, isDone: false };
    this.gone.push(erased);
    this.#turn += 1;
    const turn = this.#turn;
    const isEdit = turn % 2 === 0;
    // Its id is remembered for a day, and must not be what is looked for.
    const said = this.publish(`${this.name}-${turn}`, this.spelled(text));
    // It stands for a while before it goes.
    const erasing = said.then(async ({ offset }) => {
      await new Promise((resolve) => setTimeout(resolve, 1500 * this.scene.random()));
      const [event, data] = isEdit ? ["edit", this.spelled(`kept for ${text.slice(5)}`)] : ["delete", {}];
      const id = `${this.name}-${turn}-${event}`;
      const done = await this.publish(id, data as object, event as string, offset);
      erased.isDone = true;
      return done;
    });
    void this.tried(text, said.then(offsetOf));
    // What it says with that has no text of its own, so that it is found by its offset alone.
    void this.tried("", erasing.then(offsetOf));
  }
}

/** `examples/native-client.mjs` as it is, in a thread, since nothing ends it. */
export class RawCaller extends Caller {
  isOpen = false;
  #thread: Worker | undefined;
  #token = "";
  readonly #answers = new Map<string, { done: (offset: number) => void; failed: (error: unknown) => void }>();

  constructor(scene: Scene) {
    super(scene, "native-raw", "log");
  }

  async connect(): Promise<void> {
    this.#token = await this.scene.token();
    const workerData = { url: this.ws, room: this.scene.room, token: this.#token };
    this.#thread = new Worker(new URL("./raw-thread.mjs", import.meta.url), { workerData });
    this.#thread.on("message", (it) => this.#hear(it));
  }

  override say(): void {
    const text = this.next();
    const event = this.kind === "chat" ? "message" : "said";
    const data = this.kind === "chat" ? { content: text } : { text };
    this.#thread?.postMessage({ text, event, data });
    void this.tried(text, new Promise((done, failed) => this.#answers.set(text, { done, failed })));
  }

  async leave(): Promise<void> {
    await this.#thread?.terminate();
    this.isOpen = false;
  }

  #hear(it: { answer?: string; offset?: number; error?: string; heard?: Record<string, unknown> }): void {
    if (it.answer !== undefined) {
      const answer = this.#answers.get(it.answer);
      if (it.error) answer?.failed(it.error);
      else answer?.done(it.offset as number);
      return;
    }
    const { type, event, data, offset, reason } = it.heard as Record<string, string> & { offset?: number };
    this.isOpen = true;
    if (type === "lost") this.began(this.place, reason);
    if (offset === undefined) return;
    // It does not say where it began.
    if (this.history.spans.length === 0) this.began(offset - 1);
    this.saw(textOf(event as string, data), offset);
  }
}
