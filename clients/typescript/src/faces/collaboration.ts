// The entry "./collaboration": the documented client of `/api/collaboration/ws`. It says and hears; the
// text itself is kept by the entry "./document".
import type { Frame } from "../index.ts";
import { ContextClient } from "./context/client.ts";

export type { ContextOptions, Heard, WebSocketMessage } from "./context/client.ts";

/**
 * The client of collaboration, `/api/collaboration/ws`. It joins on every new connection the session that
 * it was in. It keeps no text: the entry `./document` does.
 */
export class CollaborationWebSocketClient extends ContextClient<
  | ("join_session" | "leave_session" | "edit" | "command" | "cursor")
  | ("delete_document" | "history" | "presence" | "ping")
> {
  #session: unknown;

  protected override sent({ type, data }: Frame): void {
    if (type === "join_session") this.#session = data;
    if (type === "leave_session" || type === "delete_document") this.#session = undefined;
  }

  protected override restore(): void {
    if (this.#session) this.say({ type: "join_session", data: this.#session });
  }
}
