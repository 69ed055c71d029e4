/** The middle value, or the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const rounded = (value) => Number(value.toPrecision(4));

/** One row of the results from the samples of its rounds. */
export function summarise({ samples, ...row }) {
  const of = (field) => samples.map((it) => it[field]).filter((it) => it !== undefined && it !== null);
  const middle = (field) => (of(field).length ? rounded(median(of(field))) : null);
  const rates = of("per_second");
  const spread = (values) => ({
    min: rounded(Math.min(...values)),
    median: rounded(median(values)),
    max: rounded(Math.max(...values)),
  });
  const summary = {
    ...row,
    per_second: rates.length ? spread(rates) : null,
    p50_ms: middle("p50_ms"),
    p99_ms: middle("p99_ms"),
    cpu_us: middle("cpu_us"),
  };
  // What only some scenarios have.
  for (const field of [
    "cpu_us_per_message",
    "deliveries_per_second",
    "deliveries_per_frame",
    "awake_p50_ms",
    "bytes_per_socket",
    "load_busy",
  ]) {
    if (of(field).length) summary[field] = middle(field);
  }
  if (of("p50_ms").length) summary.p50_ms_spread = spread(of("p50_ms"));
  if (of("faults").length) summary.faults = of("faults").reduce((sum, it) => sum + it, 0);
  return { ...summary, rounds: samples.length };
}
