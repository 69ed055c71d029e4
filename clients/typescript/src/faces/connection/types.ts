// The words of the conversation client.
import type { ServerHistory, ServerResponse } from "../../frames/generated/conversation/server.ts";
import type { TokenSource } from "../../index.ts";
import type { FaceOptions } from "../common/dialect.ts";

export interface ConversationOptions extends FaceOptions {
  /** The server, without a path; by default the page's own. */
  url?: string | URL;
  /** Of any user: the conversation is theirs. */
  token?: TokenSource;
  /** What the client calls itself, 1 to 128 bytes; proves nothing. */
  clientId?: string;
  /** How long a message waits for its response, without a connection too. 300,000 by default. */
  messageTimeoutMs?: number;
}

/** What `handleStateChange` is called with. */
export interface ConnectionState {
  /** `connecting` until the server has confirmed the connection. */
  status: "disconnected" | "connecting" | "connected";
  clientId: string | null;
  /** The same after a reconnect: the conversation goes on. */
  conversationId: string | null;
  /** What went wrong last, for people; `null` once a connection is confirmed. */
  error: string | null;
}

/** `PENDING`: the socket is open, and the server has not confirmed it yet. */
export type ConnectionPhase = "DISCONNECTED" | "CONNECTING" | "PENDING" | "CONFIRMED";

/** What `send` takes; the client's and the message's id are added. */
export interface OutgoingMessage {
  type: "message";
  content: string;
  timestamp?: string;
  /** Its own name, 1 to 128 bytes. Said again under the same, it is not asked again. */
  messageId?: string;
}

export type IncomingResponse = ServerResponse;
export type ConversationHistory = ServerHistory;
