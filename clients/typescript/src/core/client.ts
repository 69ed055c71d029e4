// The client: rooms of one server, as one user.
import type { Backoff } from "./backoff.ts";
import type { NativeOptions } from "./native.ts";
import { Room } from "./room.ts";
import type { EventMap, RoomOptions } from "./room-types.ts";
import type { LinkOptions, QueueOptions, QueueStorage, TokenSource } from "./types.ts";

export interface DormouseOptions extends NativeOptions, Omit<LinkOptions, "backoff" | "queue"> {
  /** Makes the back-off of each connection; by default that of the protocol, without end. */
  backoff?: () => Backoff;
  queue?: Omit<QueueOptions, "storage">;
  /** Makes the storage of a queue, which is that of one room, from its name. `token` is that of the client. */
  storage?: (name: string, token?: TokenSource) => QueueStorage;
  /** Whose messages are stored, where one browser has several users: part of the queue's name. */
  identity?: string;
}

export interface JoinOptions extends RoomOptions {
  /** `false`: only `connect` connects. */
  connect?: boolean;
}

export class Dormouse {
  readonly #options: DormouseOptions;
  readonly #rooms = new Map<string, Room>();

  constructor(options: DormouseOptions) {
    this.#options = options;
  }

  /**
   * A room, `kind:name`: the same for all who ask for it with the same options, over one connection,
   * which ends soon after each of them has closed it.
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

  /** Ends all connections. Rooms that are held can be connected again. */
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
