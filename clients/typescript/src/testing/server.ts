// A server of the native protocol within the process, for unit tests of front ends: rooms with a log,
// positions, resume, filters, answers, presence, typing, state and annotations, and all that can
// happen to a connection. It has no documents, large data, metrics and search, and no limits of rate.
import { DEFAULT_LIMITS } from "../frames/index.ts";
import { withBytes } from "./bytes.ts";
import { seededRandom, VirtualClock } from "./clock.ts";
import type { FakeConnection } from "./connection.ts";
import { closing, spelled } from "./ends.ts";
import { Log } from "./log.ts";
import { FakeRoom } from "./room.ts";
import { FakeSocket } from "./socket.ts";
import { type Clock, type FakeUser, type Message, Refusal, type TokenValidator } from "./types.ts";

/** Options of `FakeServer`. */
export interface FakeServerOptions<C extends Clock = Clock> {
  /** The clock of the server. A new `VirtualClock` by default. */
  clock?: C;
  /** Numbers from 0 to below 1, of which the server makes ids and epochs. `seededRandom(1)` by default. */
  random?: () => number;
  /** How many milliseconds a message is under way, in each direction. 0 by default. */
  delayMs?: number;
  /** The interval of pings in milliseconds that the `hello` asks for. 25,000 by default. */
  heartbeatMs?: number;
  /** Above so many users in a room only their number is told. 500 by default. */
  presenceMembersMax?: number;
  /** MessagePack, for clients that speak it. */
  codec?: {
    /** Makes bytes of a message. */
    encode(message: unknown): Uint8Array;
    /** Reads the bytes of a client. It throws if they are no message. */
    decode(bytes: Uint8Array): unknown;
  };
}

/** Which connections: those of a user, or those for whom it holds; all unless it is given. */
export type Which = string | ((connection: FakeConnection) => boolean);

/** A `WebSocket` constructor that leads to one fake server. */
export type FakeSocketConstructor = new (url: string | URL, protocols?: string | string[]) => FakeSocket;

const ROOM = /^(chat|hub|analytics|collaboration):[A-Za-z0-9._:~-]{1,128}$/;

/**
 * A server of the native protocol within the process, for unit tests. It has rooms with a log, positions,
 * resume, filters, answers, presence, typing, state and annotations. It has no documents, large data,
 * metrics and search, and no limits of rate.
 */
export class FakeServer<C extends Clock = VirtualClock> {
  /** The clock of the server. The client must have the same one. */
  readonly clock: C;
  /** The numbers that the server makes ids of. The client may share them. */
  readonly random: () => number;
  /** Give it to the client: `new Dormouse({ url: server.url, WebSocket: server.WebSocket, clock: server.clock })`. */
  readonly WebSocket: FakeSocketConstructor;
  readonly url = "ws://dormouse.test";
  readonly rooms = new Map<string, FakeRoom>();
  readonly connections = new Set<FakeConnection>();
  /** How many sockets were asked for. */
  attempts = 0;
  delayMs: number;
  heartbeatMs: number;
  /** Whether the network is away: attempts to connect fail. `offline` sets it and cuts what is open. */
  isOffline = false;
  /** `false`: attempts to connect neither succeed nor fail. */
  isReachable = true;
  /** It accepts sockets, hears what is said, and says nothing. */
  isMute = false;
  /** MessagePack, if it was given. */
  readonly codec: FakeServerOptions["codec"];
  readonly #presenceMembersMax: number;
  #validator: TokenValidator = (token) => (token ? { user: token } : null);
  #refusal: { error: Refusal; times: number } | undefined;
  #hangUps = 0;
  #failures: Array<{ error: Refusal; type: string | undefined }> = [];
  readonly #losses = new Map<FakeConnection, number>();

