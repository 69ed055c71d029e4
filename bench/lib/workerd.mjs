// Serves a Worker with workerd itself: no development proxy, storage on disk.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import workerd from "workerd";
import { ROOT, STATE } from "./paths.mjs";
import { serve } from "./processes.mjs";

const compatibilityDate = /^compatibility_date = "(.+)"/m.exec(
  readFileSync(`${ROOT}wrangler.toml`, "utf8"),
)[1];

/** The binary itself: a wrapper around it would be what is measured. */
export const WORKERD = workerd.default;

/**
 * Starts a Worker. `worker` is `{name, modules, objects, variables}`: modules by file
 * name, the main one first, all in `STATE/<name>/`; objects by binding.
 */
export function serveWorker(worker, storage) {
  mkdirSync(storage, { recursive: true });
  const file = `${STATE}${worker.name}/workerd.capnp`;
  writeFileSync(file, config(worker, storage));
  return serve(worker.name, WORKERD, ["serve", file, "--experimental", "--control-fd=3"], {
    control: true,
    portOf: (line) => {
      const { event, port } = JSON.parse(line);
      return event === "listen" ? port : undefined;
    },
  });
}

const text = JSON.stringify; // As good as Cap'n Proto's own for what stands here.

function config({ modules, objects, variables = {} }, storage) {
  const entries = modules.map((file) => {
    const type = file.endsWith(".wasm") ? "wasm" : "esModule";
    return `(name = ${text(file)}, ${type} = embed ${text(file)})`;
  });
  const bindings = [
    ...Object.entries(variables).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...Object.entries(objects).map(
      ([name, it]) => `(name = ${text(name)}, durableObjectNamespace = ${text(it)})`,
    ),
  ];
  const namespaces = Object.values(objects).map(
    (it) => `(className = ${text(it)}, uniqueKey = ${text(it)}, enableSql = true)`,
  );
  const list = (items) => `[\n    ${items.join(",\n    ")},\n  ]`;
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "disk", disk = (path = ${text(storage)}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);

const worker :Workerd.Worker = (
  compatibilityDate = ${text(compatibilityDate)},
  modules = ${list(entries)},
  bindings = ${list(bindings)},
  durableObjectNamespaces = ${list(namespaces)},
  durableObjectStorage = (localDisk = "disk"),
);
`;
}
