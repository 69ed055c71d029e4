// What clients ask of the fake server, and the members of its answers.
import type { FakeConnection } from "./connection.ts";
import { publish } from "./publishing.ts";
import type { FakeRoom } from "./room.ts";
import { type Message, Refusal } from "./types.ts";
import * as words from "./words.ts";

type Answer = Record<string, unknown>;

/** Does what a message asks. @returns the members of its `ack`. @throws {Refusal} */
export function handle(connection: FakeConnection, it: Message): Answer {
  switch (it.type) {
    case "ping":
      return {};
    case "auth":
      if (typeof it.token !== "string") throw Refusal.invalid("token is a string");
      return connection.renew(it.token);
  }
  const room = connection.room as FakeRoom;
  const serve = HANDLERS[it.type as keyof typeof HANDLERS];
  if (!serve) throw new Refusal("UNKNOWN_MESSAGE_TYPE", "this endpoint knows no such type");
  if (it.room !== undefined && it.room !== null && it.room !== room.address) {
    throw it.type === "attach"
      ? new Refusal("CONFLICT", "this connection can be attached to no other room")
      : new Refusal("NOT_FOUND", "this connection is not attached to this room");
  }
  if (connection.isDetached && it.type !== "attach") {
    throw new Refusal("NOT_FOUND", "this connection is not attached to this room");
  }
  return serve(connection, it, room);
}

const HANDLERS = {
  publish: (connection: FakeConnection, it: Message, room: FakeRoom) => publish(connection, it, room),

  attach(connection: FakeConnection, it: Message): Answer {
    const filters = it.events === undefined || it.events === null ? null : words.filters(it.events);
    const rewind = words.rewind(it.rewind);
    const resume = words.optional<string>(it.resume, "resume", words.isText);
    const token = words.optional<string>(it.token, "token", words.isText);
    const present = words.optional<boolean>(it.present, "present", words.isFlag);
    if (token !== undefined) connection.renew(token);
    if (!connection.grants.includes("join")) {
      throw new Refusal("PERMISSION_DENIED", "this token does not lead to this room");
    }
    return connection.attach({
      filters: words.bounded(filters),
      rewind,
      resume,
      isAbsent: present === false,
    });
  },

  detach(connection: FakeConnection): Answer {
    connection.detach();
    return {};
  },

  subscribe(connection: FakeConnection, it: Message): Answer {
    const added = words.filters(it.events);
    connection.filters = words.bounded([...new Set([...(connection.filters ?? []), ...added])].sort());
    return { subscribed: connection.filters };
  },

  unsubscribe(connection: FakeConnection, it: Message): Answer {
    const removed = words.filters(it.events);
    connection.filters = connection.filters?.filter((one) => !removed.includes(one)) ?? null;
    return { subscribed: connection.filters };
  },

  history(connection: FakeConnection, it: Message, room: FakeRoom): Answer {
    const request = words.pageRequest(it);
    needs(connection, "history");
    return room.log.page(request, connection.user);
  },

  presence(connection: FakeConnection, it: Message, room: FakeRoom): Answer {
    const limit = words.optional<number>(it.limit, "limit", (one) => words.isCount(one) && one !== 0);
    const cursor = words.optional<string>(it.cursor, "cursor", words.isText);
    needs(connection, "presence");
    return room.presence.list(limit, cursor);
  },

  query(connection: FakeConnection, it: Message, room: FakeRoom): Answer {
    if (typeof it.query !== "string") throw Refusal.invalid("a query needs query, a string");
    if (it.query === "presence") return HANDLERS.presence(connection, { type: "presence" }, room);
    const serve = own(QUERIES, it.query, room);
    if (!serve) throw new Refusal("NOT_FOUND", "there is no such query here");
    return { result: serve(connection, words.params(it.params), room) };
  },

  command(connection: FakeConnection, it: Message, room: FakeRoom): Answer {
    if (typeof it.command !== "string") throw Refusal.invalid("a command needs command, a string");
    const serve = own(COMMANDS, it.command, room);
    if (!serve) throw new Refusal("NOT_FOUND", "there is no such command here");
    return serve(connection, words.params(it.params), room, it);
  },
};

type Params = Record<string, unknown>;

const QUERIES: Record<string, (connection: FakeConnection, params: Params, room: FakeRoom) => unknown> = {
  position: ({ cursor }, _params, { epoch, log }) => ({ epoch, offset: cursor ?? log.newestForAll }),
  stats: (_connection, _params, { presence, epoch, offset, connections }) => ({
    connections: connections.size,
    users: presence.users,
    offset,
    epoch,
  }),
  subscriptions: ({ filters }) => ({ subscribed: filters }),
  state(connection, { keys }, room) {
    const wanted = keys === undefined || keys === null ? null : words.filters(keys);
    needs(connection, "history");
    const all = [...room.state].sort(([a], [b]) => (a < b ? -1 : 1));
    const entries = all
      .filter(([key]) => !wanted || wanted.some((it) => words.matches(it, key)))
      .map(([key, it]) => ({ key, ...it }));
    return { entries, offset: room.offset };
  },
  reads(connection, _params, room) {
    needs(connection, "presence");
    return Object.fromEntries([...room.reads].sort());
  },
};

