// A room's frames as the body of a response. What the room says is the text of the stream; the Worker
// adds signs of life, an end in time, and a last word where the room is gone without one.
import { Pipe } from "./pipe.js";

const encoder = new TextEncoder();

/** The client's end of the pipe: what was written, and was not taken by whoever sends it, waits. */
class Body {
  #writer;
  #gone;
  bufferedAmount = 0;

  constructor(writable, gone) {
    this.#writer = writable.getWriter();
    this.#gone = gone;
    this.#writer.closed.catch(gone);
  }

  send(text) {
    const bytes = encoder.encode(text);
    this.bufferedAmount += bytes.length;
    this.#writer.write(bytes).then(() => {
      this.bufferedAmount -= bytes.length;
    }, this.#gone);
  }

  /** What waits is still sent. */
  close() {
    this.#writer.close().catch(() => {});
  }
}

/**
 * `texts`: what comes first, what comes every `beatMs`, how the room's last word begins, what stands
 * for it where there is none, and the ping that the platform answers for the room, with its answer.
 * A time of 0 is never.
 */
export function stream(room, { signal }, texts, beatMs, lifeMs) {
  const [opening, beat, closing, lost, ping, pong] = texts;
  const { readable, writable } = new IdentityTransformStream();
  let isOver = false;
  let isClosing = false;
  let beats;
  let life;
  const end = () => {
    if (isOver) return;
    isOver = true;
    clearInterval(beats);
    clearTimeout(life);
    pipe.stop();
    try {
      room.close(1001);
    } catch {}
    body.close();
  };
  const left = () => {
    if (!isOver && !isClosing) body.send(lost);
    end();
  };
  const body = new Body(writable, end);
  const pipe = new Pipe(body, room);
  room.addEventListener("message", ({ data }) => {
    if (isOver || data === pong) return;
    // Data has no line of its own, so that nobody speaks for the room.
    isClosing ||= data.startsWith(closing) || data.includes(`\n${closing}`);
    if (!pipe.toClient(data)) left();
  });
  room.addEventListener("close", left);
  room.addEventListener("error", left);
  signal.addEventListener("abort", end);
  body.send(opening);
  room.accept();
  if (beatMs) {
    beats = setInterval(() => {
      // Whoever has something to read knows that there is somebody.
      if (body.bufferedAmount === 0) body.send(beat);
      // The room hears of it when it asks, and is not woken.
      room.send(ping);
    }, beatMs);
  }
  if (lifeMs) life = setTimeout(end, lifeMs);
  if (signal.aborted) end();
  return new Response(readable, { headers: { "Content-Type": "text/event-stream" } });
}
