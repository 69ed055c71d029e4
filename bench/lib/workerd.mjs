// Serves a Worker with workerd itself: no development proxy, storage on disk.
import { mkdirSync, writeFileSync } from "node:fs";
import workerd from "workerd";
import { config } from "../../scripts/workerd.mjs";
import { STATE } from "./paths.mjs";
import { serve } from "./processes.mjs";

/** The binary itself: a wrapper around it would be what is measured. */
export const WORKERD = workerd.default;

/**
 * Starts a Worker. `worker` is `{name, modules, objects, variables}`: modules by file
 * name, the main one first, all in `STATE/<name>/`; objects by binding.
 */
export function serveWorker(worker, storage) {
  mkdirSync(storage, { recursive: true });
  const file = `${STATE}${worker.name}/workerd.capnp`;
  const modules = worker.modules.map((name) => ({ name, path: name }));
  writeFileSync(file, config({ ...worker, modules, storage }));
  return serve(worker.name, WORKERD, ["serve", file, "--experimental", "--control-fd=3"], {
    control: true,
    portOf: (line) => {
      const { event, port } = JSON.parse(line);
      return event === "listen" ? port : undefined;
    },
  });
}
