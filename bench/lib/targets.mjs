// What Dormouse is meant to reach, as ratios within one run.

const rate = { name: "rate", of: (row) => row.per_second.median };
const time = { name: "p50", of: (row) => row.p50_ms };
const cpu = { name: "CPU", of: (row) => row.cpu_us };
const memory = { name: "memory", of: (row) => row.bytes_per_socket };

/** Rows are written `scenario peer in_flight batched`, the last two where there is one. */
const compare = (relation) => (scenario, measure, ours, theirs, bound) => {
  return { scenario, measure, ours, theirs, relation, bound };
};
const atLeast = compare("≥");
const atMost = compare("≤");

const TARGETS = [
  ...[1, 16, 64].flatMap((it) => [
    atLeast("a", rate, `volatile dormouse ${it}`, `volatile raw ${it}`, 0.95),
    atLeast("a", rate, `volatile dormouse ${it}`, `volatile partyserver ${it}`, 1.2),
  ]),
  atLeast("a", rate, "volatile dormouse 64 batched", "volatile raw 64", 5),
  atLeast("b", rate, "persisted dormouse 64", "persisted handwritten 64", 1.8),
  atLeast("b", rate, "persisted dormouse 64 batched", "persisted handwritten 64", 10),
  atLeast("b", rate, "persisted dormouse 1", "persisted handwritten 1", 0.95),
  atMost("d", time, "fanout dormouse 1", "fanout raw 1", 1.1),
  atLeast("e", rate, "connects dormouse", "connects partyserver", 0.8),
  atMost("f", time, "wake-ping dormouse", "wake-ping handwritten", 1.5),
  atMost("f", time, "wake-message dormouse", "wake-message handwritten", 1.5),
  atMost("g", time, "history-1000000 dormouse", "history-1000 dormouse", 1.3),
  atMost("g", cpu, "history-1000000 dormouse", "history-1000 dormouse", 1.3),
  atMost("h", memory, "idle-awake dormouse", "idle-awake handwritten", 1.1),
  atMost("h", memory, "idle-asleep dormouse", "idle-asleep handwritten", 1.1),
];

const nameOf = ({ scenario, peer, in_flight, batched }) =>
  [scenario, peer, in_flight, batched && "batched"].filter(Boolean).join(" ");

/** How Dormouse did; without a ratio where one of the two was not measured. */
export function judge(rows) {
  const byName = new Map(rows.map((row) => [nameOf(row), row]));
  return TARGETS.map(({ scenario, measure, ours, theirs, relation, bound }) => {
    const [own, other] = [byName.get(ours), byName.get(theirs)];
    const ratio = own && other ? measure.of(own) / measure.of(other) : undefined;
    const reached = relation === "≥" ? bound <= ratio : ratio <= bound;
    return {
      scenario,
      claim: `${measure.name}, ${ours} : ${theirs}`,
      ratio,
      target: `${relation} ${bound}`,
      reached,
    };
  });
}
