// The entry "./document": texts that are edited together.
import type { Room } from "../core/room.ts";
import type { DocumentOptions } from "../core/room-types.ts";
import { SharedText } from "./text.ts";

export {
  type Change,
  difference,
  make,
  type Operation,
  type Splice,
  splice,
  splices,
  transform,
} from "./change.ts";
export { Replica } from "./replica.ts";
export {
  type Cursor,
  type Participant,
  SharedText,
  type TextAdapter,
  type TextEvents,
  type TextState,
} from "./text.ts";
export { bindTextarea, type TextField } from "./textarea.ts";

/**
 * Joins a document of a room of kind `collaboration`; `room.document(name)` does the same. Resolves when
 * the text is here. Rejects with a `DormouseError` that has the code of the server: `PERMISSION_DENIED`,
 * for one.
 */
export async function joinDocument(room: Room, name: string, options?: DocumentOptions): Promise<SharedText> {
  const document = new SharedText(room, name, options);
  try {
    return await document.joined();
  } catch (error) {
    document.leave();
    throw error;
  }
}
