// Who is in a room.
import type { RoomEvent } from "./room-types.ts";
import type { Session } from "./session.ts";
import { Store } from "./store.ts";
import type { Frame } from "./types.ts";

export interface Member<Data = unknown> {
  /** A `sub`. */
  user: string;
  name?: string;
  connections: number;
  data?: Data;
}

export interface PresenceState<Data = unknown> {
  /** In large rooms only the numbers are told. */
  mode: "members" | "occupancy";
  connections: number;
  users: number;
  /** By user; in mode `occupancy` those of the last answer. */
  members: readonly Member<Data>[];
}

type Told = Partial<PresenceState> & { action?: string; data?: unknown; cursor?: string };

const EMPTY: PresenceState = { mode: "members", connections: 0, users: 0, members: [] };

/** The list is asked for after each attachment, and kept up by events, as long as somebody looks. */
export class Presence extends Store<PresenceState> {
  readonly #session: Session;

  constructor(session: Session) {
    super(EMPTY);
    this.#session = session;
  }

  /** A page of who is here; `cursor` is that of the page before. */
  async get(options: { limit?: number; cursor?: string; signal?: AbortSignal } = {}) {
    const { signal, ...asked } = options;
    const answer = await this.#session.request({ type: "presence", ...asked }, { signal });
    return answer as unknown as PresenceState & { cursor?: string };
  }

  /** Is present from now on, with this said of oneself (1 KiB of JSON at most). */
  enter = (data?: unknown): Promise<void> => this.#say("enter", data);
  update = (data: unknown): Promise<void> => this.#say("update", data);
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
