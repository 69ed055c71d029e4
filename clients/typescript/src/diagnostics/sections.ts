// The parts of the panel, each made from a snapshot.
import type { Attempt } from "../core/observe.ts";
import type { Phase } from "../core/types.ts";
import { bytes, duration, h, time } from "./dom.ts";
import type { Snapshot } from "./snapshot.ts";
import { colour } from "./style.ts";

/** So much time the strip shows at most. */
const STRIP_MS = 300_000;

const section = (title: string, ...content: (HTMLElement | SVGElement)[]) =>
  h("section", {}, h("h3", {}, title), ...content);

const none = (text: string) => h("p", {}, text);

export function status({ phase, retryAt, attempt, at, isPending }: Snapshot): HTMLElement {
  const more =
    retryAt !== null && phase === "failed"
      ? `attempt ${attempt + 1} in ${Math.max(Math.ceil((retryAt - at) / 1000), 0)} s`
      : isPending
        ? "waiting for the hello"
        : "";
  return h(
    "div",
    { className: "state", "aria-hidden": "true" },
    h("span", { className: "phase", style: colour(phase) }, phase),
    more && h("small", {}, more),
  );
}

export function note({ phase, fallbackReason, error }: Snapshot): HTMLElement {
  if (!error) return h("div");
  const text = fallbackReason ? `Given up: ${fallbackReason}` : `${error.code}: ${error.message}`;
  return h("div", { className: "note", style: colour(phase), role: "alert" }, text);
}

