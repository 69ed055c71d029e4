// A short run of what `npm run chaos` does for as long as one wants. What goes wrong is the same each time.
import { expect, test } from "vitest";
import { report } from "./report.ts";
import { run } from "./run.ts";

/** Its first faults are kills and cuts, of which a busy machine too gets to some within these seconds. */
const SEED = 20_261_130;
const SECONDS = 20;
const CLIENTS = 23;

test("[P10, P11, P12, H5, N7, N16, N22, N24, J5, Y3, Q10, T16, U3, M3, M4, M5, W6, W9, W12, G8, N14, J6] while everything goes wrong nothing that was acknowledged is lost, and nothing is told twice, out of order or after it was deleted", {
  timeout: 600_000,
}, async () => {
  const result = await run({ seed: SEED, seconds: SECONDS, clients: CLIENTS, log: () => {} });
  console.log([`seed ${SEED}, ${SECONDS} s, ${CLIENTS} clients`, ...report(result)].join("\n"));
  expect(result.violations).toEqual([]);
  // It was no idle run, and what the server said was kept.
  expect(result.history.printed.flatMap((it) => it.lines).length).toBeGreaterThan(0);
  expect(result.faults.kills).toBeGreaterThan(0);
  expect(result.faults.cuts).toBeGreaterThan(0);
  const said = result.history.clients.flatMap((it) => it.published);
  expect(said.filter((it) => it.state === "acked").length).toBeGreaterThan(0);
});
