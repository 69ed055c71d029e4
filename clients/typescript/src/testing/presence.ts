// Who is in a room: users, each once, with a grace for those who come back (N34 to N38).
import type { FakeConnection } from "./connection.ts";
import type { FakeRoom } from "./room.ts";
import { Refusal } from "./types.ts";

/** Who comes back within this never left. */
const GRACE_MS = 5_000;

/** How often at most the number of those who are here is told. */
const OCCUPANCY_MS = 5_000;

/** Members in an answer while there are too many to be told one by one. */
const LISTED_MAX = 200;

type Member = {
  user: string;
  name: string;
  connections: Set<FakeConnection>;
  data?: unknown;
  grace?: unknown;
};

export class Presence {
  readonly #members = new Map<string, Member>();
  readonly #room: FakeRoom;
  #isCrowded = false;
  #occupancyTimer: unknown;

  constructor(room: FakeRoom) {
    this.#room = room;
  }

  get mode(): "members" | "occupancy" {
    return this.#isCrowded ? "occupancy" : "members";
  }

  /** What it is once this user is here. */
  modeWith(user: string): "members" | "occupancy" {
    const users = this.users + (this.#members.has(user) ? 0 : 1);
    return this.#isCrowded || this.#room.presenceMembersMax < users ? "occupancy" : "members";
  }

  get users(): number {
    return this.#members.size;
  }

  get connections(): number {
    return this.#all().reduce((sum, it) => sum + count(it), 0);
  }

  /** A user is here by one connection more. `isSaid`: by a command of theirs, whose `data` holds now. */
  appeared(connection: FakeConnection, isSaid = false, data?: unknown): void {
    const { user, name } = connection;
    const known = this.#members.get(user);
    const member = known ?? { user, name, connections: new Set<FakeConnection>() };
    const wasAway = member.grace !== undefined;
    if (wasAway) this.#room.clock.clearTimeout(member.grace);
    member.grace = undefined;
    member.name = name;
    if (isSaid) member.data = data;
    member.connections.add(connection);
    this.#members.set(user, member);
    const except = isSaid ? undefined : connection;
    if (!known) this.#tell("join", member, except);
    else if (isSaid || !wasAway) this.#tell("update", member, except);
    this.#settle();
  }

  /** A user is here by one connection less. */
  vanished(connection: FakeConnection): void {
    const member = this.#members.get(connection.user);
    if (!member?.connections.delete(connection)) return;
    if (member.connections.size) this.#tell("update", member);
    else member.grace = this.#room.clock.setTimeout(() => this.#gone(member), GRACE_MS);
    this.#settle();
  }

  /** `presence.update`, and `presence.enter` of who is here already. */
  shows(connection: FakeConnection, data: unknown): void {
    const member = this.#members.get(connection.user);
    if (!member?.connections.has(connection)) {
      throw new Refusal("CONFLICT", "this connection is not present");
    }
    member.data = data;
    this.#tell("update", member);
  }

  /** The last words of who leaves. */
  says(user: string, data: unknown): void {
    const member = this.#members.get(user);
    if (member) member.data = data;
  }

  /** The members of an answer to `presence`, and of a `sync`. */
  list(limit?: number, cursor?: string): Record<string, unknown> {
    const most = Math.min(limit ?? Number.POSITIVE_INFINITY, this.#isCrowded ? LISTED_MAX : 10_000);
    const after = this.#all().filter((it) => cursor === undefined || cursor < it.user);
    const members = after.slice(0, most).map(shown);
    return {
      ...this.#numbers(),
      members,
      ...(members.length < after.length && { cursor: members.at(-1)?.user }),
    };
  }

  /** What a connection is told that was behind and missed what happened meanwhile (N38). */
  sync(connection: FakeConnection): void {
    if (!connection.grants.includes("presence")) return;
    if (this.#isCrowded) connection.push(this.#event("occupancy", this.#numbers()));
    else connection.push(this.#event("presence", { action: "sync", ...this.list() }));
  }

  #all(): Member[] {
    return [...this.#members.values()].sort((a, b) => (a.user < b.user ? -1 : 1));
  }

  #numbers() {
    return { mode: this.mode, connections: this.connections, users: this.users };
  }

  #event(event: string, data: unknown, member?: Member) {
    const by = member && { user: member.user, ...(member.name !== member.user && { name: member.name }) };
    return { type: "event", event, at: this.#room.clock.now(), ...by, data };
  }

  #tell(action: "join" | "update" | "leave", member: Member, except?: FakeConnection): void {
    if (this.#isCrowded) return;
    const { user: _, name: __, ...rest } = shown(member);
    const connections = action === "leave" ? 0 : count(member);
    const event = this.#event("presence", { action, ...rest, connections }, member);
    this.#room.whisper(event, { except, grant: "presence" });
  }

  #gone(member: Member): void {
    this.#members.delete(member.user);
    this.#tell("leave", member);
    this.#settle();
  }

  /** Tells each, or how many; and the change from one to the other. */
  #settle(): void {
    const max = this.#room.presenceMembersMax;
    if (!this.#isCrowded && this.users <= max) return;
    if (this.#isCrowded && this.users < max / 2) {
      this.#isCrowded = false;
      this.#room.whisper(this.#event("occupancy", this.#numbers()), { grant: "presence" });
      const list = { action: "sync", ...this.list() };
      this.#room.whisper(this.#event("presence", list), { grant: "presence" });
      return;
    }
    const wait = this.#isCrowded ? OCCUPANCY_MS : 0;
    this.#isCrowded = true;
    this.#occupancyTimer ??= this.#room.clock.setTimeout(() => {
      this.#occupancyTimer = undefined;
      if (this.#isCrowded) {
        this.#room.whisper(this.#event("occupancy", this.#numbers()), { grant: "presence" });
      }
    }, wait);
  }
}

/** Who is in their grace counts as one connection. */
const count = (it: Member) => Math.max(1, it.connections.size);

const shown = (it: Member) => ({
  user: it.user,
  ...(it.name !== it.user && { name: it.name }),
  connections: count(it),
  ...(it.data !== undefined && it.data !== null && { data: it.data }),
});
