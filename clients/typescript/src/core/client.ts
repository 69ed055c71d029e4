// The client: rooms of one server, as one user.
import type { Backoff } from "./backoff.ts";
import type { NativeOptions } from "./native.ts";
import { Room } from "./room.ts";
import type { EventMap, RoomOptions } from "./room-types.ts";
import type { LinkOptions, QueueOptions, QueueStorage, TokenSource } from "./types.ts";

/** Options of `Dormouse`. Only `url` must be given. */
export interface DormouseOptions extends NativeOptions, Omit<LinkOptions, "backoff" | "queue"> {
  /**
   * Makes the back-off of each connection. By default that of the native protocol, without end:
   * `nativeBackoff`.
   */
  backoff?: () => Backoff;
  /** The queue of each room: `limit`, `overflow`, `ttlMs`. */
  queue?: Omit<QueueOptions, "storage">;
  /**
   * Makes the storage of the queue of one room, from its name and the token of the client: `indexedDb()` of
   * `@dormouse/client/indexeddb`. By default queues are in memory.
   */
  storage?: (name: string, token?: TokenSource) => QueueStorage;
  /** Whose messages are stored, where one browser has several users: it is part of the name of a queue. */
  identity?: string;
}

/** Options of `client.room`. */
export interface JoinOptions extends RoomOptions {
  /** Whether the room is connected at once. `true` by default; with `false` only `connect` connects. */
  connect?: boolean;
}

/** The client of a server, as one user. It opens no connection before a room is asked for. */
export class Dormouse {
  readonly #options: DormouseOptions;
  readonly #rooms = new Map<string, Room>();

  constructor(options: DormouseOptions) {
    this.#options = options;
  }

  /**
   * A room, `kind:name`. All who ask for it with the same options have the same object, over one
   * connection, which ends soon after each of them has called `close`.
   */
  room<Events extends EventMap = EventMap>(name: string, options: JoinOptions = {}): Room<Events> {
    const { connect = true, ...asked } = options;
    const key = JSON.stringify([name, asked]);
    const room = this.#rooms.get(key) ?? this.#make(name, asked);
    this.#rooms.set(key, room);
    room.$hands += 1;
    room.$left = () => {
      this.#rooms.delete(key);
      room.link.disconnect();
    };
    if (connect) room.connect();
    return room as unknown as Room<Events>;
  }

  /** Ends all connections. Rooms that are held can be connected again by `room.connect`. */
  close(): void {
    for (const { link } of this.#rooms.values()) link.disconnect();
  }

  #make(name: string, asked: RoomOptions): Room {
    const { backoff, queue, storage, identity = "", ...rest } = this.#options;
    return new Room(name, rest, asked, {
      ...rest,
      backoff: backoff?.(),
      queue: { ...queue, storage: storage?.(`${rest.url} ${name} ${identity}`, rest.token) },
    });
  }
}