export function numbers(it: Snapshot): HTMLElement {
  const { stats, at } = it;
  const rows: [string, string][] = [
    ["Uptime", it.uptimeMs ? duration(it.uptimeMs) : "–"],
    ["Connections", `${stats.connections} of ${stats.attempts}`],
    ["Round trip", stats.rttMs === null ? "–" : duration(stats.rttMs)],
    ["Received", `${stats.received}, ${bytes(stats.bytesReceived)}`],
    ["Sent", `${stats.sent}, ${bytes(stats.bytesSent)}`],
    ["Queue", `${it.queued} waiting`],
    ["Oldest queued", it.oldestQueuedAt === null ? "–" : `${duration(at - it.oldestQueuedAt)} ago`],
    ["Pings sent", String(stats.pings)],
    ["Pongs heard", String(stats.pongs)],
    ["Last activity", stats.lastActivityAt === null ? "–" : `${duration(at - stats.lastActivityAt)} ago`],
  ];
  const { position, recovered, expiresAt } = it;
  if (position?.epoch) rows.push(["Position", String(position.offset)]);
  if (recovered !== undefined) rows.push(["Resumed", recovered ? "yes" : "no"]);
  if (expiresAt !== null) rows.push(["Token ends in", duration(expiresAt - at)]);
  while (rows.length % 3) rows.push(["", ""]);
  return h("dl", {}, ...rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** The phases of the last minutes as a strip, each as wide as it was long. */
export function timeline({ transitions, at }: Snapshot): HTMLElement {
  if (!transitions.length) return section("Phases", none("Nothing has happened yet."));
  const begin = Math.max(transitions[0]?.at ?? at, at - STRIP_MS);
  const spans = transitions.map((it, index) => {
    const end = transitions[index + 1]?.at ?? at;
    return { phase: it.to, ms: end - Math.max(it.at, begin) };
  });
  const seen = spans.filter(({ ms }) => 0 <= ms);
  const label = seen.map(({ phase, ms }) => `${phase} ${duration(ms)}`).join(", ");
  const parts = seen.map(({ phase, ms }) =>
    h("i", { style: `${colour(phase)};flex-grow:${Math.max(ms, 1)}`, title: `${phase} ${duration(ms)}` }),
  );
  const ends = h("div", { className: "ends" }, h("span", {}, time(begin)), h("span", {}, time(at)));
  return section(
    "Phases",
    h("div", { className: "strip", role: "img", "aria-label": label }, ...parts),
    ends,
  );
}

/** The round trips of the last pings as a line. */
export function trips({ rtts }: Snapshot): HTMLElement {
  if (rtts.length < 2) return h("div");
  const most = Math.max(...rtts, 1);
  const [width, height] = [400, 38];
  const points = rtts.map((ms, index) => {
    const x = (index / (rtts.length - 1)) * width;
    return `${x.toFixed(1)},${(height - 3 - (ms / most) * (height - 6)).toFixed(1)}`;
  });
  const make = (tag: string, set: Record<string, string>, ...children: Node[]) => {
    const it = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(set)) it.setAttribute(name, value);
    it.append(...children);
    return it as SVGElement;
  };
  const label = `${rtts.length} pings, the slowest ${duration(most)}`;
  const line = { points: points.join(" "), fill: "none", stroke: "currentColor", "stroke-width": "1.5" };
  const box = {
    viewBox: `0 0 ${width} ${height}`,
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": label,
  };
  const svg = make("svg", box, make("polyline", { ...line, "vector-effect": "non-scaling-stroke" }));
  return section(`Round trips, at most ${duration(most)}`, svg);
}

/** What phase an attempt came to. */
function outcome(it: Attempt, isLast: boolean, phase: Phase): [phase: Phase, text: string] {
  if (it.kind) return ["failed", it.kind];
  if (it.openAt !== undefined)
    return isLast && it.endedAt === undefined ? ["open", "open"] : ["idle", "ended"];
  return it.endedAt === undefined && isLast ? [phase, "under way"] : ["idle", "stopped"];
}

/** The newest first. */
export function attempts({ attempts, at, phase }: Snapshot): HTMLElement {
  if (!attempts.length) return section("Attempts", none("None yet."));
  const head = ["#", "At", "Open for", "Result", "Code and reason", "Retry after"].map((it) =>
    h("th", { scope: "col" }, it),
  );
  const rows = [...attempts].reverse().map((it, index) => {
    const { number, startedAt, openAt, endedAt, code, reason, retryAt } = it;
    const [colourOf, text] = outcome(it, !index, phase);
    const lasted = openAt === undefined ? "–" : duration((endedAt ?? at) - openAt);
    const next = retryAt === undefined || endedAt === undefined ? "" : duration(retryAt - endedAt);
    return h(
      "tr",
      {},
      h("td", {}, String(number)),
      h("td", {}, time(startedAt)),
      h("td", {}, lasted),
      h("td", { className: "c", style: colour(colourOf) }, text),
      h(
        "td",
        { className: "w" },
        code === undefined ? "" : String(code),
        reason && h("small", { title: reason }, reason),
      ),
      h("td", {}, next),
    );
  });
  return section("Attempts", h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)));
}

export function types({ stats: { byType } }: Snapshot): HTMLElement {
  const counts = Object.entries(byType).sort((a, b) => b[1] - a[1]);
  if (!counts.length) return section("Messages by type", none("None yet."));
  const most = counts[0]?.[1] ?? 1;
  const rows = counts.map(([type, count]) =>
    h(
      "tr",
      {},
      h("td", { className: "w" }, type),
      h("td", { className: "n" }, String(count)),
      h("td", { width: "45%" }, h("i", { className: "bar", style: `width:${(100 * count) / most}%` })),
    ),
  );
  return section("Messages by type", h("table", {}, h("tbody", {}, ...rows)));
}

export function features({ features, hello, protocol, extensions, phase }: Snapshot): HTMLElement {
  const told = features.map((it) => h("li", {}, it));
  const version = hello?.accepted_version;
  const title = `Server${version === undefined ? "" : `, version ${version}`}`;
  const isOpen = phase === "open" || phase === "degraded";
  const rows = [
    ["Sub-protocol", protocol],
    ["Extension", extensions],
  ].map(([name, it]) =>
    h("div", {}, h("dt", {}, name), h("dd", { title: it ?? "" }, it ?? (isOpen ? "none" : "–"))),
  );
  return section(
    title,
    h("dl", { className: "two" }, ...rows),
    told.length ? h("ul", {}, ...told) : none("It has not said what it can do."),
  );
}
