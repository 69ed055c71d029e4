// The server's side of one socket.

import { closing, spelled } from "./ends.ts";
import { doorFilters, notResumed } from "./place.ts";
import { handle } from "./requests.ts";
import type { FakeRoom } from "./room.ts";
import type { FakeServer } from "./server.ts";
import type { FakeSocket } from "./socket.ts";
import { type Clock, type FakeEntry, type FakeUser, type Grant, type Message, Refusal } from "./types.ts";
import { bounded, idOf, listed, message, messages, position, type Rewind, rewind } from "./words.ts";

/** How long a client may be silent (L7), and has to show another token (N43). */
const SILENCE_MS = 300_000;
const REAUTH_MS = 30_000;

/** Entries of a page of what is told again. The server's pages are by bytes: no client may count on them. */
const PAGE_ENTRIES = 100;

/** Messages that share a frame at most: the server's own bound is 256 KiB. */
const BATCH_MESSAGES = 1_000;

const GRANTS: Grant[] = ["join", "send", "history", "presence"];

/** What a client asks of an attachment (N11). */
export interface Asked {
  resume?: string;
  rewind?: Rewind;
  filters: string[] | null;
  isAbsent: boolean;
}

/** The server's end of a socket of a `FakeServer`. */
export class FakeConnection {
  user = "";
  name = "";
  grants: Grant[] = [];
  expiresAt: number | undefined;
  /** `null`: everything. */
  filters: string[] | null = null;
  isDetached = false;
  isPresent = false;
  /** What its attachment asked for. */
  wantsPresence = false;
  /** The token has expired, and no other was shown. */
  isHeld = false;
  /** Up to where it was told the log, while it is behind. */
  cursor: number | undefined;
  /** Something was said that is in no log, while it was behind. */
  hasMissed = false;
  isClosed = false;
  room: FakeRoom | undefined;
  readonly sessionId: string;
  readonly server: FakeServer<Clock>;
  readonly socket: FakeSocket;
  readonly query: URLSearchParams;
  #outbox: Message[] = [];
  #flushTimer: unknown;
  #silence: unknown;
  #expiry: unknown;
  #lastHeard = 0;

  constructor(server: FakeServer<Clock>, socket: FakeSocket) {
    this.server = server;
    this.socket = socket;
    this.query = new URL(socket.url).searchParams;
    this.sessionId = server.newId("session_");
  }

  get isLive(): boolean {
    return !this.isDetached && !this.isHeld && this.cursor === undefined;
  }

