// The class around each Rust class. A Rust class does not extend DurableObject, without
// which there is no RPC; frames are measured here, before they are copied into wasm memory,
// which never shrinks; and what the Worker's pipes say is told from what clients say.
import { DurableObject } from "cloudflare:workers";

/**
 * The most a frame can be, whatever MAX_MESSAGE_BYTES says; Rust knows the exact limit.
 * A UTF-16 length never exceeds the UTF-8 one, so this refuses nothing that fits.
 */
const MESSAGE_BYTES_MAX = 1 << 20;

/** Of sockets that come through a pipe of the Worker's (src/edge/pipe.js). */
const PIPED = "piped";
const NUL = "\0";

/** The class around a Rust class; where that is of rooms, of one kind of them. */
export const guarded = (Rust, kind) =>
  class extends DurableObject {
    #rust;

    constructor(state, env) {
      super(state, env);
      this.#rust = new Rust(state, env, kind);
    }

    /** Rooms take a frame at once; the echo as workers-rs does it. */
    #receive(socket, message) {
      const rust = this.#rust;
      return rust.receive ? rust.receive(socket, message) : rust.webSocketMessage(socket, message);
    }

    fetch(request) {
      return this.#rust.fetch(request);
    }

    alarm() {
      return this.#rust.alarm();
    }

    webSocketMessage(socket, message) {
      const isText = typeof message === "string";
      if (isText && message.startsWith(NUL) && this.ctx.getTags(socket).includes(PIPED)) {
        if (!message.startsWith(NUL, 1)) return this.#rust.reported(socket, message);
        // A client's, to which the pipe has added one.
        return this.#frame(socket, message.slice(1));
      }
      return this.#frame(socket, message);
    }

    #frame(socket, message) {
      const length = message.length ?? message.byteLength;
      return MESSAGE_BYTES_MAX < length ? this.#rust.oversized(socket) : this.#receive(socket, message);
    }

    webSocketClose(socket, code, reason, wasClean) {
      return this.#rust.webSocketClose(socket, code, reason, wasClean);
    }

    webSocketError(socket, error) {
      return this.#rust.webSocketError(socket, error);
    }
  };
