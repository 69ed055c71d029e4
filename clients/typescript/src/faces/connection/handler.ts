// What the conversation protocol says: its greeting, its messages, and who answers which.
import type { ServerConnectConfirm, ServerError } from "../../frames/generated/conversation/server.ts";
import { type Dialect, DormouseError, type Frame } from "../../index.ts";
import { address, dialect, errorOf, type Problem } from "../common/dialect.ts";
import type { OutgoingMessage } from "./types.ts";

const VERSION = "1.0";
/** Answered without an id, in order. */
const HISTORY = "history";

const problem = (frame: Frame): Problem => {
  const { code, error: message, retry_after: retryAfter } = frame as unknown as ServerError;
  return { code, message, retryAfter };
};

/**
 * The words of the conversation protocol: its greeting, its messages, and which response answers which
 * message.
 */
export class MessageHandler {
  /** What the client calls itself. */
  readonly clientId: string;
  /** The protocol as a `Link` takes it. */
  readonly dialect: Dialect;
  readonly #now: () => number;
  /** Which conversation this is, and what leads back to it. */
  #confirmed: ServerConnectConfirm | undefined;

  constructor(url: string | URL | undefined, clientId: string, now: () => number) {
    this.clientId = clientId;
    this.#now = now;
    this.dialect = dialect({
      hello: "connect_confirm",
      url: ({ token }) => {
        const { conversationId, resumeToken } = this.#confirmed ?? {};
        return address("/ws/conversation", url, { token, conversationId, resumeToken });
      },
      opening: () => [this.stamped({ type: "connect", clientId, version: VERSION })],
      problem,
      idOf: ({ type, messageId }) => (type === HISTORY ? type : (messageId as string | undefined)),
      answer: (frame) => {
        const id = frame.messageId as string;
        if (frame.type === HISTORY) return { id: HISTORY, value: frame };
        if (frame.type === "response") return { id, value: frame };
        return frame.type === "error" && id ? { id, error: errorOf(problem(frame)) } : undefined;
      },
      // What leads back is another user's, or the conversation was erased: a new one begins.
      refused: ({ code, message: reason }) => {
        if (code !== "PERMISSION_DENIED" || !this.#confirmed) return undefined;
        this.#confirmed = undefined;
        return { action: "retry", kind: "handshake", code, reason, afterMs: 0 };
      },
      renewal: (token) => this.stamped({ type: "auth", token }),
    });
  }

  /**
   * Takes the `connect_confirm` of the server, whose conversation and resume token the next connection asks
   * for. Returns it.
   */
  confirm(hello: Frame | null): ServerConnectConfirm {
    this.#confirmed = hello as unknown as ServerConnectConfirm;
    return this.#confirmed;
  }

  /**
   * A message as it is sent. @throws {DormouseError} `INVALID_MESSAGE_FORMAT` if its content is not a
   * string.
   */
  outgoing(message: OutgoingMessage, messageId: string): Frame {
    if (typeof message.content !== "string") {
      throw new DormouseError("INVALID_MESSAGE_FORMAT", "content must be a string");
    }
    return this.stamped({ messageId, ...message, clientId: this.clientId });
  }

  /** The frame with the time now as its `timestamp`, unless it has one. */
  stamped(frame: Frame): Frame {
    return { timestamp: new Date(this.#now()).toISOString(), ...frame };
  }
}
