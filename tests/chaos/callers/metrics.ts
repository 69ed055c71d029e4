// Analytics rooms: backends that publish metrics whose values rise, and dashboards that watch them.
import { AnalyticsWebSocketClient } from "../../../clients/typescript/src/faces/analytics.ts";
import type { Sample } from "../history.ts";
import { Caller, nameOf, type Scene, textOf } from "./caller.ts";
import { HttpCaller } from "./streams.ts";

/** How many metrics each publisher has. */
const EACH = 3;
/** The publishers of a room, by their roles. */
const PUBLISHERS = ["metrics", "metrics-b"] as const;

export type Publisher = (typeof PUBLISHERS)[number];

const metricsOf = (publisher: Publisher) => Array.from({ length: EACH }, (_, at) => `${publisher}.${at}`);

/** Whatever is published in such a room. */
export const METRICS: string[] = PUBLISHERS.flatMap(metricsOf);

/**
 * A backend. It publishes a value when the one before has its answer, so that a later value of a metric
 * is never ahead of an earlier one.
 */
export class MetricCaller extends HttpCaller {
  readonly #metrics: string[];
  #value = 0;
  #before: Promise<unknown> = Promise.resolve();

  constructor(scene: Scene, publisher: Publisher) {
    super(scene, true, "analytics-http");
    this.#metrics = metricsOf(publisher);
  }

  override say(): void {
    const metric = this.#metrics[Math.floor(this.scene.random() * EACH)] as string;
    this.#value += 1;
    const data = { metric, value: this.#value };
    const text = textOf("metric_update", data);
    const published = this.#before.then(() => this.publish(text, "metric_update", data));
    this.#before = published.catch(() => {});
    void this.tried(
      text,
      published.then(({ offset }) => offset),
    );
  }
}

/** A dashboard, `/api/analytics/ws`. */
export class WatchCaller extends Caller {
  /** What it was told of metrics, in its order. */
  readonly samples: Sample[] = [];
  readonly #client: AnalyticsWebSocketClient;

  constructor(scene: Scene) {
    super(scene, "analytics-watch", "live");
    this.#client = new AnalyticsWebSocketClient({
      ...this.around,
      url: `${this.ws}/api/analytics/ws`,
      token: scene.token,
      contextId: nameOf(scene.room),
      messagesPerMinute: Number.MAX_SAFE_INTEGER,
    });
    this.#client.on("subscribe", ({ metrics }) => {
      for (const { metric, value } of metrics) this.#told(metric, value, false);
    });
    this.#client.on("metric_update", ({ metric, value }) => {
      this.saw(textOf("metric_update", { metric, value }));
      this.#told(metric, value, true);
    });
  }

  get isOpen(): boolean {
    return this.#client.link.isOpen;
  }

  connect(): void {
    void this.#client.connect().catch(() => {});
    // From then on it subscribes by itself on every connection.
    this.#client.send({ type: "subscribe", data: { metrics: METRICS } });
  }

  leave(): void {
    this.#client.disconnect();
  }

  #told(metric: string, value: number | null, isUpdate: boolean): void {
    this.samples.push({ metric, value, isUpdate });
    this.scene.trace.note(this.scene.room, { by: this.name, what: "told", metric, value, isUpdate });
  }
}
