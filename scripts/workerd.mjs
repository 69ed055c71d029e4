// A Worker on workerd itself, without a development proxy: its configuration, in Cap'n
// Proto's text form. For the bench, and for tests that a proxy would blind.
import { readFileSync } from "node:fs";

const wrangler = () => readFileSync(new URL("../wrangler.toml", import.meta.url), "utf8");

/** Our own object classes by binding, as wrangler.toml has them. */
export const objects = () =>
  Object.fromEntries(
    [...wrangler().matchAll(/^name = "(\w+)"\nclass_name = "(\w+)"/gm)].map(([, name, it]) => [name, it]),
  );

const text = JSON.stringify; // As good as Cap'n Proto's own for what stands here.
const list = (items) => `[\n    ${items.join(",\n    ")},\n  ]`;

/**
 * The configuration. `modules`: the files' names, the main one first, each with a path that
 * `embed` finds; `objects`: classes by binding; `storage`: an absolute path; `evictor`: the path of a
 * module that may put objects to sleep, which listens on a socket of its own.
 */
export function config({ modules, objects, variables = {}, storage, evictor = "" }) {
  const date = /^compatibility_date = "(.+)"/m.exec(wrangler())[1];
  const [flags] = /^compatibility_flags = (\[.*\])/m.exec(wrangler()).slice(1);
  const entries = modules.map(({ name, path }) => {
    const type = name.endsWith(".wasm") ? "wasm" : "esModule";
    return `(name = ${text(name)}, ${type} = embed ${text(path)})`;
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
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    # What the Worker fetches may be on this machine too.
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
    (name = "disk", disk = (path = ${text(storage)}, writable = true)),${evictor ? '\n    (name = "evictor", worker = .evictor),' : ""}
  ],
  sockets = ${list(["worker", ...(evictor ? ["evictor"] : [])].map(listener))},
);

const worker :Workerd.Worker = (
  compatibilityDate = ${text(date)},
  compatibilityFlags = ${flags},
  modules = ${list(entries)},
  bindings = ${list(bindings)},
  durableObjectNamespaces = ${list(namespaces)},
  durableObjectStorage = (localDisk = "disk"),
);
${evictor ? evicting(evictor, objects, date) : ""}`;
}

const listener = (service) => {
  const name = service === "worker" ? "http" : service;
  return `(name = ${text(name)}, address = "127.0.0.1:0", http = (), service = ${text(service)})`;
};

/** A second Worker, which reaches the objects of the first. */
function evicting(path, objects, date) {
  const bindings = Object.entries(objects).map(
    ([name, it]) =>
      `(name = ${text(name)}, durableObjectNamespace = (className = ${text(it)}, serviceName = "worker"))`,
  );
  return `
const evictor :Workerd.Worker = (
  compatibilityDate = ${text(date)},
  compatibilityFlags = ["unsafe_module"],
  modules = [(name = "evict.mjs", esModule = embed ${text(path)})],
  bindings = ${list(bindings)},
);
`;
}
