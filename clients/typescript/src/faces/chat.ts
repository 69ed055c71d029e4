// The entry "./chat": the documented client of `/api/chat/ws`.
import { ContextClient } from "./context/client.ts";

export type { ContextOptions, Heard, WebSocketMessage } from "./context/client.ts";

/** The client of a chat, `/api/chat/ws`: it sends messages, and what is about them. */
export class ChatWebSocketClient extends ContextClient<
  | ("message" | "typing" | "history" | "search" | "presence" | "ping")
  | ("read" | "reads" | "reaction" | "edit_message" | "delete_message")
> {}
