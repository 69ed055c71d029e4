// A number that a backend measures, or that the room does.
import type { EventMap, Room } from "../core/room.ts";
import type { RoomEvent } from "../core/session.ts";
import { Store } from "../core/store.ts";
import type { Frame, SendOptions } from "../core/types.ts";
import { useStore } from "./store.ts";

export interface Metric {
  metric: string;
  /** `null` while nothing is known. */
  value: number | null;
  /** When it was measured, in milliseconds since 1970. */
  at?: number;
}

/** Watches while somebody looks: the server tells of a metric only to who asked for it. */
class MetricStore extends Store<Metric> {
  readonly initial = this.getSnapshot();
  readonly #room: Room;
  readonly #metric: string;
  #stops: (() => void)[] = [];
  #watchers = 0;

  constructor(room: Room, metric: string) {
    super({ metric, value: null });
    [this.#room, this.#metric] = [room, metric];
  }

  readonly watch = (listener: () => void): (() => void) => {
    const stop = this.subscribe(listener);
    this.#watchers += 1;
    if (this.#watchers === 1) this.#begin();
    return () => {
      stop();
      this.#watchers -= 1;
      if (this.#watchers) return;
      for (const it of this.#stops.splice(0)) it();
      this.#ask("unwatch");
    };
  };

  #begin(): void {
    const show = ({ metric, value, at }: Metric) => {
      if (metric === this.#metric) this.show({ metric, value, at });
    };
    const answered = ({ result }: Frame) => (result as { metrics: Metric[] }).metrics.forEach(show);
    const ask = () => this.#ask("watch", { answered });
    const heard = ({ data, at }: RoomEvent) => show({ ...(data as Metric), at });
    this.#stops = [this.#room.on("metric_update", heard), this.#room.watch("attached", ask)];
    if (this.#room.link.isOpen) ask();
  }

  #ask(verb: string, options?: SendOptions): void {
    const params = { metrics: [this.#metric] };
    this.#room.command(`metrics.${verb}`, params, { queue: false, ...options }).catch(() => {});
  }
}

const stores = new WeakMap<Room, Map<string, MetricStore>>();

/** The last value of a metric, in rooms of kind `analytics`. */
export function useMetric(room: Room<EventMap>, metric: string): Metric {
  const known = stores.get(room) ?? new Map<string, MetricStore>();
  stores.set(room, known);
  const store = known.get(metric) ?? new MetricStore(room, metric);
  known.set(metric, store);
  return useStore({ subscribe: store.watch, getSnapshot: store.getSnapshot }, store.initial);
}
