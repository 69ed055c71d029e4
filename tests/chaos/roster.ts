// Who takes part: clients of every dialect, in as few rooms as they fit into.
import { mint } from "../../scripts/jwt.mjs";
import { Cable } from "./cable.ts";
import type { Caller, Scene } from "./callers/caller.ts";
import { DocumentCaller } from "./callers/document.ts";
import {
  ChatCaller,
  ConversationCaller,
  EventsCaller,
  ManagerCaller,
  WorkflowCaller,
} from "./callers/faces.ts";
import { LargeCaller } from "./callers/large.ts";
import { MetricCaller, WatchCaller } from "./callers/metrics.ts";
import { Eraser, NativeCaller, RawCaller } from "./callers/native.ts";
import { HttpCaller, StreamCaller } from "./callers/streams.ts";
import { TransientCaller, WipeCaller } from "./callers/wiped.ts";
import type { Runtime } from "./runtime.ts";
import type { Trace } from "./trace.ts";

export const SECRET = "a secret for chaos, of more than 32 bytes";

const ALL = ["join", "send", "publish", "history", "presence", "admin"];

/** A token of a user who may do everything, everywhere. */
export const tokenOf = (user: string): Promise<string> =>
  mint({ sub: user, role: "admin", caps: [{ room: "*", can: ALL }] }, { secret: SECRET });

/** `called` is its room, with a number behind: `chaos` where it says nothing. */
type Role = { name: string; kind: string; called?: string; make: (scene: Scene) => Caller };

/** In this order, and from the start again in other rooms. */
const ROLES: Role[] = [
  { name: "json", kind: "hub", make: (it) => new NativeCaller(it, "json") },
  { name: "context", kind: "chat", make: (it) => new ChatCaller(it) },
  { name: "events", kind: "hub", make: (it) => new EventsCaller(it) },
  { name: "stream", kind: "hub", make: (it) => new StreamCaller(it) },
  { name: "http", kind: "hub", make: (it) => new HttpCaller(it) },
  { name: "msgpack", kind: "chat", make: (it) => new NativeCaller(it, "msgpack") },
  { name: "raw", kind: "hub", make: (it) => new RawCaller(it) },
  { name: "client", kind: "hub", make: (it) => new ManagerCaller(it) },
  { name: "workflow", kind: "hub", make: (it) => new WorkflowCaller(it) },
  { name: "talk", kind: "conversation", make: (it) => new ConversationCaller(it) },
  { name: "eraser", kind: "hub", make: (it) => new Eraser(it) },
  { name: "editor-a", kind: "collaboration", make: (it) => new DocumentCaller(it) },
  { name: "editor-b", kind: "collaboration", make: (it) => new DocumentCaller(it) },
  { name: "metrics", kind: "analytics", make: (it) => new MetricCaller(it, "metrics") },
  { name: "watch", kind: "analytics", make: (it) => new WatchCaller(it) },
  { name: "large", kind: "hub", make: (it) => new LargeCaller(it) },
  { name: "wiped", kind: "hub", called: "erased", make: (it) => new TransientCaller(it) },
  { name: "wiped-json", kind: "hub", called: "erased", make: (it) => new NativeCaller(it, "json") },
  { name: "wiper", kind: "hub", called: "erased", make: (it) => new WipeCaller(it) },
  { name: "wiped-stream", kind: "hub", called: "erased", make: (it) => new StreamCaller(it) },
  { name: "eraser-b", kind: "chat", make: (it) => new Eraser(it) },
  { name: "stream-b", kind: "chat", make: (it) => new StreamCaller(it) },
  { name: "context-b", kind: "chat", make: (it) => new ChatCaller(it, "message") },
  { name: "http-b", kind: "chat", make: (it) => new HttpCaller(it) },
  { name: "msgpack-b", kind: "hub", make: (it) => new NativeCaller(it, "msgpack") },
  { name: "once", kind: "hub", make: (it) => new HttpCaller(it, false) },
  { name: "raw-b", kind: "chat", make: (it) => new RawCaller(it) },
  { name: "json-b", kind: "chat", make: (it) => new NativeCaller(it, "json") },
  { name: "talk-b", kind: "conversation", make: (it) => new ConversationCaller(it) },
  { name: "events-b", kind: "hub", make: (it) => new EventsCaller(it) },
  { name: "stream-c", kind: "hub", make: (it) => new StreamCaller(it) },
  { name: "large-b", kind: "hub", make: (it) => new LargeCaller(it) },
  { name: "metrics-b", kind: "analytics", make: (it) => new MetricCaller(it, "metrics-b") },
  { name: "watch-b", kind: "analytics", make: (it) => new WatchCaller(it) },
  { name: "metrics-stream", kind: "analytics", make: (it) => new StreamCaller(it) },
];

export const CLIENTS = ROLES.length;

/** Binding by kind of room. */
const BINDINGS: Record<string, string> = {
  hub: "HUBS",
  chat: "CHAT_ROOMS",
  analytics: "ANALYTICS",
  collaboration: "COLLABORATIONS",
};

export async function roster(
  count: number,
  runtime: Runtime,
  trace: Trace,
  random: (name: string) => () => number,
): Promise<Caller[]> {
  const callers: Caller[] = [];
  for (let at = 0; at < count; at += 1) {
    const role = ROLES[at % ROLES.length] as Role;
    const nth = Math.floor(at / ROLES.length) + 1;
    const name = `${role.name}-${nth}`;
    const cable = await Cable.lay(random(`cable ${name}`), () => runtime.port);
    const token = () => tokenOf(name);
    const room = `${role.kind}:${role.called ?? "chaos"}-${nth}`;
    callers.push(role.make({ name, room, token, cable, random: random(name), trace }));
  }
  return callers;
}

/** The rooms that can be evicted by name; conversations have names of the server's. */
export function roomsOf(callers: readonly Caller[]): { address: string; binding: string; name: string }[] {
  const addresses = [...new Set(callers.map((it) => it.history.room))];
  return addresses.flatMap((address) => {
    const [kind = "", name = ""] = address.split(":");
    const binding = BINDINGS[kind];
    return binding ? [{ address, binding, name }] : [];
  });
}
