// Rooms that are erased while somebody talks: each erasure ends a log, and what follows is another one,
// which an epoch tells apart.
import type { Said, Span, Wiped } from "../history.ts";
import type { Found } from "../violation.ts";

export function checkWiped(room: Wiped, found: Found): void {
  checkErasures(room, found);
  checkPlaces(room.said, found);
  checkEnd(room, found);
  const said = new Map(room.said.map((it) => [it.text, it]));
  const places = new Map(room.said.map((it) => [placeOf(it), it.text]));
  for (const { by, spans, isHere } of room.readers) {
    const faults: Found = (invariant, what) => found(invariant, `${by} ${what}`);
    checkEpochs(spans, faults);
    for (const it of spans) checkSpan(it, said, places, faults);
    if (isHere) checkLast(spans.at(-1), room, faults);
  }
}

const placeOf = ({ epoch, offset }: { epoch: string; offset: number }) => `${epoch}:${offset}`;

/** What was said before an erasure and what was said after it are of different logs, and none comes back. */
function checkErasures({ said, erasures }: Wiped, found: Found): void {
  const spans = new Map<string, { since: number; until: number }>();
  for (const { epoch, began, ended } of said) {
    const { since, until } = spans.get(epoch) ?? { since: ended, until: began };
    spans.set(epoch, { since: Math.min(since, ended), until: Math.max(until, began) });
  }
  for (const [epoch, { since, until }] of spans) {
    if (erasures.some(({ began, ended }) => since < began && ended < until)) {
      found("mixed", `log ${epoch} went on after it was erased`);
    }
    const isWithin = (it: Said) => it.epoch !== epoch && since < it.began && it.ended < until;
    if (said.some(isWithin)) found("mixed", `log ${epoch} went on after another one`);
  }
}

/** Within a log each has a place of its own, and what was said later a later one. */
function checkPlaces(said: Said[], found: Found): void {
  const latest = new Map<string, { offset: number; began: number }>();
  for (const { text, epoch, offset, began, ended } of said.toSorted((a, b) => a.offset - b.offset)) {
    const before = latest.get(epoch);
    if (before?.offset === offset) found("doubled", `${text} has the place of another one, ${offset}`);
    if (before && ended < before.began) found("reordered", `${text} is after what was said later`);
    latest.set(epoch, { offset, began: Math.max(began, before?.began ?? began) });
  }
}

/** In the end there is what was said in this log, from its first offset on, and nothing of another one. */
function checkEnd({ said, epoch, log }: Wiped, found: Found): void {
  const there = new Map<string, number>();
  log.forEach(({ text, offset }, at) => {
    if (offset !== at + 1) found("offsets", `entry ${at + 1} of the log has offset ${offset}`);
    if (there.has(text)) found("doubled", `${text} stands in the log twice`);
    there.set(text, offset);
  });
  for (const it of said) {
    const offset = there.get(it.text);
    if (it.epoch === epoch && offset !== it.offset) {
      found("lost", `${it.text} was acknowledged at ${it.offset}, and is at ${offset} in the log`);
    }
    if (it.epoch !== epoch && offset !== undefined) {
      found("undeleted", `${it.text} was erased with its log, and is in another one at ${offset}`);
    }
  }
}

/** Who comes into another log is told so, unless it knows of no entry: offset 0 is before any log's first. */
function checkEpochs(spans: Span[], found: Found): void {
  const left = new Set<string | undefined>();
  let before: Span | undefined;
  for (const it of spans) {
    if (before && it.epoch !== before.epoch) {
      if (!it.reason && it.from) found("mixed", `went on at ${it.from} of another log without a word`);
      left.add(before.epoch);
      if (left.has(it.epoch)) found("mixed", `came back to log ${it.epoch}`);
    } else if (before && it.reason) {
      found("gap", `was told that it could not go on in the same log: ${it.reason}`);
    }
    before = it;
  }
}

/** What is shown of a log is of that log, each entry once and in order. */
function checkSpan(
  { from, epoch = "", seen }: Span,
  said: Map<string, Said>,
  places: Map<string, string>,
  found: Found,
): void {
  let last = from;
  for (const { offset = 0, text } of seen) {
    const it = said.get(text);
    const other = places.get(placeOf({ epoch, offset }));
    if (it && placeOf(it) !== placeOf({ epoch, offset })) {
      found("mixed", `was shown ${text} at ${offset} of ${epoch}, which was said at ${placeOf(it)}`);
    } else if (other !== undefined && other !== text) {
      found("mixed", `was shown ${text} at ${offset} of ${epoch}, where ${other} was said`);
    }
    if (offset === last) found("doubled", `was shown ${offset} twice`);
    else if (offset < last) found("reordered", `was shown ${offset} after ${last}`);
    else if (last + 1 < offset) found("gap", `was shown ${offset} after ${last}`);
    last = Math.max(last, offset);
  }
}

/** Who is connected in the end is in the log that there is, and was shown all of it. */
function checkLast(span: Span | undefined, { epoch, log }: Wiped, found: Found): void {
  if (span?.epoch !== epoch) {
    found("gap", `is in log ${span?.epoch}, and the room has ${epoch}`);
    return;
  }
  const last = Math.max(span.from, ...span.seen.map(({ offset = 0 }) => offset));
  const end = log.at(-1)?.offset ?? 0;
  if (last < end) found("gap", `was shown nothing above ${last}, and the log ends at ${end}`);
}
