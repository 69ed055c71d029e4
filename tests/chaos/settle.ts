// The end of a run: waits, within bounds, until everything that was promised has come, and gathers what
// there is then. What has not come by then is a violation, which the checker finds.
import { setTimeout } from "node:timers/promises";
import type { Caller } from "./callers/caller.ts";
import { DocumentCaller } from "./callers/document.ts";
import { ConversationCaller } from "./callers/faces.ts";
import { LargeCaller } from "./callers/large.ts";
import { METRICS, WatchCaller } from "./callers/metrics.ts";
import { Eraser, NativeCaller } from "./callers/native.ts";
import { TransientCaller, WipeCaller } from "./callers/wiped.ts";
import { type History, nothing, type Presence, type Sample } from "./history.ts";
import { entries, Reader } from "./read.ts";
import type { Runtime } from "./runtime.ts";
import type { Services } from "./services.ts";
import type { Trace } from "./trace.ts";

/**
 * How long something may take to settle. The longest of them: a socket whose client reset it while the
 * platform answered its upgrade is in the room until that finds out, about a minute.
 */
const PATIENCE_MS = 120_000;
const LOOK_EVERY_MS = 100;

export type Settled = {
  history: History;
  /** How long each thing took to settle, in milliseconds. */
  took: Record<string, number>;
  /** Deleted texts that stood in a write-ahead log alone, and in the free space of pages. */
  left: { wal: number; free: number };
  stored: number;
  gaps: number;
};

type Scene = {
  callers: Caller[];
  rooms: { address: string; name: string; binding: string }[];
  runtime: Runtime;
  services: Services;
  trace: Trace;
  log: (line: string) => void;
  signal?: AbortSignal | undefined;
};

export async function settle({
  callers,
  rooms,
  runtime,
  services,
  trace,
  log,
  signal,
}: Scene): Promise<Settled> {
  const history = nothing();
  const took: Record<string, number> = {};
  /** Whether it came to hold. */
  const until = async (what: string, holds: () => boolean | Promise<boolean>) => {
    const began = performance.now();
    const isLate = () => PATIENCE_MS < performance.now() - began;
    while (!(await holds()) && !isLate()) await setTimeout(LOOK_EVERY_MS, undefined, { signal });
    took[what] = Math.round(performance.now() - began);
    log(`${what}: ${isLate() ? "not" : ""} after ${took[what]} ms`);
    trace.note(undefined, { what: "settled", of: what, ms: took[what] });
  };
  const documents = callers.filter((it) => it instanceof DocumentCaller);
  const wiped = new Set(callers.filter((it) => it instanceof WipeCaller).map((it) => it.history.room));
  const logged = rooms.filter(({ address }) => !address.startsWith("collaboration:") && !wiped.has(address));

  await until("everybody connected", () => callers.every((it) => it.isOpen));
  for (const it of callers) if (!it.isOpen) it.history.isAway = true;
  await until("everything answered", () => callers.every((it) => it.open === 0));
  await until("every text saved", () => documents.every((it) => it.isSaved));
  const reader = await Reader.open(runtime.port as number);
  const ends = new Map<string, number>();
  for (const { address } of logged) ends.set(address, (await reader.end(address)).offset);
  const isShown = (it: Caller) => {
    const end = it.history.told === "log" ? ends.get(it.history.room) : undefined;
    return end === undefined || end <= it.place;
  };
  await until("everything shown", () => callers.every(isShown));
  for (const room of wiped) await gatherWiped(room, callers, reader, until, history);
  const texts = () => documents.map((it) => `${it.history.room} ${it.document?.text}`);
  const areSame = () => new Set(texts()).size <= new Set(documents.map((it) => it.history.room)).size;
  await until("texts the same", areSame);

  const watchers = callers.filter((it) => it instanceof WatchCaller);
  for (const room of new Set(watchers.map((it) => it.history.room))) {
    const last = await reader.metrics(room, METRICS);
    const own = watchers.filter((it) => it.history.room === room);
    await until(`metrics of ${room} shown`, () => own.every((it) => it.isOpen && knows(it, last)));
    const seen = own.map((it) => ({ by: it.name, seen: it.samples, isHere: it.isOpen }));
    history.metrics.push({ room, watchers: seen, last });
  }

  for (const { objects, history: own } of callers.filter((it) => it instanceof LargeCaller)) {
    const ids = objects.map(({ id }) => id);
    const found = await reader.objects(own.room, ids);
    history.objects.push(...objects.map((it) => ({ ...it, room: own.room, found: found.get(it.id) })));
  }

  // Twice: with all of them here, and when half of them have left.
  for (const what of ["members converged", "those who left are gone"]) {
    let found: Presence[] = [];
    await until(what, async () => {
      found = await presence(rooms, callers, reader);
      return found.every(({ listed, connected }) => `${listed.toSorted()}` === `${connected.toSorted()}`);
    });
    history.presence.push(...found);
    if (what === "members converged") for (const it of callers.filter((_, at) => at % 2)) await it.leave();
  }

  for (const { address } of logged) {
    const [http, native] = [await reader.overHttp(address), await reader.native(address)];
    history.rooms.push({ name: address, http: entries(http), native: entries(native) });
  }
  for (const it of callers.filter((it) => it instanceof ConversationCaller)) {
    await conversations(it, reader, until, history);
  }
  const isTold = (room: string, ids: string[]) => {
    const arrivals = services.deliveries.get(room)?.arrivals ?? [];
    const taken = new Set(arrivals.filter((it) => it.isTaken).map((it) => it.id));
    return ids.every((id) => taken.has(id));
  };
  await until("services told", () =>
    history.rooms.every(({ name, http }) =>
      isTold(
        name,
        http.map((it) => it.id),
      ),
    ),
  );
  for (const { name } of history.rooms) {
    history.deliveries.push(services.deliveries.get(name) ?? { room: name, arrivals: [] });
  }
  gatherDocuments(documents, history);
  history.clients = callers.map((it) => it.history);
  reader.close();
  for (const it of callers) await it.leave();
  const stored = runtime.stored();
  await runtime.kill();
  const left = erasures(callers, runtime, history);
  const gaps = callers.reduce((sum, it) => sum + (it instanceof NativeCaller ? it.gaps : 0), 0);
  return { history, took, left, stored, gaps };
}

