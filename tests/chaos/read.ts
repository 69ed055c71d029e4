// What a room has when everything is over, read by two doors.
import { AnalyticsWebSocketClient } from "../../clients/typescript/src/faces/analytics.ts";
import { Dormouse } from "../../clients/typescript/src/index.ts";
import { nameOf, textOf } from "./callers/caller.ts";
import type { Entry, Sample } from "./history.ts";
import { fetchObjects } from "./objects.ts";
import { tokenOf } from "./roster.ts";

const PAGE = 200;

type Raw = { id?: string; type?: string; event?: string; offset: number; of?: number; data?: unknown };

export class Reader {
  readonly #origin: string;
  readonly #token: string;
  readonly #client: Dormouse;

  private constructor(port: number, token: string) {
    this.#origin = `http://127.0.0.1:${port}`;
    this.#token = token;
    this.#client = new Dormouse({ url: this.#origin, token, page: null });
  }

  static async open(port: number): Promise<Reader> {
    return new Reader(port, await tokenOf("reader"));
  }

  close(): void {
    this.#client.close();
  }

  async call(method: string, path: string): Promise<{ status: number; json: Record<string, unknown> }> {
    const headers = { Authorization: `Bearer ${this.#token}` };
    const response = await fetch(`${this.#origin}/api/v1/rooms/${path}`, { method, headers });
    const text = await response.text();
    return { status: response.status, json: text ? JSON.parse(text) : {} };
  }

  /** Who is listed. */
  async present(room: string): Promise<string[]> {
    const { json } = await this.call("GET", `${room.replace(":", "/")}/presence`);
    return ((json.members ?? []) as { user_id: string }[]).map((it) => it.user_id);
  }

  /** The newest offset, and of which log. */
  async end(room: string): Promise<{ offset: number; epoch: string }> {
    const { json } = await this.call("GET", `${room.replace(":", "/")}/events?limit=1`);
    return { offset: Number(json.offset ?? 0), epoch: String(json.epoch) };
  }

  async overHttp(room: string): Promise<Raw[]> {
    const all: Raw[] = [];
    for (let after = 0; ; after = all.at(-1)?.offset ?? 0) {
      const query = `after=${after}&limit=${PAGE}&raw=true`;
      const { json, status } = await this.call("GET", `${room.replace(":", "/")}/events?${query}`);
      if (status === 404) return all;
      if (status !== 200) throw new Error(`${room}: ${status} ${JSON.stringify(json)}`);
      const page = json as { events: Raw[]; has_more: boolean };
      all.push(...page.events);
      if (!page.has_more || !page.events.length) return all;
    }
  }

  /** What a subscription to these metrics is told. */
  async metrics(room: string, metrics: string[]): Promise<Sample[]> {
    const client = new AnalyticsWebSocketClient({
      url: `${this.#origin.replace("http", "ws")}/api/analytics/ws`,
      token: this.#token,
      contextId: nameOf(room),
      page: null,
    });
    try {
      await client.connect();
      const { data } = await client.request({ type: "subscribe", data: { metrics } });
      const told = data as { metrics: { metric: string; value: number | null }[] };
      return told.metrics.map(({ metric, value }) => ({ metric, value, isUpdate: false }));
    } finally {
      client.disconnect();
    }
  }

  objects(room: string, ids: string[]): Promise<Map<string, string>> {
    return fetchObjects(this.#origin, this.#token, room, ids);
  }

  async native(name: string): Promise<Raw[]> {
    const room = this.#client.room(name, { present: false });
    const all: Raw[] = [];
    let page = await room.history({ after: 0, limit: PAGE, raw: true });
    for (;;) {
      all.push(...(page.entries as Raw[]));
      const next = await page.next();
      if (!next) break;
      page = next;
    }
    room.close();
    return all;
  }
}

/** As the checker takes them. */
export function entries(all: Raw[]): Entry[] {
  const amended = new Set<number>();
  for (const it of all) {
    const name = it.type ?? it.event ?? "";
    const of = it.of ?? (Object(it.data) as { of?: number }).of;
    if ((name === "edit" || name === "delete") && of) amended.add(of);
  }
  return all.map((it) => ({
    offset: it.offset,
    id: it.id ?? "",
    text: textOf(it.type ?? it.event ?? "", it.data),
    isAmended: amended.has(it.offset),
  }));
}
