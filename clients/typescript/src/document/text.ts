// A text that is edited together: a replica of it, and the room that it is kept in.
import { Emitter, type ListenOptions } from "../core/emitter.ts";
import type { DormouseError } from "../core/errors.ts";
import type { Room } from "../core/room.ts";
import type { DocumentOptions } from "../core/room-types.ts";
import type { Frame, SendOptions } from "../core/types.ts";
import type { Operation, Splice } from "./change.ts";
import { type Inflight, Replica } from "./replica.ts";

/** A user who has joined a document. */
export interface Participant {
  user: string;
  /** What they are called, where that is not `user`. */
  name?: string;
  /** A `viewer` sees the text and does not edit it. */
  role: "participant" | "viewer";
}

/** Where the cursor of another user is. */
export interface Cursor {
  user: string;
  /** The place in the text, in UTF-16 code units. */
  position: number;
  /**
   * What is selected, as the editor of that user said it; `null` if nothing is. `bindTextarea` says
   * `[start, end]`.
   */
  selection: unknown;
}

/** What binds an editor to a document: it is told what others do. */
export interface TextAdapter {
  /**
   * Puts `content` in the place of `[start, end)` of the text that is shown. Several steps follow one
   * another.
   */
  splice(splice: Splice): void;
}

/** What a document is now. A new object for every change. */
export interface TextState {
  /** The text as this user sees it. */
  readonly text: string;
  /** The version of the server's text; it grows by one with each operation. */
  readonly version: number;
  /** Whether the server knows everything that was typed here. */
  readonly isSaved: boolean;
  /** Whether what others do is heard now. */
  readonly isJoined: boolean;
  /** Who has joined, this user among them. */
  readonly participants: readonly Participant[];
}

/** The events of a document, and the arguments of their listeners. */
export interface TextEvents {
  /** The text changed. `splices` are the steps that others made; the list is empty if it was edited here. */
  change: [splices: readonly Splice[]];
  /** Another user moved their cursor. */
  cursor: [cursor: Cursor];
  /** The server refused something that was typed here, and it is gone from the text. */
  refused: [error: DormouseError];
  /** The document cannot be joined, and no new attempt is made on this connection. */
  failed: [error: DormouseError];
  /** The document was deleted. It was left. */
  deleted: [];
}

type JoinResult = { version: number; content: string; participants: Participant[] };
type Said = Operation & { document: string; version: number } & Partial<Cursor> &
  Partial<JoinResult> & {
    role?: Participant["role"];
  };

/** Cursors are said so often at most. */
const CURSOR_MS = 60;

/**
 * A document that several users edit at once. It joins on every new connection, and sends what was typed
 * meanwhile. `joinDocument` and `room.document` make one and wait for its text.
 */
export class SharedText {
  /** The name of the document in its room. */
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
  /** Whether what was sent last was not taken, and goes again. */
  #isReturned = false;
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

  /** The text as this user sees it now. */
  get text(): string {
    return this.#replica.text;
  }

  /** The state now: the same object until it changes. For stores of frameworks. */
  readonly getSnapshot = (): TextState => this.#state;

  /** Calls the listener after every change of the state. Returns a function that ends it. */
  readonly subscribe = (listener: () => void): (() => void) => {
    const own = () => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  };

  /**
   * Calls the listener at every event of this name. Returns a function that ends it; `options.signal` ends
   * it too.
   */
  on<Name extends keyof TextEvents>(
    name: Name,
    listener: (...args: TextEvents[Name]) => void,
    options?: ListenOptions,
  ): () => void {
    return this.#events.on(name, listener, options);
  }

  /**
   * Resolves with this object when the text is the server's. Rejects with a `DormouseError` if the document
   * cannot be joined, or with the reason of the signal.
   */
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

  /**
   * Replaces what is between two places by `content`. The places are in UTF-16 code units of `text`. The
   * text changes at once, and the server is told.
   */
  edit(start: number, end: number, content: string): void {
    if (start === end && !content) return;
    this.#replica.edit({ start, end, content });
    this.#events.emit("change", []);
    this.#send();
    this.#show({});
  }

  /**
   * Takes back the last operation of this user, from whichever connection it came. Resolves when that is
   * done. Rejects with `NOT_CONNECTED` without a connection, or with the refusal of the server.
   */
  async undo(): Promise<void> {
    await this.#room.command("document.undo", { document: this.name }, { queue: false });
  }

  /**
   * Tells the others where the cursor is, and what is selected: JSON of 1 KiB at most. Call it at each
   * move; it is sent every 60 ms at most, and not at all without a connection.
   */
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

  /** Binds an editor, which shows `text` already. Returns a function that unbinds it. */
  bind(adapter: TextAdapter): () => void {
    return this.on("change", (splices) => {
      for (const it of splices) adapter.splice(it);
    });
  }

  /** Leaves the document for good. What is not saved is not sent any more. */
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
      if (known) this.#taken(this.#replica.version);
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

  #taken(version: number): void {
    this.#replica.acknowledged(version);
    this.#isReturned = false;
  }

  /**
   * What was made to a text that is not known any more goes again, as a change of the text that is. What is
   * refused then too has no room, and is taken back, as what is not allowed is.
   */
  #refuse(fault: DormouseError): void {
    this.#isReturned = fault.code === "CONFLICT" && !this.#isReturned;
    if (this.#isReturned) this.#replica.returned();
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
      this.#taken((result as { version: number }).version);
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
