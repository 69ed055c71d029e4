// npm run chaos -- [--seconds 60] [--seed N] [--clients N]
// Clients of every dialect talk through cables that are cut while the server is killed, evicted, stopped
// and run out of disk; at the end nothing may be lost, doubled or out of order. See CONTRIBUTING.md.
import { parseArgs } from "node:util";
import { report } from "../tests/chaos/report.ts";
import { CLIENTS } from "../tests/chaos/roster.ts";
import { run } from "../tests/chaos/run.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    clients: { type: "string", default: String(CLIENTS) },
  },
});
const stop = new AbortController();
const [seconds, seed, clients] = [values.seconds, values.seed, values.clients].map(Number);

// What is mounted and started is taken away again, however it ends.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop.abort());
console.log(`seed ${seed}, ${seconds} s, ${clients} clients`);
const result = await run({ seconds, seed, clients, log: console.log, signal: stop.signal });
for (const line of report(result)) console.log(line);
process.exit(result.violations.length ? 1 : 0);
