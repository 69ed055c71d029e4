// A text that is edited together: a replica of it, and the room that it is kept in.
import { Emitter, type ListenOptions } from "../core/emitter.ts";
import type { DormouseError } from "../core/errors.ts";
import type { Room } from "../core/room.ts";
import type { DocumentOptions } from "../core/room-types.ts";
import type { Frame, SendOptions } from "../core/types.ts";
import type { Operation, Splice } from "./change.ts";
import { type Inflight, Replica } from "./replica.ts";

export interface Participant {
  user: string;
  name?: string;
  role: "participant" | "viewer";
}

export interface Cursor {
  user: string;
  position: number;
  selection: unknown;
}

/** What an editor needs to be bound: it is told of what others do. */
export interface TextAdapter {
  /** This stretch of the text that is shown becomes this content. Several follow one another. */
  splice(splice: Splice): void;
}

export interface TextState {
  readonly text: string;
  readonly version: number;
  /** Whether the server knows everything that was typed here. */
  readonly isSaved: boolean;
  /** Whether what others do is heard now. */
  readonly isJoined: boolean;
  readonly participants: readonly Participant[];
}

export interface TextEvents {
  /** The text changed; `splices` are what others did, none if it was done here. */
  change: [splices: readonly Splice[]];
  cursor: [cursor: Cursor];
  /** Something that was typed here was refused, and is gone from the text. */
  refused: [error: DormouseError];
  /** The text cannot be joined. */
  failed: [error: DormouseError];
  deleted: [];
}

type JoinResult = { version: number; content: string; participants: Participant[] };
type Said = Operation & { document: string; version: number } & Partial<Cursor> &
  Partial<JoinResult> & {
    role?: Participant["role"];
  };

/** Cursors are said so often at most. */
const CURSOR_MS = 60;

export class SharedText {
  readonly name: string;
  readonly #room: Room;
  readonly #role: DocumentOptions["role"];
  readonly #replica = new Replica();
  readonly #events = new Emitter<TextEvents>();
  readonly #listeners = new Set<() => void>();
  readonly #stops: (() => void)[];
  #state: TextState = { text: "", version: 0, isSaved: true, isJoined: false, participants: [] };
  /** Counts joins: what an older one brings is not looked at. */
  #join = 0;
  #failure: DormouseError | undefined;
  #isRenewing = false;
  /** Whether what is in flight will not be in. */
  #isRefused = false;
  #cursor: unknown;
  #cursorTimer: unknown;

