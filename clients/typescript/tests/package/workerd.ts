// A Worker in workerd itself, which reaches this machine's network: the harness answers what a Worker
// asks for with a fetch of Node's, and that makes no WebSocket.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "bundle.mjs")],
      compatibilityDate = "2026-11-01",
    )),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;

export interface Caller {
  url: string;
  stop(): Promise<void>;
}

/** Bundles the module of a folder, as who deploys it would, and serves it. */
export async function serveWorker(folder: string, module: string, workerd: string): Promise<Caller> {
  const [entry, outfile] = [join(folder, module), join(folder, "bundle.mjs")];
  await build({ entryPoints: [entry], outfile, bundle: true, format: "esm", conditions: ["workerd"] });
  writeFileSync(join(folder, "config.capnp"), CONFIG);
  // It says on its control channel where it listens.
  const child = spawn(workerd, ["serve", "--control-fd=3", "config.capnp"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  let faults = "";
  child.stderr?.on("data", (data) => {
    faults += data;
  });
  const port = await new Promise<number>((resolve, reject) => {
    let said = "";
    child.stdio[3]?.on("data", (data) => {
      said += data;
      const listening = /"event":"listen".*"port":(\d+)/.exec(said);
      if (listening) resolve(Number(listening[1]));
    });
    child.on("error", reject);
    child.on("exit", () => reject(new Error(`workerd ended: ${faults}`)));
  });
  const stop = async () => {
    child.kill();
    await ended;
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}
