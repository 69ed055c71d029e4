// Who is in a room.
import type { RoomEvent } from "./room-types.ts";
import type { Session } from "./session.ts";
import { Store } from "./store.ts";
import type { Frame } from "./types.ts";

/** A user who is in a room. */
export interface Member<Data = unknown> {
  /** The `sub` of their token. */
  user: string;
  /** What they are called, where that is not `user`. */
  name?: string;
  /** By how many connections they are here. */
  connections: number;
  /** What they say of themselves: see `Presence.enter`. */
  data?: Data;
}

/** Who is in a room. A new object for every change. */
export interface PresenceState<Data = unknown> {
  /** `occupancy` in rooms with more than 500 users, where only the numbers are told. */
  mode: "members" | "occupancy";
  /** How many connections there are. */
  connections: number;
  /** How many users there are. */
  users: number;
  /** The users, in the order of `user`. In mode `occupancy` those of the last answer. */
  members: readonly Member<Data>[];
}

type Told = Partial<PresenceState> & { action?: string; data?: unknown; cursor?: string };

const EMPTY: PresenceState = { mode: "members", connections: 0, users: 0, members: [] };

/**
 * Who is in a room, as a store. The list is asked for after each attachment, and kept up by events, from
 * the first listener on.
 */
export class Presence extends Store<PresenceState> {
  readonly #session: Session;

  constructor(session: Session) {
    super(EMPTY);
    this.#session = session;
  }

  /**
   * A page of who is here, which has a `cursor` if another one follows it. Rejects with a `DormouseError`.
   */
  async get(options: { limit?: number; cursor?: string; signal?: AbortSignal } = {}) {
    const { signal, ...asked } = options;
    const answer = await this.#session.request({ type: "presence", ...asked }, { signal });
    return answer as unknown as PresenceState & { cursor?: string };
  }

  /**
   * Makes this user present, with this told of them: JSON of 1 KiB at most. Resolves when the server has
   * taken it.
   */
  enter = (data?: unknown): Promise<void> => this.#say("enter", data);
  /** Replaces what is told of this user. Resolves when the server has taken it. */
  update = (data: unknown): Promise<void> => this.#say("update", data);
  /** Makes this user absent, although the connection stays. Resolves when the server has taken it. */
  leave = (data?: unknown): Promise<void> => this.#say("leave", data);

  protected override begin(): void {
    const session = this.#session;
    session.on("presence", (event) => this.#apply(event));
    session.on("occupancy", ({ data }) => this.#replace(data as Told));
    session.watch("attached", () => this.#load());
    if (session.link.isOpen) this.#load();
  }

  async #say(verb: string, data: unknown): Promise<void> {
    await this.#session.request({ type: "command", command: `presence.${verb}`, params: { data } });
  }

  #load(): void {
    const answered = (answer: Frame) => this.#replace(answer as Told);
    this.#session.request({ type: "presence", limit: 500 }, { answered, queue: false }).catch(() => {});
  }

  #replace(told: Told): void {
    const before = this.getSnapshot();
    const { mode = "members", connections = 0, members = before.members } = told;
    this.show({ mode, connections, users: told.users ?? members.length, members });
  }

  /** Each event says what a member is now, so one that comes twice changes nothing. */
  #apply({ user, name, data }: RoomEvent): void {
    const told = data as Told;
    if (told.action === "sync" || user === undefined) {
      this.#replace(told);
      return;
    }
    const { mode, members } = this.getSnapshot();
    const now = members.filter((it) => it.user !== user);
    const member = { user, ...(name && { name }), connections: told.connections ?? 1, data: told.data };
    if (told.action !== "leave") now.push(member);
    now.sort((a, b) => (a.user < b.user ? -1 : 1));
    const connections = now.reduce((sum, it) => sum + it.connections, 0);
    this.show({ mode, connections, users: now.length, members: now });
  }
}
