// Sending something larger than a message, in chunks.
import { abortable, DormouseError } from "../core/errors.ts";
import type { Room } from "../core/room.ts";
import type { Frame } from "../core/types.ts";
import { sha256, toBase64 } from "./bytes.ts";

/** How much of an object was carried. */
export interface Progress {
  /** How many bytes are there. */
  done: number;
  /** How many bytes the object has. */
  total: number;
}

/** Options of `getObject`, and of `putObject` too. */
export interface LargeOptions {
  /** Called after each chunk. */
  onProgress?: (progress: Progress) => void;
  /** Ends the transfer; the promise rejects with its reason. */
  signal?: AbortSignal;
}

/** Options of `putObject`. */
export interface PutOptions extends LargeOptions {
  /**
   * How many bytes a chunk has. 65,536 by default, which is the most that a server takes unless it is set
   * up otherwise.
   */
  chunkBytes?: number;
}

type Result = { status: "received" | "incomplete"; size: number; missing?: number[] };

/** So many are on their way at once. */
const PARALLEL = 4;
/** A server takes 20 a second, and two seconds' worth at once. */
const [PACE_MS, BURST] = [52, 36];

/** Lets through so many at once, and then one at a time. */
function pacer(room: Room) {
  const clock = room.$clock;
  let free = clock.now() - BURST * PACE_MS;
  return (): Promise<void> => {
    const now = clock.now();
    free = Math.max(free + PACE_MS, now - BURST * PACE_MS);
    return new Promise((done) => {
      if (free <= now) done();
      else clock.setTimeout(done, free - now);
    });
  };
}

/**
 * Sends an object to a room of kind `hub`, whose members get it by this name. Resolves when the server has
 * all of it. After a lost connection it goes on by itself; after a reload the same call with the same
 * content sends the chunks that the server does not have. Four chunks are under way at once.
 * Rejects with the refusal of the server (`CONFLICT`: the name is that of another object), with
 * `UNAVAILABLE` where the page has no `crypto.subtle`, or with the reason of the signal.
 */
export async function putObject(
  room: Room,
  object: string,
  content: Blob | Uint8Array | ArrayBuffer,
  { chunkBytes = 65_536, onProgress, signal }: PutOptions = {},
): Promise<void> {
  const blob = content instanceof Blob ? content : new Blob([content as BlobPart]);
  const total = Math.max(Math.ceil(blob.size / chunkBytes), 1);
  const isPacked = room.link.codec.name === "msgpack";
  const failed = new AbortController();
  const stop = () => failed.abort(signal?.reason);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  const pace = pacer(room);
  let left = Array.from({ length: total }, (_, at) => at);
  const under = new Set<number>();
  let isReceived = false;

  async function send(index: number): Promise<void> {
    const part = blob.slice(index * chunkBytes, (index + 1) * chunkBytes);
    const bytes = new Uint8Array(await part.arrayBuffer());
    const params = {
      object,
      index,
      total,
      chunk: isPacked ? bytes : toBase64(bytes),
      sha256: await sha256(bytes),
    };
    await abortable(pace(), failed.signal);
    const answered = ({ result }: Frame) => {
      const { status, size, missing } = result as Result;
      under.delete(index);
      isReceived ||= status === "received";
      // Another connection has sent some of it before.
      if (missing) left = missing.filter((it) => !under.has(it));
      onProgress?.({ done: size, total: blob.size });
    };
    const asked = { type: "command", command: "object.put", params };
    await room.request(asked, { answered, signal: failed.signal });
  }

  async function sender(): Promise<void> {
    for (let next = left.shift(); next !== undefined && !isReceived; next = left.shift()) {
      failed.signal.throwIfAborted();
      under.add(next);
      await send(next);
      // What is there already need not be sent: the first answer says so.
      if (!workers.length) begin();
    }
  }

  const workers: Promise<void>[] = [];
  const begin = () => {
    while (workers.length < PARALLEL - 1) workers.push(sender());
  };
  try {
    await sender();
    await Promise.all(workers);
    // An index that was under way when the server said what is missing, and did not get there.
    if (!isReceived) throw new DormouseError("CONFLICT", "The object is not complete", { retryable: true });
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(workers);
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/**
 * Deletes an object: one of this user, or any for an administrator. Resolves when it is gone; rejects with
 * the refusal of the server, such as `NOT_FOUND`.
 */
export async function deleteObject(room: Room, object: string): Promise<void> {
  await room.command("object.delete", { object });
}