  /** The socket is open: lets the client in, or waits for its token (N8). */
  open(): void {
    this.#lastHeard = this.server.clock.now();
    this.#watch();
    const bearer = this.socket.protocols.find((it) => it.startsWith("bearer."))?.slice("bearer.".length);
    const token = this.query.get("token") ?? bearer;
    this.#try(() => {
      this.room = this.server.admits(this.query.get("room"));
      if (token !== undefined && token !== null) this.#enter(token);
    });
  }

  /** What the client sends. */
  receive(data: string | Uint8Array): void {
    if (this.isClosed) return;
    this.#lastHeard = this.server.clock.now();
    if (data === '{"type":"ping"}') {
      if (!this.server.isMute) this.socket.deliver('{"type":"pong"}');
      return;
    }
    let all: unknown[];
    try {
      all = typeof data === "string" ? messages(data) : listed(this.server.codec?.decode(data));
    } catch (error) {
      this.#refused(error, undefined);
      return;
    }
    for (const it of all) {
      const id = idOf(it);
      try {
        this.#take(message(it), id);
      } catch (error) {
        this.#refused(error, id);
      }
      if (this.isClosed) return;
    }
  }

  #take(it: Message, id: string | undefined): void {
    if (!this.user) {
      const token = it.type === "auth" ? it.token : undefined;
      this.#try(() => {
        if (typeof token !== "string")
          throw new Refusal("AUTHENTICATION_FAILED", "the first message is auth");
        this.#enter(token);
      });
      return;
    }
    this.server.fails(it);
    if (this.isHeld && it.type !== "auth" && it.type !== "ping") {
      throw new Refusal("AUTHENTICATION_FAILED", "the token has expired");
    }
    const answer = handle(this, it);
    if (id !== undefined) this.push({ type: "ack", id, ...answer });
    this.#showsUp();
  }

  /** Whether it is here changes after the answer to what changes that. */
  #showsUp(): void {
    if (this.isPresent === this.wantsPresence) return;
    this.isPresent = this.wantsPresence;
    if (this.isPresent) this.room?.presence.appeared(this);
    else this.room?.presence.vanished(this);
  }

  #refused(error: unknown, id: string | undefined): void {
    if (!(error instanceof Refusal)) throw error;
    this.push(spelled(error, id));
  }

  /** What cannot be refused without ending the connection. */
  #try(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.push(spelled(error, undefined));
      this.end(closing(error));
    }
  }

  #enter(token: string): void {
    const room = this.room as FakeRoom;
    const it = this.server.whoIs(token, room.address);
    this.#is(it);
    if (!this.grants.includes("join"))
      throw new Refusal("PERMISSION_DENIED", "this token does not lead here");
    const list = this.query.get("events");
    const present = this.query.get("present");
    const asked = {
      resume: this.query.get("resume") ?? undefined,
      rewind: rewind(this.query.get("rewind") ?? undefined),
      filters: list === null ? null : doorFilters(list),
      isAbsent: present === "0" || present === "false",
    };
    if (present !== null && !["0", "1", "true", "false"].includes(present))
      throw Refusal.invalid("present is 0 or 1");
    room.connections.add(this);
    this.push({
      type: "hello",
      accepted_version: 2,
      session_id: this.sessionId,
      user_id: this.user,
      client_id: this.query.get("client_id") ?? this.sessionId,
      ...(this.expiresAt !== undefined && { expires_at: this.expiresAt }),
      server_time: this.server.clock.now(),
      features: room.features,
      heartbeat_interval_ms: this.server.heartbeatMs,
      limits: this.server.limits,
      ...this.attach(asked),
    });
    this.#showsUp();
  }

  #is({ user, name = user, grants = GRANTS, expiresAt }: FakeUser): void {
    this.user = user;
    this.name = name;
    this.grants = grants;
    this.expiresAt = expiresAt;
    this.server.clock.clearTimeout(this.#expiry);
    if (expiresAt === undefined) return;
    const wait = Math.max(0, expiresAt - this.server.clock.now());
    this.#expiry = this.server.clock.setTimeout(() => this.expire(), wait);
  }

  /** Shows another token (N43). @returns the members of the `ack`. */
  renew(token: string): Record<string, unknown> {
    const room = this.room as FakeRoom;
    const it = this.server.whoIs(token, room.address);
    if (it.user !== this.user) throw new Refusal("CONFLICT", "this is the token of somebody else");
    this.#is(it);
    const wasHeld = this.isHeld;
    this.isHeld = false;
    if (!this.grants.includes("join")) {
      this.server.clock.setTimeout(() =>
        this.detached({
          code: "PERMISSION_DENIED",
          message: "this token does not lead here",
          reattach: false,
        }),
      );
    } else if (wasHeld) this.#goOn();
    return {
      user_id: this.user,
      expires_at: this.expiresAt ?? null,
      grants: { [room.address]: this.grants.includes("join") ? this.grants : [] },
    };
  }

  /** Begins an attachment. @returns its members (N12). */
  attach({ resume, rewind, filters, isAbsent }: Asked): Record<string, unknown> {
    const room = this.room as FakeRoom;
    const { log } = room;
    const reason = resume === undefined ? undefined : notResumed(this, resume);
    const isRecovered = resume !== undefined && reason === undefined;
    const from = isRecovered ? position(resume).offset : this.#rewound(rewind);
    this.filters = bounded(filters);
    this.isDetached = false;
    this.hasMissed = false;
    this.wantsPresence = !isAbsent;
    this.cursor = from < log.offset ? from : undefined;
    if (this.cursor !== undefined) this.#pump();
    return {
      room: room.address,
      epoch: log.epoch,
      offset: log.offset,
      first: log.first,
      from,
      recovered: isRecovered,
      ...(reason && { reason }),
      grants: this.grants,
      presence: isAbsent ? room.presence.mode : room.presence.modeWith(this.user),
    };
  }

  #rewound(rewind: Rewind | undefined): number {
    const { log, clock } = this.room as FakeRoom;
    if (!rewind || !this.grants.includes("history") || log.first === 0) return log.offset;
    if ("entries" in rewind) return Math.max(log.offset - rewind.entries, log.first - 1);
    const before = clock.now() - rewind.ms;
    return (log.entries.find((it) => before <= it.at)?.offset ?? log.offset + 1) - 1;
  }

  /** Ends the attachment, at the wish of either side; the socket stays. */
  detach(): void {
    if (this.isDetached) return;
    this.isDetached = true;
    this.cursor = undefined;
    this.room?.types(this, false);
    if (this.isPresent) this.room?.presence.vanished(this);
    this.isPresent = false;
    this.wantsPresence = false;
  }

  /** Ends it at the wish of the server (N14). */
  detached(why: { code: string; message: string; reattach: boolean; after_ms?: number }): void {
    if (this.isDetached) return;
    this.detach();
    this.push({ type: "detached", ...why });
  }

  /** Its token has expired: it is told nothing until it shows another. */
  expire(): void {
    if (this.isClosed || this.isHeld) return;
    this.push({ type: "reauth", within_ms: REAUTH_MS });
    if (this.cursor === undefined) this.cursor = this.room?.offset;
    this.isHeld = true;
    this.server.clock.clearTimeout(this.#expiry);
    this.#expiry = this.server.clock.setTimeout(() => {
      if (this.isHeld) this.end(closing(new Refusal("AUTHENTICATION_FAILED", "the token has expired")));
    }, REAUTH_MS);
  }

  /** Tells the client of an entry of the log. */
  hears(entry: FakeEntry): void {
    this.push({ type: "event", ...(this.room as FakeRoom).log.shown(entry) });
  }

  /** Tells the client something: with what else is told at this moment, in one frame. */
  push(it: Message): void {
    if (this.isClosed || this.server.isMute) return;
    this.#outbox.push(it);
    if (this.#outbox.length === 1) this.#flushTimer = this.server.clock.setTimeout(() => this.#flush());
  }

  #flush(): void {
    this.server.clock.clearTimeout(this.#flushTimer);
    const all = this.#outbox.filter(() => !this.server.loses(this));
    this.#outbox = [];
    const size = this.query.get("batch") === "0" ? 1 : BATCH_MESSAGES;
    for (let at = 0; at < all.length; at += size) {
      const some = all.slice(at, at + size);
      this.socket.deliver(this.server.encode(some.length === 1 ? some[0] : some, this.socket.protocol));
    }
  }

  /** Says `closing` and closes (N44). */
  end(it: { code: number; reason: string; reconnect: string; after_ms?: number }): void {
    this.push({ type: "closing", ...it });
    this.close(it.code, it.reason);
  }

  /** Closes without a word, but for what was told before. */
  close(code: number, reason = ""): void {
    if (this.isClosed) return;
    this.#flush();
    this.socket.end(code, reason);
    this.gone();
  }

  /** The connection is cut: what is under way, either way, is lost. */
  cut(): void {
    this.#outbox = [];
    this.gone();
    this.socket.cut();
  }

  /** The socket is no more. */
  gone(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const timer of [this.#silence, this.#expiry, this.#flushTimer])
      this.server.clock.clearTimeout(timer);
    this.room?.left(this);
    this.server.forget(this);
  }

  /** What it has not been told of the log, a page at a time; at the end of it, it is live again. */
  #pump(): void {
    this.server.clock.setTimeout(() => {
      if (this.isClosed || this.isHeld || this.isDetached || this.cursor === undefined) return;
      const { log, presence } = this.room as FakeRoom;
      const end = Math.min(this.cursor + PAGE_ENTRIES, log.offset);
      let last = this.cursor;
      for (let offset = this.cursor + 1; offset <= end; offset += 1) {
        const entry = log.at(offset);
        const isHis = entry && (entry.to === undefined || entry.to === this.user);
        if (!entry || !isHis || !log.isHeard(entry, this.filters)) continue;
        this.hears(entry);
        last = offset;
      }
      this.cursor = end;
      if (end === log.offset) {
        this.cursor = undefined;
        this.push({ type: "position", offset: end });
        if (this.hasMissed) presence.sync(this);
        this.hasMissed = false;
        return;
      }
      if (last !== end) this.push({ type: "position", offset: end });
      this.#pump();
    }, this.server.delayMs);
  }

  #goOn(): void {
    if (this.cursor === undefined) return;
    if (this.cursor === this.room?.offset) this.cursor = undefined;
    else this.#pump();
  }

  #watch(): void {
    this.#silence = this.server.clock.setTimeout(() => {
      if (this.server.clock.now() - this.#lastHeard < SILENCE_MS) return this.#watch();
      const error = new Refusal("CONNECTION_TIMEOUT", "nothing was heard for too long");
      this.push(spelled(error, undefined));
      this.end(closing(error));
    }, SILENCE_MS);
  }
}
