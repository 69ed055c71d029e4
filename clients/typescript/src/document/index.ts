// A text that is edited together.
import type { DocumentOptions, Room } from "../core/room.ts";

export async function joinDocument(room: Room, name: string, options: DocumentOptions = {}) {
  return room.command("document.join", { document: name, ...options });
}
