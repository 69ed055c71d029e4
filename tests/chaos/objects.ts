// Fetches large data when everything is over.
import { ArchMeshWebSocketClient } from "../../clients/typescript/src/faces/archmesh.ts";
import { nameOf } from "./callers/caller.ts";
import { sha256 } from "./callers/large.ts";

/** For one object, of some chunks. */
const FETCH_MS = 30_000;

type Chunk = { data_id: string; total_chunks: number; chunk_data: string };

/** The SHA-256 of each object as the room serves it, or the code of its refusal. */
export async function fetchObjects(
  url: string,
  token: string,
  room: string,
  ids: string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const options = { url, contextId: nameOf(room), page: null, log: () => {} };
  const client = new ArchMeshWebSocketClient(token, options);
  let hear: (frame: { type: string; data?: unknown }) => void = () => {};
  client.link.on("frame", (frame) => hear(frame));
  try {
    await client.connect();
    for (const id of ids) {
      const fetched = new Promise<string>((resolve) => {
        const late = setTimeout(() => resolve("no answer"), FETCH_MS);
        const done = (what: string) => {
          clearTimeout(late);
          resolve(what);
        };
        const pieces: Buffer[] = [];
        hear = ({ type, data }) => {
          if (type === "error") done((data as { error_code: string }).error_code);
          const chunk = data as Chunk;
          if (type !== "large_data" || chunk.data_id !== id) return;
          pieces.push(Buffer.from(chunk.chunk_data, "base64"));
          if (pieces.length === chunk.total_chunks) done(sha256(Buffer.concat(pieces)));
        };
      });
      client.sendMessage("large_data_request", { data_id: id });
      found.set(id, await fetched);
    }
  } finally {
    client.disconnect();
  }
  return found;
}
