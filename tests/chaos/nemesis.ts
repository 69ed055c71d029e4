// What goes wrong, and when. Every decision comes from the seed; how long things take does not, so that
// what a fault falls into differs from run to run.
import type { Caller } from "./callers/caller.ts";
import type { Runtime } from "./runtime.ts";
import type { Trace } from "./trace.ts";

export type Faults = Record<
  | "kills"
  | "cuts"
  | "resets"
  | "half-opens"
  | "slices"
  | "delays"
  | "clock jumps"
  | "evictions"
  | "stops"
  | "disk fills",
  number
>;

/** Milliseconds between two faults of one cable, and of the server; from, and to below. */
const CABLE_EVERY_MS = [40, 200] as const;
const SERVER_EVERY_MS = [150, 900] as const;
/** How long it is down after a kill. */
const DOWN_MS = [0, 600] as const;
const HELD_MS = [500, 9000] as const;
const SLOW_MS = [400, 2500] as const;
const DELAY_MS = [50, 700] as const;
const STOPPED_MS = [100, 4500] as const;
const FULL_MS = [300, 2500] as const;
const JUMP_MS = 600_000;
/** Two thirds are to be back before the next blow, within bounds: while nobody gets a word in nothing is proved. */
const BACK_MS_MAX = 6000;

/** `storm` cuts all cables at once, as a switch that restarts. */
const CABLE = { cut: 57, storm: 3, reset: 12, hold: 5, slice: 10, delay: 9, jump: 4 };
const SERVER = { kill: 80, evict: 8, stop: 6, fill: 6 };

type Random = () => number;

const between = (random: Random, [low, high]: readonly [number, number]) =>
  low + Math.floor(random() * (high - low));

function pick<Name extends string>(random: Random, weights: Record<Name, number>): Name {
  const all = Object.entries(weights) as [Name, number][];
  let left = random() * all.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of all) {
    left -= weight;
    if (left < 0) return name;
  }
  return all[0]?.[0] as Name;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export class Nemesis {
  readonly faults: Faults = {
    kills: 0,
    cuts: 0,
    resets: 0,
    "half-opens": 0,
    slices: 0,
    delays: 0,
    "clock jumps": 0,
    evictions: 0,
    stops: 0,
    "disk fills": 0,
  };
  readonly #runtime: Runtime;
  readonly #callers: readonly Caller[];
  readonly #rooms: readonly { binding: string; name: string }[];
  readonly #trace: Trace;
  #isOver = false;
  #loops: Promise<void>[] = [];

  constructor(
    runtime: Runtime,
    callers: readonly Caller[],
    rooms: readonly { binding: string; name: string }[],
    trace: Trace,
  ) {
    [this.#runtime, this.#callers, this.#rooms, this.#trace] = [runtime, callers, rooms, trace];
  }

  begin(ofCables: Random, ofServer: Random): void {
    this.#loops = [this.#cables(ofCables), this.#server(ofServer)];
  }

  stop(): void {
    this.#isOver = true;
  }

  /** Nothing more goes wrong, and what is wrong is mended. */
  async heal(): Promise<void> {
    this.stop();
    await Promise.all(this.#loops);
    if (!this.#runtime.isUp) await this.#runtime.start();
    for (const { cable, clock } of this.#callers) {
      cable.heal();
      clock.skewMs = 0;
    }
    this.#note("healed");
  }

  async #cables(random: Random): Promise<void> {
    while (!this.#isOver) {
      await sleep(between(random, CABLE_EVERY_MS));
      // Decided whether it can be done or not, so that the next decisions are the same.
      const caller = this.#callers[Math.floor(random() * this.#callers.length)];
      const [fault, luck] = [pick(random, CABLE), random()];
      if (caller && (caller.cable.isUsed || fault === "jump")) this.#strike(caller, fault, () => luck);
    }
  }

  #strike({ cable, clock, name }: Caller, fault: keyof typeof CABLE, random: Random): void {
    const { faults } = this;
    if (fault === "cut") {
      faults.cuts += cable.cut();
    } else if (fault === "storm") {
      for (const it of this.#callers) faults.cuts += it.cable.cut();
    } else if (fault === "reset") {
      faults.resets += 1;
      cable.reset();
    } else if (fault === "hold") {
      faults["half-opens"] += 1;
      cable.hold(between(random, HELD_MS));
    } else if (fault === "slice") {
      faults.slices += 1;
      cable.isSlicing = true;
      setTimeout(
        () => {
          cable.isSlicing = false;
        },
        between(random, SLOW_MS),
      );
    } else if (fault === "delay") {
      faults.delays += 1;
      cable.delayMs = between(random, DELAY_MS);
      setTimeout(
        () => {
          cable.delayMs = 0;
        },
        between(random, SLOW_MS),
      );
    } else {
      faults["clock jumps"] += 1;
      clock.skewMs = Math.floor((2 * random() - 1) * JUMP_MS);
    }
    this.#note(fault, { whom: name });
  }

  async #server(random: Random): Promise<void> {
    while (!this.#isOver) {
      await sleep(between(random, SERVER_EVERY_MS));
      // It may have ended by itself, on a full disk.
      if (!this.#runtime.isUp) await this.#runtime.start();
      await this.#blow(pick(random, SERVER), random(), random());
      await this.#back();
    }
  }

  async #back(): Promise<void> {
    const end = performance.now() + BACK_MS_MAX;
    const isBack = () => 2 * this.#callers.length <= 3 * this.#callers.filter((it) => it.isOpen).length;
    while (!this.#isOver && !isBack() && performance.now() < end) await sleep(20);
  }

  async #blow(fault: keyof typeof SERVER, luck: number, other: number): Promise<void> {
    const random = () => luck;
    const runtime = this.#runtime;
    const { faults } = this;
    this.#note(fault);
    if (fault === "kill") {
      await runtime.kill();
      faults.kills += 1;
      await sleep(between(random, DOWN_MS));
      await runtime.start();
    } else if (fault === "evict") {
      await this.#evict(luck < 0.7 ? "hibernate" : "close", other);
    } else if (fault === "stop") {
      faults.stops += 1;
      await runtime.pause(between(random, STOPPED_MS));
    } else if (!runtime.noDisk) {
      faults["disk fills"] += 1;
      const filled = runtime.fill(between(random, FULL_MS));
      // Now and then it is killed while nothing can be written.
      if (other < 0.3) {
        await runtime.kill();
        faults.kills += 1;
      }
      await filled;
      if (!runtime.isUp) await runtime.start();
    }
  }

  /** One room, or all of them: a room is evicted when it has nothing to do, so nobody says anything meanwhile. */
  async #evict(sockets: "hibernate" | "close", luck: number): Promise<void> {
    const one = Math.floor(luck * 2 * this.#rooms.length);
    const rooms = one < this.#rooms.length ? this.#rooms.slice(one, one + 1) : this.#rooms;
    for (const it of this.#callers) it.isQuiet = true;
    const evicted = await Promise.all(rooms.map((it) => this.#runtime.evict(it.binding, it.name, sockets)));
    for (const it of this.#callers) it.isQuiet = false;
    this.faults.evictions += evicted.filter((it) => it === "evicted").length;
    this.#note("evicted", { sockets, evicted });
  }

  #note(fault: string, more: object = {}): void {
    this.#trace.note(undefined, { what: "fault", fault, ...more });
  }
}
