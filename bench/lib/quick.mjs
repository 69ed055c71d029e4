// The subset that ends within a minute: it shows that everything works, and roughly how
// fast; one short round proves nothing.

export const quick = {
  /** When no further measurement begins. */
  msMax: 50_000,

  scenarios: (all) =>
    all.filter((it) => it.name in STEPS).map((it) => ({ ...it, steps: it.steps.filter(STEPS[it.name]) })),
};

/** Scenarios and those of their steps that say most; sleeping and filling up take too long. */
const STEPS = {
  volatile: (it) => it.in_flight === 16,
  persisted: (it) => it.in_flight === 64,
  fanout: () => true,
  connects: () => true,
  history: (it) => it.entries === "1000",
};
