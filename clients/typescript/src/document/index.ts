// A text that is edited together.
import type { Room } from "../core/room.ts";
import type { DocumentOptions } from "../core/room-types.ts";

export async function joinDocument(room: Room, name: string, options: DocumentOptions = {}) {
  return room.command("document.join", { document: name, ...options });
}
