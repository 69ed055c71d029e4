// A run: clients talk while everything goes wrong, then everything is mended, and what was recorded is
// held against what is there.
import { setTimeout as wait } from "node:timers/promises";
import { seededRandom } from "../../clients/typescript/src/testing/clock.ts";
import type { Caller } from "./callers/caller.ts";
import { check } from "./check.ts";
import { type Faults, Nemesis } from "./nemesis.ts";
import { roomsOf, roster, SECRET } from "./roster.ts";
import { Runtime } from "./runtime.ts";
import { SECRET as SERVICES_SECRET, Services } from "./services.ts";
import { type Settled, settle } from "./settle.ts";
import { Trace } from "./trace.ts";
import type { Violation } from "./violation.ts";

/** None of the limits that one machine with many clients would break, and times that a run lives to see. */
const VARIABLES = {
  ENVIRONMENT: "development",
  JWT_SECRET: SECRET,
  CONNECTIONS_PER_MINUTE_PER_IP: "0",
  MESSAGES_PER_MINUTE: "0",
  BROADCASTS_PER_MINUTE: "0",
  EDITS_PER_SECOND: "0",
  CHUNKS_PER_SECOND: "0",
  ROOM_EDITS_PER_SECOND: "0",
  HTTP_CALLS_PER_MINUTE: "0",
  HTTP_PUBLISHES_PER_MINUTE: "0",
  HTTP_FAILURES_PER_MINUTE: "0",
  WS_MAX_CONNECTIONS: "0",
  MAX_CONNECTIONS_PER_USER: "0",
  PENDING_CONNECTIONS_PER_ADDRESS: "0",
  PENDING_CONNECTIONS: "0",
  USER_SHARE_PERCENT: "0",
  HISTORY_MAX_ENTRIES: "1000000",
  INACTIVITY_TIMEOUT_MS: "40000",
  PRESENCE_GRACE_MS: "1000",
  WS_HEARTBEAT_INTERVAL_MS: "5000",
  STREAM_HEARTBEAT_MS: "2000",
  STREAM_MAX_MS: "60000",
};

/** Between two things that a client says. */
const SAYS_EVERY_MS = [150, 1350] as const;
/** It says nothing more while so much of it has no answer. */
const OPEN_MAX = 12;

const sleep = (ms: number, signal?: AbortSignal) => wait(Math.max(0, ms), undefined, { signal });

export type Options = {
  seed: number;
  seconds: number;
  clients: number;
  /** Hears how it goes. */
  log: (line: string) => void;
  /** Ends it without a verdict. */
  signal?: AbortSignal;
};

export type Result = Settled & {
  faults: Faults;
  violations: Violation[];
  /** Of the first violation's room. */
  trace?: string;
  noDisk?: string;
  /** How often the runtime ended by itself. */
  deaths: number;
  calls: number;
};

/** A stream of chance for each who takes part, so that none depends on how fast another one is. */
export function chance(seed: number): (name: string) => () => number {
  return (name) => {
    let hash = seed >>> 0;
    for (const it of name) hash = (Math.imul(hash ^ it.charCodeAt(0), 0x01000193) >>> 0) + 1;
    return seededRandom(hash);
  };
}

export async function run({ seed, seconds, clients, log, signal }: Options): Promise<Result> {
  const random = chance(seed);
  const trace = new Trace(`seed-${seed}-${process.pid}`);
  const services = await Services.start(random("services"));
  const variables = { ...VARIABLES, ...services.variables };
  const runtime = new Runtime(variables, `${trace.folder}/workerd.log`);
  const callers: Caller[] = [];
  const isOver = { now: false };
  let nemesis: Nemesis | undefined;
  const saving = setInterval(() => trace.flush(), 1000);
  try {
    await runtime.start();
    callers.push(...(await roster(clients, runtime, trace, random)));
    const rooms = roomsOf(callers);
    nemesis = new Nemesis(runtime, callers, rooms, trace);
    await Promise.all(callers.map((it) => it.connect()));
    const talking = callers.map((it) => talk(it, random(`talk ${it.name}`), isOver));
    nemesis.begin(random("cables"), random("server"));
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      await sleep(Math.min(30_000, end - performance.now()), signal);
      const said = callers.reduce((sum, it) => sum + it.history.published.length, 0);
      const left = Math.round((end - performance.now()) / 1000);
      log(`${seconds - left} s: ${nemesis.faults.kills} kills, ${nemesis.faults.cuts} cuts, ${said} said`);
    }
    isOver.now = true;
    await Promise.all(talking);
    await nemesis.heal();
    services.isHealed = true;
    log("healed; waiting for everything to settle");
    const settled = await settle({ callers, rooms, runtime, services, trace, log, signal });
    const secrets = { "the secret of tokens": SECRET, "the secret of the services": SERVICES_SECRET };
    const said = callers.flatMap((it) => it.history.published.map(({ text }) => text)).filter(Boolean);
    settled.history.printed.push({ by: "workerd", lines: runtime.printed(), secrets, said });
    const violations = check(settled.history);
    const [first] = violations;
    const result = {
      ...settled,
      violations,
      faults: nemesis.faults,
      deaths: runtime.deaths,
      calls: services.calls,
      ...(runtime.noDisk && { noDisk: runtime.noDisk }),
    };
    return first ? { ...result, trace: await trace.save(first.room) } : result;
  } finally {
    nemesis?.stop();
    clearInterval(saving);
    isOver.now = true;
    trace.flush();
    for (const it of callers) {
      await it.leave();
      it.cable.close();
    }
    services.stop();
    await runtime.remove();
  }
}

async function talk(caller: Caller, random: () => number, isOver: { now: boolean }): Promise<void> {
  const [low, high] = SAYS_EVERY_MS;
  while (!isOver.now) {
    await sleep(low + random() * (high - low));
    if (caller.open < OPEN_MAX && !caller.isQuiet && !isOver.now) caller.say();
  }
}
