// One room of the fake server: what is said there is in its log, and is told to who is in it.
import type { FakeConnection } from "./connection.ts";
import { Log } from "./log.ts";
import { Presence } from "./presence.ts";
import type { Clock, FakeEntry, Grant, Message } from "./types.ts";
import { matches } from "./words.ts";

/** Nothing is heard of the log: after so many entries the position is told (N30). */
const MARK_ENTRIES = 256;

const TYPING_MS = 5_000;

/** What is said: by a connection, or by somebody who has none. */
export interface Said {
  event: string;
  data?: unknown;
  user: string;
  name?: string;
  of?: number;
  /** Only this user's connections get it. */
  to?: string;
  encoding?: string;
  /** This connection does not get it. */
  except?: FakeConnection;
}

/** Options of `FakeRoom.publish`, which speaks as somebody who is not connected. */
export interface PublishOptions {
  /** Who says it. `backend` by default. */
  user?: string;
  /** What they are called. The same as `user` by default. */
  name?: string;
  /** The offset of the entry that it is about. */
  of?: number;
  /** The only user who hears it. */
  to?: string;
  /** Whether it is told to who is connected, and not kept. */
  ephemeral?: boolean;
}

/** A room of a `FakeServer`: its log, who is in it, and what it keeps. */
export class FakeRoom {
  log: Log;
  readonly connections = new Set<FakeConnection>();
  readonly presence = new Presence(this);
  /** By key. */
  readonly state = new Map<string, { value: unknown; version: number }>();
  /** Up to where each user has read. */
  readonly reads = new Map<string, number>();
  /** Offsets by `user` and `id` of what was said with an id (N16). */
  readonly remembered = new Map<string, number>();
  readonly #typing = new Map<FakeConnection, unknown>();

  /** `kind:name`. */
  readonly address: string;
  readonly clock: Clock;
  readonly presenceMembersMax: number;

  constructor(address: string, clock: Clock, epoch: string, presenceMembersMax: number) {
    this.address = address;
    this.clock = clock;
    this.presenceMembersMax = presenceMembersMax;
    this.log = new Log(epoch);
  }

  get kind(): string {
    return this.address.slice(0, this.address.indexOf(":"));
  }

  get epoch(): string {
    return this.log.epoch;
  }

  /** The newest offset. */
  get offset(): number {
    return this.log.offset;
  }

  get entries(): readonly FakeEntry[] {
    return this.log.entries;
  }

  /** Whether rooms of this kind have typing, state and annotations. */
  get isTalkative(): boolean {
    return this.kind === "chat" || this.kind === "hub";
  }

  get features(): string[] {
    return this.isTalkative ? ["presence", "state", "typing", "annotations"] : ["presence"];
  }

  /** Says something as somebody who is not connected. @returns its offset; 0 of what is not kept. */
  publish(event: string, data: unknown = null, options: PublishOptions = {}): number {
    const { user = "backend", ephemeral, ...more } = options;
    const said = { event, data, user, ...more };
    return ephemeral ? this.sayNow(said) : this.say(said).offset;
  }

  /** Keeps it, and tells it to everyone who hears it. */
  say({ except, ...said }: Said): FakeEntry {
    const { user, name = user, data = null } = said;
    const entry = this.log.append({ ...said, data, user, name, at: this.clock.now() });
    if (entry.event.startsWith("state.")) this.#keep(entry);
    for (const connection of this.connections) {
      if (!connection.isLive) continue;
      const isHis = entry.to === undefined || entry.to === connection.user;
      if (connection === except) connection.push({ type: "position", offset: entry.offset });
      else if (isHis && this.log.isHeard(entry, connection.filters)) connection.hears(entry);
      else if (entry.offset % MARK_ENTRIES === 0) {
        connection.push({ type: "position", offset: entry.offset });
      }
    }
    return entry;
  }

  /** Tells it to everyone who hears it now, and keeps nothing (N18). */
  sayNow({ except, to, ...said }: Said): 0 {
    const { event, user, name = user, data, of, encoding } = said;
    const isSaid = data !== null && data !== undefined;
    const message = {
      type: "event",
      event,
      ...(to !== undefined && { direct: true }),
      at: this.clock.now(),
      user,
      ...(name !== user && { name }),
      ...(of !== undefined && { of }),
      ...(encoding && isSaid && { encoding }),
      ...(isSaid && { data }),
    };
    const target = of === undefined ? undefined : this.log.at(of);
    this.whisper(message, { except, to, channel: target ? this.log.channel(target) : event });
    return 0;
  }

  /** Tells what is in no log to those who are live and may hear it. */
  whisper(
    message: Message & { event?: unknown },
    {
      except,
      to,
      grant,
      channel,
    }: { except?: FakeConnection; to?: string; grant?: Grant; channel?: string } = {},
  ): void {
    const name = channel ?? String(message.event);
    for (const it of this.connections) {
      if ((to !== undefined && it.user !== to) || it.isDetached) continue;
      if (grant && !it.grants.includes(grant)) continue;
      if (to === undefined && it.filters && !it.filters.some((filter) => matches(filter, name))) continue;
      // Who is behind cannot tell what it missed from what was not for it.
      if (!it.isLive) it.hasMissed ||= grant === "presence";
      else if (it !== except) it.push(message);
    }
  }

  /** A connection types, or no longer does: only changes are told (N36). */
  types(connection: FakeConnection, isOn: boolean): void {
    const was = this.#isTyping(connection.user);
    this.clock.clearTimeout(this.#typing.get(connection));
    if (isOn)
      this.#typing.set(
        connection,
        this.clock.setTimeout(() => this.types(connection, false), TYPING_MS),
      );
    else this.#typing.delete(connection);
    const is = this.#isTyping(connection.user);
    if (was === is || this.presence.mode === "occupancy") return;
    const { user, name } = connection;
    this.sayNow({ event: "typing", data: { on: is }, user, name, except: connection });
  }

  /** A connection is here no longer. */
  left(connection: FakeConnection): void {
    if (this.#typing.has(connection)) this.types(connection, false);
    this.connections.delete(connection);
    if (connection.isPresent) this.presence.vanished(connection);
  }

  #isTyping(user: string): boolean {
    return [...this.#typing.keys()].some((it) => it.user === user);
  }

  #keep(entry: FakeEntry): void {
    const key = entry.event.slice("state.".length);
    const { value } = entry.data as { value: unknown };
    if (value === null || value === undefined) this.state.delete(key);
    else this.state.set(key, { value, version: entry.offset });
  }
}
