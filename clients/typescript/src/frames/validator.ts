// What holds a client's frames against schemas: the option `validate` of a client. The client logs
// what is not as promised, once for each type, and goes on without it.
import { isObject, type Schema } from "./schema.ts";

/** Says what is wrong with a frame; nothing is if it says nothing. */
export type FrameValidator = (frame: unknown) => string | undefined;

/** A schema of this entry, or any other Standard Schema that does not have to wait. */
type Standard = Pick<Schema<unknown>, "~standard"> & { knows?: (type: string) => boolean };

/** @returns the option: `new Dormouse({ …, validate: frameValidator(native) })`. */
export function frameValidator(schema: Standard): FrameValidator {
  return (frame) => {
    const type = isObject(frame) && typeof frame.type === "string" ? frame.type : "";
    // Clients ignore messages of a type they do not know (N3): that is no fault.
    if (type && schema.knows && !schema.knows(type)) return undefined;
    const result = schema["~standard"].validate(frame);
    if (!("issues" in result)) return undefined;
    const [first] = result.issues;
    const at = first?.path.length ? `${first.path.join(".")} ` : "";
    return `${at}${first?.message}`;
  };
}
