// What a run prints at its end.
import type { Result } from "./run.ts";
import type { Violation } from "./violation.ts";

/** The violations of each kind that are shown; the others are counted. */
const SHOWN_MAX = 5;

export function report(result: Result): string[] {
  const { faults, history, violations, noDisk, took, trace } = result;
  const lines = [`faults: ${list(faults)}`];
  if (noDisk) lines.push(`disk fills were left out: no small file system can be mounted here (${noDisk})`);
  lines.push(`workerd ended by itself ${result.deaths} times; ${result.calls} calls to services`);
  const dialects = [...new Set(history.clients.map((it) => it.dialect))].sort();
  for (const dialect of dialects) {
    const own = history.clients.filter((it) => it.dialect === dialect);
    const said = own.flatMap((it) => it.published);
    const count = (state: string) => said.filter((it) => it.state === state).length;
    const seen = own.flatMap((it) => it.spans).reduce((sum, it) => sum + it.seen.length, 0);
    lines.push(
      `${dialect.padEnd(16)} ${said.length} said: ${count("acked")} acknowledged, ` +
        `${count("ambiguous")} ambiguous; ${seen} events seen`,
    );
  }
  const logs = history.rooms.map((it) => `${it.name} ${it.http.length}`);
  lines.push(`logs: ${logs.join(", ")}; ${Math.round(result.stored / 1024)} KiB on disk`);
  const words = history.documents.reduce((sum, it) => sum + it.acked.length, 0);
  const answers = history.conversations.reduce((sum, it) => sum + it.responses.length, 0);
  const told = history.deliveries.reduce((sum, it) => sum + it.arrivals.length, 0);
  const gone = history.erasures.length;
  lines.push(`${words} words in texts, ${answers} answers in conversations, ${told} events told to services`);
  const { wal, free } = result.left;
  lines.push(
    `${gone} texts deleted or replaced; left of them: ${wal} in write-ahead logs, ${free} in free space of pages`,
  );
  const samples = history.metrics.flatMap((it) => it.watchers).reduce((sum, it) => sum + it.seen.length, 0);
  if (samples) lines.push(`${samples} values of metrics told to those who watch them`);
  const { objects } = history;
  const deleted = objects.filter((it) => it.state === "deleted").length;
  if (objects.length) lines.push(`${objects.length} objects of large data, of which ${deleted} were deleted`);
  const epochs = history.wiped.flatMap((it) =>
    it.readers.flatMap(({ spans }) => spans.map((one) => one.epoch)),
  );
  const erasures = history.wiped.reduce((sum, it) => sum + it.erasures.length, 0);
  lines.push(`${erasures} erasures of rooms acknowledged; readers came into ${new Set(epochs).size} logs`);
  const printed = history.printed.reduce((sum, it) => sum + it.lines.length, 0);
  lines.push(`${printed} lines printed, in which tokens, secrets and texts were looked for`);
  lines.push(`gaps that clients mended: ${result.gaps}; settled within ${list(took)} ms`);
  const by = (kind: Violation["invariant"]) => violations.filter((it) => it.invariant === kind);
  const kinds = [...new Set(violations.map((it) => it.invariant))];
  for (const kind of kinds) {
    for (const it of by(kind).slice(0, SHOWN_MAX)) lines.push(`VIOLATED ${kind} in ${it.room}: ${it.what}`);
    if (SHOWN_MAX < by(kind).length) lines.push(`… and ${by(kind).length - SHOWN_MAX} more ${kind}`);
  }
  if (trace) lines.push(`trace: ${trace}`);
  const main = ["lost", "doubled", "reordered"] as const;
  const others = kinds.filter((it) => !main.some((one) => one === it));
  const counts = [...main, ...others].map((it) => `${by(it).length} ${it}`);
  lines.push(`${counts.join(", ")}${violations.length ? "" : "; nothing violated"}`);
  return lines;
}

const list = (all: Record<string, number>) =>
  Object.entries(all)
    .map(([name, it]) => `${it} ${name}`)
    .join(", ");
