// The words of the conversation client.
import type { ServerHistory, ServerResponse } from "../../frames/generated/conversation/server.ts";
import type { TokenSource } from "../../index.ts";
import type { FaceOptions } from "../common/dialect.ts";

/** Options of `WebSocketConnection`. */
export interface ConversationOptions extends FaceOptions {
  /** The server, without a path: `https://example.com`. By default that of the page. */
  url?: string | URL;
  /**
   * A token of any user, or a function that fetches one at each attempt and when it expires. The
   * conversation is that user's.
   */
  token?: TokenSource;
  /** What the client calls itself, 1 to 128 bytes. A new UUID by default. It proves nothing. */
  clientId?: string;
  /**
   * How long a message waits for its response in milliseconds, also without a connection. 300,000 by
   * default.
   */
  messageTimeoutMs?: number;
}

/** The state of a conversation. `handleStateChange` is called with it. */
export interface ConnectionState {
  /** `connecting` lasts until the server has confirmed the connection. */
  status: "disconnected" | "connecting" | "connected";
  /** What the client calls itself. */
  clientId: string | null;
  /** The conversation; it is the same after a reconnect. `null` until the server has said it. */
  conversationId: string | null;
  /** What went wrong last, for people; `null` once a connection is confirmed. */
  error: string | null;
}

/** How far a connection is. `PENDING`: the socket is open, and the server has not confirmed it yet. */
export type ConnectionPhase = "DISCONNECTED" | "CONNECTING" | "PENDING" | "CONFIRMED";

/** What `send` and `ask` take. The ids of the client and of the message are added. */
export interface OutgoingMessage {
  type: "message";
  /** The text of the message. */
  content: string;
  /** RFC 3339. The time now by default. */
  timestamp?: string;
  /**
   * The id of the message, 1 to 128 bytes. A new one by default. Sent again under the same id, it has the
   * response that it had before.
   */
  messageId?: string;
}

/** The response to a message, as `onMessage` and `ask` give it. */
export type IncomingResponse = ServerResponse;
/** A page of a conversation, as `history` gives it. */
export type ConversationHistory = ServerHistory;
