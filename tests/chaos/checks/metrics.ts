// Metrics of analytics rooms: each is published with values that rise.
import type { Entry, Metrics, Sample } from "../history.ts";
import type { Found } from "../violation.ts";

/** What stands for a metric in a log, as callers spell it. */
const SPELLED = /^(.+)=(\d+)\.$/;

export function checkMetrics({ watchers, last }: Metrics, log: Entry[], found: Found): void {
  const published = new Map<string, number>();
  for (const { text, offset } of log) {
    const [, metric = "", number] = SPELLED.exec(text) ?? [];
    const value = Number(number);
    const before = published.get(metric) ?? 0;
    if (value < before) found("reordered", `${metric} is ${value} at ${offset}, and was ${before} before`);
    published.set(metric, value);
  }
  for (const { by, seen, isHere } of watchers) {
    const latest = checkSeen(by, seen, found);
    // Who is connected hears of everything, so that it knows by now how it is.
    if (!isHere) continue;
    for (const [metric, value] of published) {
      const shown = latest.get(metric);
      if ((shown ?? 0) < value) found("gap", `${by} was shown ${shown} of ${metric}, which is ${value}`);
    }
  }
  const told = new Map(last.map(({ metric, value }) => [metric, value]));
  for (const [metric, value] of published) {
    if (told.get(metric) !== value) {
      found("stale", `${metric} is ${value}, and a subscription was told ${told.get(metric)}`);
    }
  }
}

/** What is told of a metric rises. A subscription may say again what is known, but nothing older. */
function checkSeen(by: string, seen: Sample[], found: Found): Map<string, number> {
  const latest = new Map<string, number>();
  for (const { metric, value, isUpdate } of seen) {
    const [now, before] = [value ?? 0, latest.get(metric) ?? 0];
    if (now < before) {
      found(isUpdate ? "reordered" : "stale", `${by} was told ${value} of ${metric} after ${before}`);
    } else if (isUpdate && now === before) {
      found("doubled", `${by} was told ${value} of ${metric} twice`);
    }
    latest.set(metric, Math.max(now, before));
  }
  return latest;
}
