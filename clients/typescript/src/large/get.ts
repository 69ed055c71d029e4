// Fetching something larger than a message.
import { DormouseError } from "../core/errors.ts";
import type { Room } from "../core/room.ts";
import type { Frame } from "../core/types.ts";
import { fromBase64, sha256 } from "./bytes.ts";
import type { LargeOptions } from "./put.ts";

type Chunk = { object: string; index: number; total: number; chunk: string | Uint8Array; sha256: string };

/** A connection fetches one object at a time: who comes later waits. */
const turns = new WeakMap<Room["link"], Promise<unknown>>();

/**
 * Fetches an object of a room of kind `hub`. Each chunk is compared with its SHA-256. After a lost
 * connection it goes on where it was. One connection fetches one object at a time, and further calls wait.
 * Rejects with `NOT_FOUND`, `CONFLICT` (the server does not have all of it yet), `CHECKSUM` (a chunk is not
 * what its digest says), `UNAVAILABLE` (no `crypto.subtle`), or the reason of the signal.
 */
export async function getObject(room: Room, object: string, options: LargeOptions = {}): Promise<Blob> {
  const { link } = room;
  const before = turns.get(link);
  const turn = (async () => {
    await before;
    return fetchObject(room, object, options);
  })();
  turns.set(
    link,
    turn.catch(() => {}),
  );
  return turn;
}

function fetchObject(room: Room, object: string, { onProgress, signal }: LargeOptions): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const stops: (() => void)[] = [];
  let [size, total, done] = [0, 0, 0];
  /** Chunks are held against their digests one after the other. */
  let checked: Promise<unknown> = Promise.resolve();
  const fetched = new Promise<Blob>((resolve, reject) => {
    const abort = () => reject(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    stops.push(() => signal?.removeEventListener("abort", abort));

    async function take(it: Chunk): Promise<void> {
      // One that was on its way on a connection that ended comes again on the next.
      if (it.index !== parts.length) return;
      const bytes = typeof it.chunk === "string" ? fromBase64(it.chunk) : Uint8Array.from(it.chunk);
      if ((await sha256(bytes)) !== it.sha256) throw new DormouseError("CHECKSUM", `Chunk ${it.index}`);
      parts.push(bytes);
      done += bytes.length;
      onProgress?.({ done, total: size });
      if (parts.length === it.total) resolve(new Blob(parts));
    }

    function ask(): void {
      const answered = ({ result }: Frame) => {
        ({ size, total } = result as { size: number; total: number });
        if (!total) resolve(new Blob());
      };
      const asked = { type: "command", command: "object.get" };
      // What came on the connection before is looked at first, to go on behind it.
      checked = checked
        .then(() =>
          room.request({ ...asked, params: { object, from: parts.length } }, { queue: false, answered }),
        )
        .catch((error: DormouseError) => {
          // The next connection asks again.
          if (!error.retryable) reject(error);
        });
    }

    stops.push(
      room.on("object.chunk", ({ data }) => {
        const it = data as Chunk;
        if (it.object === object) checked = checked.then(() => take(it)).catch(reject);
      }),
      room.watch("attached", ask),
    );
    if (room.link.isOpen) ask();
  });
  return fetched.finally(() => {
    for (const stop of stops) stop();
  });
}
