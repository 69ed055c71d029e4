// Runs steps: each against a server of its own, peers in alternating order.
import { mkdirSync, rmSync } from "node:fs";
import { LOAD, STATE } from "./paths.mjs";
import { output } from "./processes.mjs";

/** Rows come together by these. */
const key = ({ scenario, peer, in_flight, batched }) => [scenario, peer, in_flight, batched].join();

/** Collects samples by row; a sample that failed is none, but is remembered. */
export class Samples {
  #rows = new Map();
  failures = [];

  add(row, sample) {
    const known = this.#rows.get(key(row)) ?? { ...row, samples: [] };
    known.samples.push(sample);
    this.#rows.set(key(row), known);
  }

  rows = () => [...this.#rows.values()];
}

/**
 * One step, all rounds. `targets` are `{peer, batched}`; `seeded` gives the
 * folder with a peer's storage, where that must hold something already.
 */
export async function measure({ scenario, step, targets, rounds, timing, samples, seeded, isLate, tell }) {
  for (let round = 0; round < rounds; round++) {
    // There and back, so that nobody always comes first after a pause or last in the heat.
    for (const target of round % 2 ? targets.toReversed() : targets) {
      const { peer, batched } = target;
      if (isLate()) {
        tell({ scenario: scenario.name, peer: peer.name, batched }, round, { skipped: "the time is up" });
        continue;
      }
      try {
        const report = await once(peer, batched, step, timing, seeded?.(peer));
        for (const { name = step.name ?? scenario.name, ...sample } of step.rows(report)) {
          const row = { scenario: name, peer: peer.name, in_flight: step.in_flight ?? null, batched };
          samples.add(row, sample);
          tell(row, round, sample);
        }
      } catch (error) {
        samples.failures.push(
          `${scenario.name}, ${peer.name}${batched ? ", batched" : ""}: ${error.message}`,
        );
        tell({ scenario: scenario.name, peer: peer.name, batched }, round, { error: error.message });
      }
    }
  }
}

async function once(peer, batched, step, timing, seeded) {
  const storage = `${STATE}storage/${peer.name}`;
  rmSync(storage, { recursive: true, force: true });
  mkdirSync(storage, { recursive: true });
  const server = await peer.start(peer.modules, seeded ?? storage);
  try {
    const query = batched ? "&batch=1" : "";
    const url = peer.url(server.port) + query;
    const urls = peer.userUrls?.(server.port).map((it) => it + query) ?? [url];
    const args = step.args({ url, urls });
    if (!args.includes("--url")) args.push("--url", url);
    if (args[0] !== "wake") args.push("--pid", `${server.pid}`);
    if (peer.framing) args.push("--framing", peer.framing);
    if (step.time) args.push("--warmup-ms", `${timing.warmup}`, "--measured-ms", `${timing.measured}`);
    return JSON.parse(await output(LOAD, args));
  } finally {
    await server.stop();
  }
}
