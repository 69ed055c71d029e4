// Makes single modules of Workers, as a deployment would.
import { cpSync, readdirSync, rmSync } from "node:fs";
import { PEERS, ROOT, STATE, tool } from "./paths.mjs";
import { output } from "./processes.mjs";

/** Dormouse as `wrangler deploy` would upload it; builds it first if it has changed. */
export async function bundleDormouse() {
  const folder = `${STATE}dormouse`;
  rmSync(folder, { recursive: true, force: true });
  const env = { CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false" };
  await output(tool("wrangler"), ["deploy", "--dry-run", "--outdir", folder], { cwd: ROOT, env });
  return modules(folder);
}

/** Another build of Dormouse, from a folder that `wrangler deploy --dry-run --outdir` made. */
export async function bundleOther(from, name) {
  const folder = `${STATE}${name}`;
  rmSync(folder, { recursive: true, force: true });
  cpSync(from, folder, { recursive: true });
  return modules(folder);
}

function modules(folder) {
  const wasm = readdirSync(folder).filter((it) => it.endsWith(".wasm"));
  return ["entry.js", ...wasm];
}

export async function bundlePeer(name) {
  const file = `${name}.js`;
  await output(tool("esbuild"), [
    `${PEERS}${name}.mjs`,
    "--bundle",
    "--format=esm",
    "--target=esnext",
    "--external:cloudflare:*",
    `--outfile=${STATE}${name}/${file}`,
  ]);
  return [file];
}