  constructor(room: Room, name: string, { role }: DocumentOptions = {}) {
    [this.#room, this.name, this.#role] = [room, name, role];
    this.#stops = [
      room.on("document.*", ({ event, user, name, data }) => {
        const said = data as Said | undefined;
        if (said?.document === this.name) this.#hear(event.slice(9), said, user ?? "", name);
      }),
      room.watch("attached", () => void this.#enter()),
      room.link.on("close", () => {
        this.#join += 1;
        this.#show({ isJoined: false });
      }),
      // Who is asked for a token has left the document, until there is one.
      room.link.on("frame", (frame) => {
        if (frame.type === "reauth") this.#isRenewing = true;
        if (frame.type !== "ack" || !("expires_at" in frame) || !this.#isRenewing) return;
        this.#isRenewing = false;
        void this.#enter();
      }),
    ];
    if (room.link.isOpen) void this.#enter();
  }

  get text(): string {
    return this.#replica.text;
  }

  /** For stores. */
  readonly getSnapshot = (): TextState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    const own = () => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  };

  on<Name extends keyof TextEvents>(
    name: Name,
    listener: (...args: TextEvents[Name]) => void,
    options?: ListenOptions,
  ): () => void {
    return this.#events.on(name, listener, options);
  }

  /** Resolves when the text is the server's. */
  async joined({ signal }: { signal?: AbortSignal } = {}): Promise<this> {
    while (!this.#state.isJoined) {
      await new Promise<void>((done, failed) => {
        const stop = this.subscribe(() => {
          stop();
          done();
        });
        signal?.addEventListener("abort", () => failed(signal.reason), { once: true });
        if (this.#failure) failed(this.#failure);
      });
    }
    return this;
  }

  /** The user put `content` in the place of what is between two places, in UTF-16 code units. */
  edit(start: number, end: number, content: string): void {
    if (start === end && !content) return;
    this.#replica.edit({ start, end, content });
    this.#events.emit("change", []);
    this.#send();
    this.#show({});
  }

  /** Takes back the last operation of this user, wherever it was made. */
  async undo(): Promise<void> {
    await this.#room.command("document.undo", { document: this.name }, { queue: false });
  }

  /** Says where the cursor is, and what is selected (1 KiB of JSON at most). To be called at each move. */
  cursor(position: number, selection: unknown = null): void {
    this.#cursor = { document: this.name, position, selection };
    this.#cursorTimer ??= this.#room.$clock.setTimeout(() => {
      this.#cursorTimer = undefined;
      if (!this.#state.isJoined) return;
      this.#room.link.send(
        { type: "command", command: "document.cursor", params: this.#cursor },
        { queue: false },
      );
    }, CURSOR_MS);
  }

  /** Binds an editor, which shows `text` already. Returns how to unbind it. */
  bind(adapter: TextAdapter): () => void {
    return this.on("change", (splices) => {
      for (const it of splices) adapter.splice(it);
    });
  }

  /** Leaves the text. What is not saved is not said any more. */
  leave(): void {
    for (const stop of this.#stops) stop();
    this.#join += 1;
    if (this.#state.isJoined) this.#command("document.leave").catch(() => {});
    this.#show({ isJoined: false });
  }

  #command(command: string, more: object = {}, options: SendOptions = {}, id = this.#room.link.newId()) {
    const params = { document: this.name, ...more };
    return this.#room.request({ type: "command", id, command, params }, { queue: false, ...options });
  }

  /** Joins; and where something was sent that has no answer, sends it again as it was, and joins again (T16). */
  async #enter(): Promise<void> {
    const join = ++this.#join;
    this.#show({ isJoined: false });
    const state = (adopts: boolean) =>
      this.#command(
        "document.join",
        { role: this.#role },
        {
          answered: ({ result }: Frame) => {
            if (adopts && join === this.#join) this.#adopt(result as JoinResult);
          },
        },
      );
    try {
      const inflight = this.#isRefused ? null : this.#replica.inflight;
      await state(!inflight);
      if (!inflight || join !== this.#join) return;
      // Its version does not matter: the text that comes next has it.
      const known = await this.#resend(inflight);
      if (join !== this.#join) return;
      if (known) this.#replica.acknowledged(this.#replica.version);
      await state(true);
    } catch (error) {
      const fault = error as DormouseError;
      // The next connection joins; what will not pass is told.
      if (join !== this.#join || fault.retryable) return;
      this.#failure = fault;
      this.#show({});
      for (const it of [...this.#listeners]) it();
      this.#events.emit("failed", fault);
    }
  }

  /** Whether it is in now. */
  async #resend({ id, operation, version }: Inflight): Promise<boolean> {
    try {
      await this.#command("document.edit", { ...operation, version }, {}, id);
      return true;
    } catch (error) {
      const fault = error as DormouseError;
      if (fault.retryable) throw error;
      this.#refuse(fault);
      return false;
    }
  }

  /** What was made to a text that is not known any more goes again; what is not allowed is taken back. */
  #refuse(fault: DormouseError): void {
    if (fault.code === "CONFLICT") this.#replica.returned();
    else {
      this.#isRefused = true;
      this.#events.emit("refused", fault);
    }
  }

  #adopt({ content, version, participants }: JoinResult): void {
    this.#failure = undefined;
    this.#isRefused = false;
    const splices = this.#replica.adopt(content, version);
    this.#show({ isJoined: true, participants });
    this.#events.emit("change", splices);
    this.#send();
    this.#show({});
  }

  #send(): void {
    if (!this.#state.isJoined) return;
    const next = this.#replica.next(() => this.#room.link.newId());
    if (!next) return;
    const { id, operation, version } = next;
    const answered = ({ result }: Frame) => {
      if (this.#replica.inflight?.id !== id) return;
      this.#replica.acknowledged((result as { version: number }).version);
      this.#send();
      this.#show({});
    };
    this.#command("document.edit", { ...operation, version }, { answered }, id).catch(
      (fault: DormouseError) => {
        if (this.#replica.inflight?.id !== id || fault.retryable) return;
        // The text here is nobody else's now (T7).
        this.#refuse(fault);
        void this.#enter();
      },
    );
  }

  #hear(verb: string, said: Said, user: string, name: string | undefined): void {
    const { participants, isJoined } = this.#state;
    if (!isJoined) return;
    const others = participants.filter((it) => it.user !== user);
    if (verb === "edit") {
      // One is missing (T6): what is here is nobody else's text.
      if (said.version !== this.#replica.version + 1) {
        void this.#enter();
        return;
      }
      const splices = this.#replica.heard(said, said.version);
      this.#events.emit("change", splices);
      this.#show({});
    } else if (verb === "state") {
      this.#replica.returned();
      this.#adopt(said as unknown as JoinResult);
    } else if (verb === "cursor") {
      this.#events.emit("cursor", { user, position: said.position, selection: said.selection ?? null });
    } else if (verb === "join") {
      const member = { user, ...(name && { name }), role: said.role ?? "participant" };
      this.#show({ participants: [...others, member] });
    } else if (verb === "leave") this.#show({ participants: others });
    else if (verb === "delete") {
      this.#events.emit("deleted");
      this.leave();
    }
  }

  #show(change: Partial<TextState>): void {
    const { text, version, isAtRest: isSaved } = this.#replica;
    const before = this.#state;
    const now = { ...before, text, version, isSaved, ...change };
    if (Object.entries(now).every(([name, it]) => before[name as keyof TextState] === it)) return;
    this.#state = now;
    for (const it of [...this.#listeners]) it();
  }
}