  constructor(options: FakeServerOptions<C> = {}) {
    this.clock = options.clock ?? (new VirtualClock() as Clock as C);
    this.random = options.random ?? seededRandom(1);
    this.delayMs = options.delayMs ?? 0;
    this.heartbeatMs = options.heartbeatMs ?? 25_000;
    this.codec = options.codec;
    this.#presenceMembersMax = options.presenceMembersMax ?? 500;
    const server = this;
    this.WebSocket = class extends FakeSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(server, url, protocols);
        server.attempts += 1;
      }
    };
  }

  /** The limits that the `hello` tells. */
  get limits(): Record<string, number> {
    return { ...DEFAULT_LIMITS, presence_members: this.#presenceMembersMax };
  }

  /** The room `kind:name`, which comes into being with this. */
  room(address: string): FakeRoom {
    const known = this.rooms.get(address);
    if (known) return known;
    if (!ROOM.test(address)) throw new Error(`${address} is no room: kind:name`);
    const room = new FakeRoom(address, this.clock, this.newId(""), this.#presenceMembersMax);
    this.rooms.set(address, room);
    return room;
  }

  /** Whose tokens are: by default every token is the name of its user. */
  setTokenValidator(validator: TokenValidator): void {
    this.#validator = validator;
  }

  /** Cuts connections: the client sees 1006, and what was under way is lost. */
  kill(which?: Which): void {
    for (const it of this.#those(which)) it.cut();
  }

  /** From now on nothing gets through, and nobody is told: as when a network goes away. */
  halfOpen(which?: Which): void {
    for (const it of this.#those(which)) it.socket.isCut = true;
  }

  /** Closes without `closing`. */
  closeWith(code: number, reason = "", which?: Which): void {
    for (const it of this.#those(which)) it.close(code, reason);
  }

  /** Says any message; after a `closing` the socket is closed with its code. */
  say(message: Message, which?: Which): void {
    for (const it of this.#those(which)) {
      if (message.type === "closing") it.end(message as unknown as Parameters<FakeConnection["end"]>[0]);
      else it.push(message);
    }
  }

  /** The client gets text that is no message of the protocol, or any other. */
  sayText(text: string, which?: Which): void {
    for (const it of this.#those(which)) it.socket.deliver(text);
  }

  /** Loses so many of the next messages to each: it must not happen on a real connection. */
  drop(count = 1, which?: Which): void {
    for (const it of this.#those(which)) this.#losses.set(it, (this.#losses.get(it) ?? 0) + count);
  }

  /** From now on a message is under way for so long. */
  delay(ms: number): void {
    this.delayMs = ms;
  }

  /** The rooms are moved or deployed anew: all sockets are cut, and what was kept is there. */
  evict(which?: Which): void {
    this.kill(which);
  }

  /** The log of a room is erased: who is there is told so, and no position of before is good any more. */
  newEpoch(address: string): void {
    const room = this.room(address);
    room.log = new Log(this.newId(""));
    room.state.clear();
    room.reads.clear();
    room.remembered.clear();
    for (const it of [...room.connections]) {
      it.detached({ code: "NOT_FOUND", message: "the room was erased", reattach: true, after_ms: 1_000 });
    }
  }

  /** Refuses the next so many clients at the door, with an error and `closing`; all, unless a number is given. */
  refuse(
    code: string | null,
    { times = Number.POSITIVE_INFINITY, ...more }: { times?: number; retry_after?: number } = {},
  ): void {
    this.#refusal =
      code === null ? undefined : { error: new Refusal(code, "refused by the test", more), times };
  }

  /** Accepts the next so many sockets and closes them at once, without a word. */
  hangUp(times: number): void {
    this.#hangUps = times;
  }

  /** The next request, or the next of this type, is answered with this error. */
  failNext(code: string, more: { retry_after?: number; details?: unknown; type?: string } = {}): void {
    const { type, ...rest } = more;
    this.#failures.push({ error: new Refusal(code, "refused by the test", rest), type });
  }

  /** Tokens expire now: their holders are asked for another one (N43). */
  expire(which?: Which): void {
    for (const it of this.#those(which)) it.expire();
  }

  /** The network is away, or back: sockets that were open hear nothing any more, new ones fail. */
  offline(isOffline = true): void {
    this.isOffline = isOffline;
    if (isOffline) this.halfOpen();
  }

  /** For `FakeConnection`: what clients are asked for and given. */
  newId(prefix: string): string {
    let text = prefix;
    for (let at = 0; at < 4; at += 1) {
      text += Math.floor(this.random() * 0x1_0000_0000)
        .toString(16)
        .padStart(8, "0");
    }
    return text;
  }

  /** Lets a socket in that was opened, or refuses it as `refuse` and `hangUp` say. `FakeSocket` calls it. */
  accept(connection: FakeConnection): void {
    this.connections.add(connection);
    const refusal = this.#refusal;
    if (0 < this.#hangUps) {
      this.#hangUps -= 1;
      connection.close(1006);
    } else if (refusal && 0 < refusal.times) {
      refusal.times -= 1;
      connection.push(spelled(refusal.error, undefined));
      connection.end(closing(refusal.error));
    } else {
      connection.open();
    }
  }

  /** Forgets a connection that has ended. `FakeConnection` calls it. */
  forget(connection: FakeConnection): void {
    this.connections.delete(connection);
    this.#losses.delete(connection);
  }

  /** The room of an address that a client names. */
  admits(address: string | null): FakeRoom {
    if (!address || !/^(chat|hub|analytics|collaboration):/.test(address)) {
      throw new Refusal("NOT_FOUND", "there is no such room");
    }
    if (!ROOM.test(address)) throw Refusal.invalid("this is no name of a room");
    return this.room(address);
  }

  /**
   * Whose a token is in a room, by the validator. Throws `AUTHENTICATION_FAILED` if it is nobody's or has
   * expired. `FakeConnection` calls it.
   */
  whoIs(token: string, room: string): FakeUser {
    const it = this.#validator(token, room);
    if (!it) throw new Refusal("AUTHENTICATION_FAILED", "this token is nobody's");
    if (it.expiresAt !== undefined && it.expiresAt <= this.clock.now()) {
      throw new Refusal("AUTHENTICATION_FAILED", "this token has expired");
    }
    return it;
  }

  /** Fails a request that a test wants to fail. */
  fails(it: Message): void {
    const at = this.#failures.findIndex(({ type }) => type === undefined || type === it.type);
    const [failure] = at < 0 || it.type === "ping" ? [] : this.#failures.splice(at, 1);
    if (failure) throw failure.error;
  }

  /** Whether the next message to it is lost. */
  loses(connection: FakeConnection): boolean {
    const left = this.#losses.get(connection) ?? 0;
    if (left) this.#losses.set(connection, left - 1);
    return 0 < left;
  }

  /**
   * A message as it goes over the wire: in MessagePack if the client asked for it and there is a `codec`,
   * else in JSON.
   */
  encode(it: unknown, protocol: string): string | Uint8Array {
    return this.codec && protocol.endsWith("msgpack") ? this.codec.encode(withBytes(it)) : JSON.stringify(it);
  }

  #those(which?: Which): FakeConnection[] {
    const all = [...this.connections];
    if (which === undefined) return all;
    return all.filter(typeof which === "string" ? (it) => it.user === which : which);
  }
}
