// Clients that talk in one room while all that can happen to a connection does, and what each of them
// was shown: the promise is that this is the log, once and in order.
import { expect } from "vitest";
import { Dormouse, type DormouseOptions, type HostPage, type Room, type RoomEvent } from "../../src/index.ts";

/** A page that a test hides, shows, and takes off the network. */
export class TestPage implements HostPage {
  hidden = false;
  offline = false;
  readonly #listeners = new Set<Parameters<HostPage["listen"]>[0]>();

  isHidden = () => this.hidden;
  isOffline = () => this.offline;

  listen(listener: Parameters<HostPage["listen"]>[0]): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(what: "shown" | "hidden" | "online" | "offline"): void {
    if (what === "shown" || what === "hidden") this.hidden = what === "hidden";
    else this.offline = what === "offline";
    for (const it of [...this.#listeners]) it();
  }
}

/** One client: what it said, what came of that, and what it was shown. */
export class Guest {
  readonly page = new TestPage();
  readonly client: Dormouse;
  readonly room: Room;
  readonly seen: RoomEvent[] = [];
  /** Offsets by what was said. */
  readonly acknowledged = new Map<string, number>();
  readonly failures: unknown[] = [];
  readonly lost: string[] = [];
  said = 0;
  gaps = 0;
  readonly name: string;

  constructor(name: string, room: string, options: DormouseOptions, events?: string[]) {
    this.name = name;
    this.client = new Dormouse({ page: this.page, ...options });
    this.room = this.client.room(room, { events, present: false });
    this.room.on("*", (event) => {
      if (event.offset !== undefined) this.seen.push(event);
    });
    this.room.watch("gap", () => {
      this.gaps += 1;
    });
    this.room.watch("lost", (reason) => this.lost.push(reason));
  }

  say(event: string): void {
    this.said += 1;
    const text = `${this.name} ${this.said}`;
    this.room.publish(event, text).then(
      ({ offset }) => this.acknowledged.set(text, offset as number),
      (error) => this.failures.push(`${text}: ${error}`),
    );
  }

  get isDone(): boolean {
    return this.acknowledged.size + this.failures.length === this.said;
  }

  /** Holds what it was shown against the log. */
  check(
    log: ReadonlyArray<{ offset: number; event: string; data: unknown }>,
    hears = (_: string) => true,
  ): void {
    const expected = log.filter((it) => hears(it.event)).map((it) => `${it.offset} ${it.data}`);
    expect(this.failures).toEqual([]);
    expect(this.lost).toEqual([]);
    const seen = this.seen.map((it) => `${it.offset} ${it.data}`);
    // A difference of thousands of lines says less than its first line.
    const at = expected.findIndex((it, index) => it !== seen[index]);
    expect([at, seen[at], seen.length]).toEqual([-1, seen[-1], expected.length]);
    for (const [text, offset] of this.acknowledged) {
      expect(log[offset - 1]?.data).toBe(text);
    }
    expect(this.acknowledged.size).toBe(this.said);
    expect(this.gaps).toBe(0);
  }
}

/** Every message is in the log once. */
export function once(log: ReadonlyArray<{ data: unknown }>, said: number): void {
  expect(new Set(log.map((it) => it.data)).size).toBe(log.length);
  expect(log.length).toBe(said);
}
