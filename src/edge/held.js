// A socket that the Worker holds because it does not know yet where it belongs.
import { Pipe } from "./pipe.js";

/** Closes with whatever the platform accepts of a peer's code. */
function mirrorClose(socket, code, reason) {
  try {
    if (code === 1005) socket.close();
    // The other side vanished: 1012, come back.
    else if (code === 1006) socket.close(1012, "the room restarted");
    else socket.close(code, reason);
  } catch {
    try {
      socket.close(1002);
    } catch {}
  }
}

/** Closes a room's socket for a client that is gone. */
export function letGo(upstream, code = 1001, reason = "") {
  if (!upstream) return;
  upstream.accept();
  mirrorClose(upstream, code === 1006 ? 1001 : code, reason);
}

/** Longest first message: a token has at most 8 KiB. */
const FIRST_MESSAGE_CHARS_MAX = 16 * 1024;

/** All that are waiting for their room. One that the platform lost is dropped by its age. */
const pending = new Set();
const PENDING_MS_MAX = 60_000;

/** How much they keep together. */
function kept() {
  const oldest = Date.now() - PENDING_MS_MAX;
  let length = 0;
  for (const it of pending) {
    if (it.since < oldest) pending.delete(it);
    else length += it.kept;
  }
  return length;
}

/**
 * Listens from the start, so that what arrives while the room is being asked is not lost, be it a
 * message or the end; and bounds what it keeps.
 */
export class Held {
  #socket;
  #upstream;
  #pipe;
  #waiting = [];
  #arrived;
  #hasSpoken = false;
  #lengthMax;
  #lengthOfAllMax;
  /** Code and reason of its end. */
  #end;

  since = Date.now();
  /** How much it has sent that waits for its room. */
  kept = 0;

  /** At most so much is kept of what it sends, and so much of what all of them do. */
  constructor(socket, lengthMax, lengthOfAllMax) {
    this.#socket = socket;
    this.#lengthMax = lengthMax;
    this.#lengthOfAllMax = lengthOfAllMax;
    pending.add(this);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("close", ({ code, reason }) => this.#ended(code, reason));
    socket.addEventListener("error", () => this.#ended(1006, ""));
  }

  get isOver() {
    return this.#end !== undefined;
  }

  /** The first message; "" if it is not short, `undefined` if none comes. */
  async first(timeoutMs) {
    if (!this.#waiting.length && !this.isOver) {
      let timer;
      await new Promise((resolve) => {
        this.#arrived = resolve;
        timer = setTimeout(resolve, timeoutMs);
      });
      clearTimeout(timer);
    }
    return this.#waiting.shift();
  }

  /** From now on both sides hear each other. If this one has ended meanwhile, so does the other. */
  pipe(upstream) {
    if (this.isOver) return letGo(upstream, ...this.#end);
    pending.delete(this);
    upstream.binaryType = "arraybuffer";
    upstream.addEventListener("message", ({ data }) => {
      try {
        if (!this.#pipe.toClient(data)) this.#close(1013, "too much waits to be read");
      } catch {}
    });
    upstream.addEventListener("close", ({ code, reason }) => this.#left(code, reason));
    upstream.addEventListener("error", () => this.#left(1006, ""));
    upstream.accept();
    this.#upstream = upstream;
    this.#pipe = new Pipe(this.#socket, upstream);
    for (const message of this.#waiting.splice(0)) this.#pipe.toRoom(message);
  }

  /** It was refused: nothing of what it still sends is kept. */
  forget() {
    this.#ended(1008, "");
  }

  #receive(message) {
    if (this.isOver) return;
    if (this.#pipe) {
      try {
        this.#pipe.toRoom(message);
      } catch {}
      return;
    }
    const length = message.length ?? message.byteLength;
    if (this.#lengthMax < this.kept + length) return this.#close(1009, "too much before authentication");
    if (!this.#hasSpoken) {
      this.#hasSpoken = true;
      const isFirst = length <= FIRST_MESSAGE_CHARS_MAX;
      this.#waiting.push(isFirst ? message : "");
      this.kept = isFirst ? length : 0;
      return this.#arrived?.();
    }
    if (this.#lengthOfAllMax < kept() + length) return this.#close(1013, "too much waits here; try later");
    this.kept += length;
    this.#waiting.push(message);
  }

  /** The room has closed its end. */
  #left(code, reason) {
    this.#pipe.stop();
    mirrorClose(this.#socket, code, reason);
  }

  #close(code, reason) {
    this.#socket.close(code, reason);
    this.#ended(code, reason);
  }

  #ended(code, reason) {
    if (this.isOver) return;
    this.#end = [code, reason];
    pending.delete(this);
    this.#waiting.length = 0;
    this.#arrived?.();
    mirrorClose(this.#socket, code, reason);
    this.#pipe?.stop();
    if (this.#upstream) mirrorClose(this.#upstream, code === 1006 ? 1001 : code, reason);
  }
}
