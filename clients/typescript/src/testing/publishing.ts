// What a client says: events, and what is about other entries.
import { toBase64 } from "./bytes.ts";
import type { FakeConnection } from "./connection.ts";
import { ANNOTATIONS } from "./log.ts";
import { by, duplicate, needs, remember } from "./requests.ts";
import type { FakeRoom } from "./room.ts";
import { type FakeEntry, type Message, Refusal } from "./types.ts";
import * as words from "./words.ts";

/** What only the server says. */
const SERVERS_OWN = new Set(["presence", "occupancy", "typing", "read"]);

/** What takes the grant `publish` (N19). */
const PRIVILEGED = new Set(["workflow_update", "notification", "metric_update", "broadcast"]);

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

export function publish(connection: FakeConnection, it: Message, room: FakeRoom): Record<string, unknown> {
  const event = words.name(it.event, "event");
  const isEphemeral = words.optional<boolean>(it.ephemeral, "ephemeral", words.isFlag) ?? false;
  const echo = words.optional<boolean>(it.echo, "echo", words.isFlag) ?? true;
  const to = words.optional<string>(it.to, "to", words.isText);
  const of = words.optional<number>(it.of, "of", words.isCount);
  if (event === "typing" && room.isTalkative) return types(connection, it.data, room);
  if (SERVERS_OWN.has(event)) throw Refusal.invalid("only the server says this");
  const { data, encoding } = payload(it);
  const isAnnotation = ANNOTATIONS.has(event) && of !== undefined && room.isTalkative;
  if (ANNOTATIONS.has(event) && of === undefined && room.isTalkative) {
    throw Refusal.invalid(`${event} needs of, an offset`);
  }
  const read = isAnnotation ? data : checked(event, data, room);
  needs(connection, to !== undefined || PRIVILEGED.has(event) ? "publish" : "send");
  const again = isEphemeral ? undefined : duplicate(connection, it, room);
  if (again) return again;
  const target = of === undefined ? undefined : targetOf(connection, of, room);
  if (isAnnotation && isEphemeral) throw Refusal.invalid("what changes an entry is kept");
  const said = { ...by(connection), event, data: read, of, to: to ?? target?.to, encoding };
  const except = echo ? undefined : connection;
  if (isEphemeral) {
    room.sayNow({ ...said, except });
    return {};
  }
  if (isAnnotation && target) {
    const changed = annotation(connection, event, data, target, room);
    if (typeof changed === "number") return { offset: changed, epoch: room.epoch, duplicate: true };
    said.data = changed;
  }
  return remember(connection, it, room, room.say({ ...said, except }).offset);
}

/** Bytes as they are kept: base64 with its padding (N51). */
function payload(it: Message): { data: unknown; encoding?: string } {
  if (it.data instanceof Uint8Array) return { data: toBase64(it.data), encoding: "base64" };
  if (it.encoding === undefined || it.encoding === null) return { data: it.data ?? null };
  const isBytes = it.encoding === "base64" && typeof it.data === "string" && BASE64.test(it.data);
  if (!isBytes) throw Refusal.invalid("encoding is base64, and data a string of that");
  const text = (it.data as string).replace(/=+$/, "");
  if (text.length % 4 === 1) throw Refusal.invalid("encoding is base64, and data a string of that");
  return { data: text.padEnd(Math.ceil(text.length / 4) * 4, "="), encoding: "base64" };
}

/** What the name of an event promises: a message of a chat room has a text. */
function checked(event: string, data: unknown, room: FakeRoom): unknown {
  if (event !== "message" || room.kind !== "chat") return data;
  const { content, messageType } = (typeof data === "object" && data ? data : {}) as Record<string, unknown>;
  if (typeof content !== "string") {
    const faults = [{ field: "data", problem: "must be an object with content, a string" }];
    throw new Refusal("INVALID_MESSAGE_FORMAT", "data needs content, a string", { details: { faults } });
  }
  return { content, messageType: words.optional<string>(messageType, "messageType", words.isText) ?? "text" };
}

function types(connection: FakeConnection, data: unknown, room: FakeRoom): Record<string, unknown> {
  const { on } = (typeof data === "object" && data ? data : {}) as Record<string, unknown>;
  if (typeof on !== "boolean") throw Refusal.invalid("data needs on, a boolean");
  needs(connection, "send");
  room.types(connection, on);
  return {};
}

function targetOf(connection: FakeConnection, of: number, room: FakeRoom): FakeEntry {
  const target = room.log.at(of);
  const isHis = target && (target.to === undefined || target.to === connection.user);
  const isAnnotation = target && ANNOTATIONS.has(target.event) && target.of !== undefined;
  if (!target || !isHis || isAnnotation || target.isDeleted || target.event.startsWith("state.")) {
    throw new Refusal("NOT_FOUND", "there is no such entry");
  }
  return target;
}

/** The data of an edit, a deletion or a reaction as it is told; the offset of one that changes nothing. */
function annotation(
  connection: FakeConnection,
  event: string,
  data: unknown,
  target: FakeEntry,
  room: FakeRoom,
): unknown {
  if (event === "reaction") return reaction(connection, data, target, room);
  if (target.user !== connection.user && !connection.grants.includes("admin")) {
    throw new Refusal("PERMISSION_DENIED", "only who said this, and who has the grant admin, changes it");
  }
  if (event === "delete") return null;
  if (target.event !== "message" || room.kind !== "chat") return data;
  const { messageType } = target.data as { messageType: string };
  return checked("message", { messageType, ...(data as object | null) }, room);
}

function reaction(connection: FakeConnection, data: unknown, target: FakeEntry, room: FakeRoom): unknown {
  const { key, on: asked } = (typeof data === "object" && data ? data : {}) as Record<string, unknown>;
  const on = words.optional<boolean>(asked, "on", words.isFlag) ?? true;
  if (typeof key !== "string" || !key.trim() || 64 < new TextEncoder().encode(key).length) {
    throw Refusal.invalid("key is a string of 1 to 64 bytes");
  }
  const users = room.log.reacting(target.offset, key);
  const holds = users.includes(connection.user) === on;
  if (holds) {
    const last = [...room.entries]
      .reverse()
      .find(
        (it) =>
          it.event === "reaction" &&
          it.of === target.offset &&
          it.user === connection.user &&
          (it.data as { key: string }).key === key,
      );
    return last?.offset ?? target.offset;
  }
  if (on && !users.length && 20 <= room.log.keys(target.offset).length) {
    throw new Refusal("CONFLICT", "a message has at most 20 different reactions");
  }
  return { key, on, count: users.length + (on ? 1 : -1) };
}
