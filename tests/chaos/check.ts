// What a run must not show. A pure function over what was recorded: it looks at nothing else.
import { checkPrinted } from "./checks/leaks.ts";
import { checkMetrics } from "./checks/metrics.ts";
import { checkObject } from "./checks/objects.ts";
import { checkWiped } from "./checks/wiped.ts";
import type { ClientHistory, Conversation, Deliveries, Entry, History, RoomHistory } from "./history.ts";
import type { Found, Invariant, Violation } from "./violation.ts";

export function check(history: History): Violation[] {
  const violations: Violation[] = [];
  const found =
    (room: string): Found =>
    (invariant, what) =>
      violations.push({ invariant, room, what });
  for (const room of history.rooms) {
    const clients = history.clients.filter((it) => it.room === room.name);
    checkLog(room, found(room.name));
    const log = read(
      room.http,
      history.erasures.filter((it) => it.room === room.name),
    );
    for (const it of clients) checkClient(it, log, found(room.name));
  }
  for (const it of history.clients) checkAnswers(it, found(it.room));
  for (const { room, by, listed, connected } of history.presence) {
    const [ghosts, absent] = [without(listed, connected), without(connected, listed)];
    if (ghosts.length) found(room)("ghost", `${by} lists ${ghosts}, who are not connected`);
    if (absent.length) found(room)("absent", `${by} does not list ${absent}, who are connected`);
  }
  for (const it of history.deliveries) {
    const room = history.rooms.find(({ name }) => name === it.room);
    checkDeliveries(it, room?.http ?? [], found(it.room));
  }
  for (const it of history.conversations) checkConversation(it, found(it.name));
  for (const { room, replicas, acked, ambiguous } of history.documents) {
    checkDocument(replicas, acked, ambiguous, found(room));
  }
  for (const { text, room, files } of history.erasures) {
    if (files.length) found(room)("undeleted", `${text} was deleted, and stands in ${files.join(" and ")}`);
  }
  for (const it of history.metrics) {
    const room = history.rooms.find(({ name }) => name === it.room);
    checkMetrics(it, room?.http ?? [], found(it.room));
  }
  for (const it of history.objects) checkObject(it, found(it.room));
  for (const it of history.wiped) checkWiped(it, found(it.room));
  for (const it of history.printed) checkPrinted(it, found(it.by));
  return violations;
}

type Log = {
  entries: Entry[];
  byText: Map<string, Entry>;
  byOffset: Map<number, Entry>;
  /** What was said once, and is said no more. */
  gone: Set<string>;
};

const read = (entries: Entry[], erasures: { text: string }[]): Log => ({
  entries,
  gone: new Set(erasures.map(({ text }) => text)),
  byText: new Map(entries.filter((it) => it.text).map((it) => [it.text, it])),
  byOffset: new Map(entries.map((it) => [it.offset, it])),
});

function checkLog({ http, native }: RoomHistory, found: Found): void {
  const first = http[0]?.offset ?? 1;
  http.forEach(({ offset }, at) => {
    if (offset !== first + at) found("offsets", `entry ${at} from the first has offset ${offset}`);
  });
  for (const key of ["id", "text"] as const) {
    for (const it of twice(http.filter((it) => it[key]).map((it) => it[key]))) {
      const at = http.filter((entry) => entry[key] === it).map(({ offset }) => offset);
      found("doubled", `${key} ${it} stands in the log ${at.length} times, at ${at}`);
    }
  }
  const spell = ({ offset, text }: Entry) => `${offset} ${text}`;
  const differs = Array.from({ length: Math.max(http.length, native.length) }, (_, at) => at).find((at) => {
    const [one, other] = [http[at], native[at]];
    return !one || !other || spell(one) !== spell(other);
  });
  if (differs !== undefined) {
    const [one, other] = [http[differs], native[differs]].map((it) => (it ? spell(it) : "nothing"));
    found("offsets", `entry ${differs} is "${one}" over HTTP and "${other}" in the native protocol`);
  }
}

const nameOf = ({ name, dialect }: ClientHistory) => `${name} (${dialect})`;

/** Whatever room it is in. */
function checkAnswers(client: ClientHistory, found: Found): void {
  if (client.isAway) found("away", `${nameOf(client)} was not connected again`);
  for (const { text, state } of client.published) {
    if (state === "open") found("unanswered", `${nameOf(client)} has no answer to ${text}`);
  }
}

function checkClient(client: ClientHistory, log: Log, found: Found): void {
  const who = nameOf(client);
  for (const { text, state, offset } of client.published) {
    if (state !== "acked") continue;
    const entry = offset === undefined ? log.byText.get(text) : log.byOffset.get(offset);
    if (!entry) found("lost", `${text} of ${who} was acknowledged${at(offset)}, and is not in the log`);
    else if (entry.text !== text && !entry.isAmended) {
      found("lost", `${text} of ${who} was acknowledged${at(offset)}, where ${entry.text} stands`);
    }
  }
  if (client.told === "live") checkLive(client, who, log, found);
  else for (const [nth] of client.spans.entries()) checkSpan(client, nth, who, log, found);
}