const COMMANDS: Record<
  string,
  (connection: FakeConnection, params: Params, room: FakeRoom, it: Message) => Answer
> = {
  set_state(connection, { key, value = null, if_version }, room, it) {
    const version = words.optional<number>(if_version, "if_version", words.isCount);
    if (typeof key !== "string" || 122 < key.length) throw Refusal.invalid("key is a string of 1 to 122");
    const event = `state.${words.name(key, "key")}`;
    needs(connection, "send");
    const again = duplicate(connection, it, room);
    if (again) return again;
    const current = room.state.get(key)?.version ?? 0;
    if (version !== undefined && version !== current) {
      throw new Refusal("CONFLICT", "this key has another version", { details: { version: current } });
    }
    return remember(connection, it, room, room.say({ ...by(connection), event, data: { value } }).offset);
  },
  read(connection, { offset }, room) {
    if (!words.isCount(offset)) throw Refusal.invalid("offset is an offset");
    needs(connection, "send");
    if (!room.log.at(offset as number)) throw new Refusal("NOT_FOUND", "there is no such entry");
    const before = room.reads.get(connection.user) ?? 0;
    if (before < (offset as number)) {
      room.reads.set(connection.user, offset as number);
      const { user, name } = connection;
      const event = {
        type: "event",
        event: "read",
        at: room.clock.now(),
        user,
        ...(name !== user && { name }),
      };
      if (room.presence.mode === "members") {
        room.whisper({ ...event, data: { offset } }, { except: connection, grant: "presence" });
      }
    }
    return { result: { read: room.reads.get(connection.user) } };
  },
  kick(connection, { user_id, session_id }, room) {
    needs(connection, "admin");
    if ((typeof user_id === "string") === (typeof session_id === "string")) {
      throw Refusal.invalid("params need user_id or session_id");
    }
    const kicked = [...room.connections].filter((it) => it.user === user_id || it.sessionId === session_id);
    for (const it of kicked) {
      it.detached({ code: "PERMISSION_DENIED", message: "an administrator closed it", reattach: false });
    }
    return { result: { kicked: kicked.length } };
  },
  "presence.enter"(connection, { data }, room) {
    small(data);
    if (connection.isPresent) room.presence.shows(connection, data);
    else {
      connection.isPresent = true;
      connection.wantsPresence = true;
      room.presence.appeared(connection, true, data);
    }
    return {};
  },
  "presence.update"(connection, { data }, room) {
    small(data);
    room.presence.shows(connection, data);
    return {};
  },
  "presence.leave"(connection, { data }, room) {
    small(data);
    if (!connection.isPresent) return {};
    if (data !== undefined && data !== null) room.presence.says(connection.user, data);
    connection.isPresent = false;
    connection.wantsPresence = false;
    room.presence.vanished(connection);
    return {};
  },
};

/** What rooms of every kind serve. */
const EVERYWHERE = new Set(["position", "stats", "subscriptions", "kick"]);

/** What is served under this name in rooms of this kind. */
function own<T>(all: Record<string, T>, name: string, room: FakeRoom): T | undefined {
  const isServed = room.isTalkative || EVERYWHERE.has(name) || name.startsWith("presence.");
  return isServed && Object.hasOwn(all, name) ? all[name] : undefined;
}

function small(data: unknown): void {
  const bytes = data === undefined ? 0 : new TextEncoder().encode(JSON.stringify(data)).length;
  if (1_024 < bytes) throw new Refusal("MESSAGE_TOO_LARGE", "data has at most 1024 bytes");
}

export function needs(connection: FakeConnection, grant: (typeof connection.grants)[number]): void {
  if (!connection.grants.includes(grant))
    throw new Refusal("PERMISSION_DENIED", `this takes the grant ${grant}`);
}

export const by = ({ user, name }: FakeConnection) => ({ user, name });

const keyOf = (connection: FakeConnection, it: Message) => `${connection.user}\n${it.id}`;

/** The answer to what was said before with this id (N16). */
export function duplicate(connection: FakeConnection, it: Message, room: FakeRoom): Answer | undefined {
  const offset = typeof it.id === "string" ? room.remembered.get(keyOf(connection, it)) : undefined;
  return offset === undefined ? undefined : { offset, epoch: room.epoch, duplicate: true };
}

/** Remembers the id of what was said at this offset. @returns the answer. */
export function remember(connection: FakeConnection, it: Message, room: FakeRoom, offset: number): Answer {
  if (typeof it.id === "string") room.remembered.set(keyOf(connection, it), offset);
  // As the server does, the oldest of 10,000 are forgotten first.
  if (10_000 < room.remembered.size) {
    for (const key of room.remembered.keys()) {
      room.remembered.delete(key);
      break;
    }
  }
  return { offset, epoch: room.epoch };
}
