// The entry "./analytics": the documented client of `/api/analytics/ws`.
import type { Frame } from "../index.ts";
import { ContextClient } from "./context/client.ts";

export type { ContextOptions, Heard, WebSocketMessage } from "./context/client.ts";

/**
 * The client of analytics, `/api/analytics/ws`. It subscribes on every new connection to the metrics that
 * it was subscribed to.
 */
export class AnalyticsWebSocketClient extends ContextClient<
  "subscribe" | "unsubscribe" | "history" | "presence" | "ping"
> {
  readonly #metrics = new Set<string>();

  protected override sent({ type, data }: Frame): void {
    for (const it of Object(data).metrics ?? []) {
      if (type === "subscribe") this.#metrics.add(it);
      if (type === "unsubscribe") this.#metrics.delete(it);
    }
  }

  protected override restore(): void {
    if (this.#metrics.size) this.say({ type: "subscribe", data: { metrics: [...this.#metrics] } });
  }
}