const at = (offset: number | undefined) => (offset === undefined ? "" : ` at ${offset}`);

/** Every entry above its `from`, once and in order; the last one, up to the end of the log. */
function checkSpan(client: ClientHistory, nth: number, who: string, log: Log, found: Found): void {
  const span = client.spans[nth];
  if (!span) return;
  if (span.reason) found("gap", `${who} was told that it could not go on: ${span.reason}`);
  let last = span.from;
  const faults = (invariant: Invariant, what: string) => found(invariant, `${who} ${what}`);
  for (const { offset, text } of span.seen) {
    const entry = log.byOffset.get(offset ?? 0);
    if (offset === undefined) continue;
    if (!entry) faults("lost", `was shown ${text} at ${offset}, which is not in the log`);
    else if (text && entry.text !== text && !entry.isAmended) {
      faults("lost", `was shown ${text} at ${offset}, where ${entry.text} stands`);
    }
    if (offset === last) faults("doubled", `was shown ${offset} twice`);
    else if (offset < last) faults("reordered", `was shown ${offset} after ${last}`);
    else {
      if (last + 1 < offset) faults("gap", `was shown ${offset} after ${last}`);
      last = offset;
    }
  }
  const end = log.entries.at(-1)?.offset ?? 0;
  const isLast = nth === client.spans.length - 1;
  if (isLast && last < end) faults("gap", `was shown nothing above ${last}, and the log ends at ${end}`);
}

/** By what is said, where frames show no offsets. */
function checkLive(client: ClientHistory, who: string, log: Log, found: Found): void {
  const seen = client.spans.flatMap((it) => it.seen).filter((it) => it.text);
  for (const it of twice(seen.map(({ text }) => text))) found("doubled", `${who} was shown ${it} twice`);
  let last = 0;
  for (const { text } of seen) {
    const entry = log.byText.get(text);
    if (!entry) {
      if (!log.gone.has(text)) found("lost", `${who} was shown ${text}, which is not in the log`);
      continue;
    }
    if (entry.offset < last) found("reordered", `${who} was shown ${entry.offset} after ${last}`);
    last = Math.max(last, entry.offset);
  }
}

/** Each entry is told at least once, and for the first time in the order of the log. */
function checkDeliveries({ arrivals }: Deliveries, log: Entry[], found: Found): void {
  const taken = new Set(arrivals.filter((it) => it.isTaken).map((it) => it.id));
  const undone = log.filter((it) => !taken.has(it.id)).map(({ offset }) => offset);
  if (undone.length) {
    found("undone", `${undone.length} entries were told to no service, of which ${undone.slice(0, 5)}`);
  }
  const known = new Set<string>();
  let last = 0;
  for (const { id, offset } of arrivals) {
    if (known.has(id)) continue;
    known.add(id);
    if (offset === undefined) continue;
    if (offset < last) found("reordered", `the service was told ${offset} after ${last}`);
    last = Math.max(last, offset);
  }
}

/** Each message stands once, and has one response unless whoever asked was told that there is none. */
function checkConversation(it: Conversation, found: Found): void {
  const { messages, responses, answered, refused } = it;
  for (const id of twice(messages)) found("doubled", `message ${id} stands in the log twice`);
  for (const id of twice(responses)) found("doubled", `message ${id} has two responses`);
  const answers = new Set(responses);
  const excused = new Set(refused);
  for (const id of answered) {
    if (!answers.has(id)) found("lost", `the response to ${id} was shown, and is not in the log`);
  }
  const undone = messages.filter((id) => !answers.has(id) && !excused.has(id));
  if (undone.length) found("undone", `without a response: ${undone}`);
}

function checkDocument(
  replicas: { by: string; text: string }[],
  acked: string[],
  ambiguous: string[],
  found: Found,
): void {
  const [first, ...others] = replicas;
  for (const it of others) {
    if (it.text !== first?.text) found("diverged", `${it.by} has another text than ${first?.by}`);
  }
  const count = (word: string) => (first?.text.split(word).length ?? 1) - 1;
  for (const word of acked) {
    if (count(word) === 0) found("lost", `${word} was acknowledged, and is not in the text`);
  }
  for (const word of [...acked, ...ambiguous]) {
    if (1 < count(word)) found("doubled", `${word} stands in the text ${count(word)} times`);
  }
}

function twice(all: string[]): Set<string> {
  const once = new Set<string>();
  return new Set(all.filter((it) => once.size === once.add(it).size));
}

function without(all: string[], those: string[]): string[] {
  const set = new Set(those);
  return [...new Set(all)].filter((it) => !set.has(it));
}
