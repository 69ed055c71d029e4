// The table, and the files.
import { writeFileSync } from "node:fs";
import { judge } from "./targets.mjs";

const HEAD = [
  "scenario",
  "peer",
  "in flight",
  "per second",
  "min–max",
  "p50 ms",
  "p99 ms",
  "CPU µs",
  "CPU µs/message",
  "KiB/socket",
  "load",
  "faults",
];

const number = (value) => {
  if (value === null || value === undefined) return "";
  const digits = value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0;
  return value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))/g, digits ? "" : " ");
};

function cells(row) {
  const { per_second: rate } = row;
  return [
    row.scenario,
    row.batched ? `${row.peer}, batched` : row.peer,
    row.in_flight ?? "",
    number(rate?.median),
    rate ? `${number(rate.min)}–${number(rate.max)}` : "",
    number(row.p50_ms),
    number(row.p99_ms),
    number(row.cpu_us),
    number(row.cpu_us_per_message),
    row.bytes_per_socket === undefined ? "" : number(row.bytes_per_socket / 1024),
    row.load_busy === undefined ? "" : `${Math.round(row.load_busy * 100)}%`,
    row.faults ?? "",
  ].map(String);
}

/** Aligned for a terminal: words to the left, numbers to the right. */
export function table(rows) {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((it) => it[column].length)));
  const padded = (line) =>
    line
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join("  ");
  return lines.map((it) => padded(it).trimEnd()).join("\n");
}

const markdown = (head, lines, words) =>
  [head, head.map((_, column) => (column < words ? "---" : "--:")), ...lines]
    .map((it) => `| ${it.join(" | ")} |`)
    .join("\n");

function verdicts(rows) {
  return judge(rows).map(({ scenario, claim, ratio, target, reached }) => [
    scenario,
    claim,
    ratio === undefined ? "not measured" : `${ratio.toFixed(2)}`,
    target,
    ratio === undefined ? "" : reached ? "yes" : "no",
  ]);
}

export function print(results) {
  console.log(`\n${table(results.rows)}\n`);
  for (const [scenario, claim, ratio, target, reached] of verdicts(results.rows)) {
    if (reached)
      console.log(`(${scenario}) ${claim}: ${ratio}, wanted ${target}${reached === "no" ? ": missed" : ""}`);
  }
  for (const failure of results.failures) console.error(`failed: ${failure}`);
}

export function write(path, results) {
  writeFileSync(`${path}.json`, `${JSON.stringify(results, null, 2)}\n`);
  const list = (object) =>
    Object.entries(object)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ");
  const failures = results.failures.map((it) => `- ${it}`).join("\n");
  writeFileSync(
    `${path}.md`,
    `# Measured

Machine: ${list(results.machine)}.
Versions: ${list(results.versions)}.
Medians of ${results.rounds} rounds; what the columns mean stands in [README.md](README.md).

## Ratios

${markdown(["scenario", "what", "ratio", "wanted", "reached"], verdicts(results.rows), 2)}

## Figures

${markdown(HEAD, results.rows.map(cells), 2)}
${failures ? `\n## Failed\n\n${failures}\n` : ""}`,
  );
}
