// The schemas of all frames of one protocol: which of them a frame is held against.
import { type Check, type Issue, isObject, type Schema, schema } from "./schema.ts";

/** A schema of every frame that the server sends in one protocol. */
export interface FrameSchema<Frames> extends Schema<Frames[keyof Frames]> {
  readonly protocol: string;
  /** The schema of one kind of frame, by its name in docs/asyncapi.json: `of("hello")`. */
  of<Name extends keyof Frames>(name: Name): Schema<Frames[Name]>;
  /** Whether the protocol has frames of this `type`: those that it has not are no fault (N3). */
  knows(type: string): boolean;
}

/**
 * A frame is held against that of its `type` which it resembles most: several answers share the type
 * `ack`, and events have a schema of their own or the one of all.
 */
export function frames<Frames>(protocol: string, build: () => Record<string, Check>): FrameSchema<Frames> {
  let built: Record<string, Check> | undefined;
  const checks = () => {
    built ??= build();
    return built;
  };
  const typed = (type: unknown) =>
    Object.values(checks()).filter((it) => it.required?.type?.words?.includes(type as string));
  /** Frames whose `type` is a name that an application made up. */
  const open = () => Object.values(checks()).filter((it) => it.required?.type && !it.required.type.words);

  const all: Check = (value, path, issues) => {
    if (!isObject(value)) return wrong("must be an object", path, issues);
    if (typeof value.type !== "string") return wrong("must be a string", [...path, "type"], issues);
    const own = typed(value.type);
    let [best, most]: [Check | undefined, number] = [undefined, Number.NEGATIVE_INFINITY];
    for (const it of own.length ? own : open()) {
      const its = likeness(it, value);
      if (most < its) [best, most] = [it, its];
    }
    if (best) best(value, path, issues);
    else wrong("is no type of this protocol", [...path, "type"], issues);
  };
  return {
    ...schema<Frames[keyof Frames]>(all),
    protocol,
    of: (name) => schema(checks()[name as string] as Check),
    knows: (type) => typed(type).length !== 0,
  };
}

function wrong(message: string, path: Array<string | number>, issues: Issue[]): void {
  issues.push({ message, path });
}

/**
 * Words that are as they must be count most; then whether all is there, and how much that is, in
 * objects within it too.
 */
function likeness(it: Check, value: Record<string, unknown>): number {
  let sum = 0;
  for (const [key, inner] of Object.entries(it.required ?? {})) {
    const own = value[key];
    if (own === undefined) sum -= 1_000;
    else if (inner.words) sum += inner.words.includes(own as string) ? 1_000_000 : Number.NEGATIVE_INFINITY;
    else sum += inner.required && isObject(own) ? likeness(inner, own) : 1;
  }
  return sum;
}
