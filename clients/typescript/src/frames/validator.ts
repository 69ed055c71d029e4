// What holds a client's frames against schemas: what is not as promised is logged once for each type,
// and is never fatal.
import { isObject, type Schema } from "./schema.ts";

/** Whether a frame is as the protocol says. */
export type FrameValidator = (frame: unknown) => boolean;

export interface ValidatorOptions {
  /** Where faults are told, once for each type; `console.warn` unless it is given. */
  log?: (text: string, issues: ReadonlyArray<{ message: string }>) => void;
}

/** A schema of this entry, or any other Standard Schema that does not have to wait. */
type Standard = Pick<Schema<unknown>, "~standard">;

/** A type is what a frame of another server says: as many of them as are remembered. */
const TYPES_MAX = 100;

/** @returns what a client asks of every frame: `new Dormouse({ …, validate: frameValidator(native) })`. */
export function frameValidator(schema: Standard, { log }: ValidatorOptions = {}): FrameValidator {
  const told = new Set<string>();
  const isKnown = (schema as { knows?: (type: string) => boolean }).knows;
  return (frame) => {
    const type = isObject(frame) && typeof frame.type === "string" ? frame.type : "";
    // Clients ignore messages of a type they do not know (N3): that is no fault.
    if (type && isKnown && !isKnown(type)) return true;
    const result = schema["~standard"].validate(frame);
    if (!("issues" in result)) return true;
    const name = isObject(frame) && typeof frame.event === "string" ? `${type} ${frame.event}` : type;
    if (!told.has(name) && told.size < TYPES_MAX) {
      told.add(name);
      const first = result.issues[0];
      const at = first?.path.length ? `${first.path.join(".")} ` : "";
      const text = `a frame ${name ? `of type ${name} ` : ""}is not as promised: ${at}${first?.message}`;
      if (log) log(text, result.issues);
      else console.warn(`[dormouse] ${text}`);
    }
    return false;
  };
}
