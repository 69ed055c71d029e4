// A number that a backend measures, or that the room does.
import type { EventMap, Room } from "../core/room.ts";
import type { RoomEvent } from "../core/session.ts";
import type { Frame, SendOptions } from "../core/types.ts";
import { cached } from "../messages/cache.ts";
import { useWatched, Watched } from "./watched.ts";

/** The last value of a metric. `useMetric` gives one. */
export interface Metric {
  /** The name of the metric. */
  metric: string;
  /** Its value; `null` while none is known. */
  value: number | null;
  /** When it was measured, in milliseconds since 1970. */
  at?: number;
}

/** The server tells of a metric only to who asked for it. */
class MetricStore extends Watched<Metric> {
  readonly #room: Room;
  readonly #metric: string;
  #stops: (() => void)[] = [];

  constructor(room: Room, metric: string) {
    super({ metric, value: null });
    [this.#room, this.#metric] = [room, metric];
  }

  protected enter(): void {
    const show = ({ metric, value, at }: Metric) => {
      if (metric === this.#metric) this.show({ metric, value, at });
    };
    const answered = ({ result }: Frame) => (result as { metrics: Metric[] }).metrics.forEach(show);
    const ask = () => this.#ask("watch", { answered });
    const heard = ({ data, at }: RoomEvent) => show({ ...(data as Metric), at });
    this.#stops = [this.#room.on("metric_update", heard), this.#room.watch("attached", ask)];
    if (this.#room.link.isOpen) ask();
  }

  protected leave(): void {
    for (const it of this.#stops.splice(0)) it();
    this.#ask("unwatch");
  }

  #ask(verb: string, options?: SendOptions): void {
    const params = { metrics: [this.#metric] };
    this.#room.command(`metrics.${verb}`, params, { queue: false, ...options }).catch(() => {});
  }
}

const stores = new WeakMap<Room, Map<string, MetricStore>>();

/**
 * The last value of a metric, in rooms of kind `analytics`. The metric is watched while a component shows
 * it: at most 100 in a room.
 */
export function useMetric(room: Room<EventMap>, metric: string): Metric {
  return useWatched(cached(stores, room as Room, metric, () => new MetricStore(room as Room, metric)));
}
