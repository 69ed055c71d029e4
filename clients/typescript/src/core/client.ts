// The client: rooms of one server, as one user.
import { type BackoffStrategy, nativeBackoff } from "./backoff.ts";
import { surroundings } from "./environment.ts";
import type { NativeOptions } from "./native.ts";
import { type EventMap, Room, type Shared, shared } from "./room.ts";
import { type RoomOptions, Session } from "./session.ts";
import type { LinkOptions, QueueOptions, QueueStorage } from "./types.ts";

export interface DormouseOptions extends NativeOptions, Omit<LinkOptions, "backoff" | "queue"> {
  /** Makes the back-off of each connection; by default that of the protocol, without end. */
  backoff?: () => BackoffStrategy;
  queue?: Omit<QueueOptions, "storage">;
  /** Makes the storage of a queue, which is that of one room, from its name. */
  storage?: (name: string) => QueueStorage;
  /** Whose messages are stored, where one browser has several users. */
  identity?: string;
}

export interface JoinOptions extends RoomOptions {
  /** `false`: only `connect` connects. */
  connect?: boolean;
}

interface Held {
  session: Session;
  shared: Shared;
  hands: number;
}

export class Dormouse {
  readonly #options: DormouseOptions;
  readonly #held = new Map<string, Held>();

  constructor(options: DormouseOptions) {
    this.#options = options;
  }

  /**
   * A hand on a room, `kind:name`. Hands with the same options share a connection, which ends soon after
   * the last of them is closed.
   */
  room<Events extends EventMap = EventMap>(name: string, options: JoinOptions = {}): Room<Events> {
    const { connect = true, ...asked } = options;
    const key = JSON.stringify([name, asked]);
    const held = this.#held.get(key) ?? this.#hold(name, asked);
    this.#held.set(key, held);
    held.hands += 1;
    const { session } = held;
    if (connect) void session.link.connect();
    const { clock } = session;
    return new Room(name, session, held.shared, () => {
      held.hands -= 1;
      // Who lets go and takes it again at once, as frameworks do, keeps the connection.
      clock.setTimeout(() => {
        if (held.hands || this.#held.get(key) !== held) return;
        this.#held.delete(key);
        session.link.disconnect();
      }, 0);
    });
  }

  /** Ends all connections. Rooms that are held can be connected again. */
  close(): void {
    for (const { session } of this.#held.values()) session.link.disconnect();
  }

  #hold(name: string, asked: RoomOptions): Held {
    const { backoff, queue, storage, identity = "", ...rest } = this.#options;
    const { random } = surroundings(rest);
    const session = new Session(name, rest, asked, {
      ...rest,
      backoff: backoff?.() ?? nativeBackoff({ random }),
      queue: { ...queue, storage: storage?.(`${rest.url} ${name} ${identity}`) },
    });
    return { session, shared: shared(session), hands: 0 };
  }
}
