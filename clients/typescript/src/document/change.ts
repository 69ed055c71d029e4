// Changes of a text, and what becomes of one when another goes before it (T8 to T10).

/**
 * A change of a text: one insertion and any number of cuts. All places are in the text before the change,
 * in UTF-16 code units.
 */
export interface Change {
  /** Where `content` is inserted. */
  at: number;
  content: string;
  /** The stretches `[start, end)` that are cut: in order, not empty, and not touching. */
  cuts: [number, number][];
}

/** An operation as it goes over the wire. Places and lengths are in UTF-16 code units. */
export interface Operation {
  operation: "insert" | "delete" | "replace";
  position: number;
  content?: string;
  length?: number;
}

/** One step of a change: the stretch `[start, end)` becomes `content`. Places are in UTF-16 code units. */
export interface Splice {
  start: number;
  end: number;
  content: string;
}

export const changeOf = ({ operation, position, content = "", length = 0 }: Operation): Change => ({
  at: position,
  content: operation === "delete" ? "" : content,
  cuts: operation === "insert" || !length ? [] : [[position, position + length]],
});

export const isNothing = ({ content, cuts }: Change): boolean => !content && !cuts.length;

/**
 * The steps that make a change, to be done one after the other: from the back of the text to its front
 * (T9).
 */
export function splices({ at, content, cuts }: Change): Splice[] {
  const steps = cuts.map(([start, end]) => ({ start, end, content: "" })).reverse();
  return content ? [...steps, { start: at, end: at, content }] : steps;
}

/** The text after one step. */
export const splice = (text: string, { start, end, content }: Splice): string =>
  text.slice(0, start) + content + text.slice(end);

/** The text after a change. */
export const make = (text: string, change: Change): string => splices(change).reduce(splice, text);

/**
 * What becomes of change `a` once `b`, made to the same text, has gone before it (T10). Where both insert
 * at one place, the content of `a` comes first if `later` is set, and that of `b` if it is not.
 */
export function transform(a: Change, b: Change, later: boolean): Change {
  const moved = (x: number, behind: boolean) => {
    const out = b.cuts.reduce((sum, [start, end]) => sum + Math.max(0, Math.min(end, x) - start), 0);
    return x - out + (b.at < x || (b.at === x && behind) ? b.content.length : 0);
  };
  const cuts: [number, number][] = [];
  const leave = (start: number, end: number) => {
    if (end <= start) return;
    const from = moved(start, true);
    const last = cuts.at(-1);
    if (last && last[1] === from) last[1] += end - start;
    else cuts.push([from, from + end - start]);
  };
  for (const [start, end] of a.cuts) {
    let from = start;
    // What b has cut already, and where it puts something in: `b.at` is never behind its cuts.
    for (const [out, back] of [[b.at, b.at], ...b.cuts] as [number, number][]) {
      leave(from, Math.min(out, end));
      from = Math.max(from, back);
    }
    leave(from, end);
  }
  return { at: moved(a.at, !later), content: a.content, cuts };
}

const isLow = (unit: number) => 0xdc00 <= unit && unit < 0xe000;

/**
 * The one replacement that makes `after` of `before`; `null` if they are the same. It cuts no pair of
 * surrogates in two.
 */
export function difference(before: string, after: string): Splice | null {
  if (before === after) return null;
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  let same = 0;
  while (same < most - start && before.at(-1 - same) === after.at(-1 - same)) same += 1;
  if (isLow(before.charCodeAt(start)) || isLow(after.charCodeAt(start))) start = Math.max(start - 1, 0);
  const end = before.length - same;
  if (isLow(before.charCodeAt(end)) || isLow(after.charCodeAt(after.length - same))) same -= 1;
  return { start, end: before.length - same, content: after.slice(start, after.length - same) };
}

export const changeFrom = ({ start, end, content }: Splice): Change => ({
  at: start,
  content,
  cuts: start < end ? [[start, end]] : [],
});