/** Whether it was told the same of every metric, at last. */
const knows = ({ samples }: WatchCaller, last: Sample[]) =>
  last.every(({ metric, value }) => samples.findLast((it) => it.metric === metric)?.value === value);

/** As the HTTP API lists them, and as each client of the native protocol sees them. */
async function presence(rooms: Scene["rooms"], callers: Caller[], reader: Reader): Promise<Presence[]> {
  const all: Presence[] = [];
  for (const { address } of rooms) {
    const here = callers.filter((it) => it.history.room === address && it.isMember && it.isOpen);
    const connected = here.map((it) => it.name);
    all.push({ room: address, by: "the HTTP API", listed: await reader.present(address), connected });
    for (const it of here.filter((it) => it instanceof NativeCaller)) {
      const listed = it.room.presence.getSnapshot().members.map(({ user }) => user);
      all.push({ room: address, by: it.name, listed, connected });
    }
  }
  return all;
}

type Until = (what: string, holds: () => boolean | Promise<boolean>) => Promise<void>;

async function conversations(
  caller: ConversationCaller,
  reader: Reader,
  until: Until,
  history: History,
): Promise<void> {
  for (const name of caller.conversations) {
    const address = `conversation:${name}`;
    const read = async () => {
      const all = await reader.overHttp(address);
      const of = (type: string, named: "content" | "messageId") =>
        all.filter((it) => it.type === type).map((it) => String(Object(it.data)[named]));
      // A message says what it is called, so that its entry does.
      return { name: address, messages: of("message", "content"), responses: of("response", "messageId") };
    };
    let it = await read();
    const { refused } = caller;
    await until(`answers of ${caller.name}`, async () => {
      it = await read();
      return it.messages.every((id) => it.responses.includes(id) || refused.includes(id));
    });
    const answered = caller.conversations.size === 1 ? caller.answered : [];
    history.conversations.push({ ...it, answered, refused });
  }
}

/** While everybody is there: a room with nobody and nothing in it begins another log. */
async function gatherWiped(
  room: string,
  callers: Caller[],
  reader: Reader,
  until: Until,
  history: History,
): Promise<void> {
  const own = callers.filter((it) => it.history.room === room);
  const readers = own.filter((it) => it.history.told === "log");
  let end = await reader.end(room);
  await until(`log of ${room} shown`, async () => {
    end = await reader.end(room);
    return readers.every((it) => it.history.spans.at(-1)?.epoch === end.epoch && end.offset <= it.place);
  });
  const said = own.flatMap((it) => (it instanceof TransientCaller ? it.said : []));
  const log = entries(await reader.overHttp(room));
  history.wiped.push({
    room,
    said,
    erasures: own.flatMap((it) => (it instanceof WipeCaller ? it.erasures : [])),
    readers: readers.map((it) => ({ by: it.name, spans: it.history.spans, isHere: it.isOpen })),
    epoch: end.epoch,
    log,
  });
}

function gatherDocuments(documents: DocumentCaller[], history: History): void {
  for (const room of new Set(documents.map((it) => it.history.room))) {
    const own = documents.filter((it) => it.history.room === room);
    const isRefused = (it: DocumentCaller, word: string) => it.refused.has(word);
    history.documents.push({
      room,
      replicas: own.map((it) => ({ by: it.name, text: it.document?.text ?? "" })),
      acked: own.flatMap((it) => (it.isSaved ? it.words.filter((word) => !isRefused(it, word)) : [])),
      ambiguous: own.flatMap((it) => [...it.refused]),
    });
  }
}

/**
 * Finds deleted texts in the rows of every table, where they must not be. How many of them stood in the
 * files otherwise: in a write-ahead log, and in the free space of pages.
 */
function erasures(callers: Caller[], runtime: Runtime, history: History): { wal: number; free: number } {
  const gone = callers
    .filter((it) => it instanceof Eraser)
    .flatMap((it) => it.gone.map((one) => ({ ...one, room: it.history.room })));
  for (const { room, said, epoch } of history.wiped) {
    const before = said.filter((it) => it.epoch !== epoch);
    gone.push(...before.map(({ text }) => ({ text, room, isDone: true })));
  }
  const done = new Set(gone.filter((it) => it.isDone).map(({ text }) => text));
  const search = (contents: Iterable<[name: string, content: string]>) => {
    const found = new Map<string, string[]>();
    for (const [name, content] of contents) {
      for (const [text] of content.matchAll(/gone-[\w-]+\./g)) {
        if (done.has(text)) found.set(text, [...(found.get(text) ?? []), name]);
      }
    }
    return found;
  };
  const all = search(runtime.files());
  const rows = search(runtime.rows());
  const pages = search(runtime.files());
  for (const { text, room } of gone) {
    history.erasures.push({ text, room, files: [...new Set(rows.get(text) ?? [])] });
  }
  const free = [...pages.keys()].filter((it) => !rows.has(it)).length;
  return { wal: [...all.keys()].filter((it) => !pages.has(it)).length, free };
}
