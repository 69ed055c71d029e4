// How large each entry is for who installs it, and fails where one is above its bar (entries.mjs).
// `--json` prints the table for other programs, `--markdown` that of README.md.
import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { EXTERNAL, entries, OWN, PACKAGE } from "./entries.mjs";
import { TOLD } from "./told.mjs";

const OPTIONS = {
  absWorkingDir: PACKAGE,
  bundle: true,
  minify: true,
  write: false,
  format: "esm",
  target: "es2022",
  platform: "neutral",
  mainFields: ["module", "main"],
  external: EXTERNAL,
  mangleProps: OWN,
  jsx: "automatic",
};

/**
 * Bundles one entry without the modules in `left`, and without what is loaded only when it is used;
 * says its sizes in bytes and what is in it. `uses` is the one name that is taken from it.
 */
async function bundle(entry, left = new Set(), uses = undefined) {
  const leaveOut = {
    name: "leave-out",
    setup: (it) =>
      it.onResolve({ filter: /^[./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
        if (pluginData || kind === "entry-point") return undefined;
        const found = await it.resolve(path, { kind, resolveDir, pluginData: true });
        const isLeft = kind === "dynamic-import" || left.has(relative(PACKAGE, found.path));
        return isLeft ? { path, external: true } : found;
      }),
  };
  const { outputFiles, metafile } = await build({
    ...OPTIONS,
    ...(uses
      ? { stdin: { contents: `export { ${uses} } from "${entry.path}"`, resolveDir: PACKAGE } }
      : { entryPoints: [entry.path] }),
    metafile: true,
    plugins: [leaveOut],
  });
  const text = outputFiles[0].contents;
  return {
    min: text.length,
    gzip: gzipSync(text, { level: 9 }).length,
    inputs: Object.keys(metafile.inputs),
  };
}

/** What is loaded only when it is used is no part of a bundle. */
const lazy = {
  name: "lazy",
  setup: (it) =>
    it.onResolve({ filter: /^[./]/ }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    ),
};

/** The size of one bundle of several entries. What they share, names and phrases too, is in it once. */
async function together(list) {
  const contents = list.map((it, at) => `export * as m${at} from "${it.path}";`).join("\n");
  const { outputFiles } = await build({
    ...OPTIONS,
    stdin: { contents, resolveDir: PACKAGE },
    plugins: [lazy],
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

/**
 * The sizes of all entries: `{name, min, gzip, adds, bar}`. The bar is for `gzip`, of the entry's own
 * modules by themselves; `adds` is by how much a bundle of all it stands on becomes larger with it.
 */
export async function sizes() {
  const core = entries.find((it) => it.name === "index");
  const rows = [];
  for (const entry of entries) {
    const under = entries.filter((it) => entry !== core && (it === core || entry.over?.includes(it.name)));
    const left = new Set((await Promise.all(under.map((it) => bundle(it)))).flatMap((it) => it.inputs));
    const { min, gzip } = await bundle(entry, left, entry.uses);
    const adds = entry === core ? gzip : (await together([...under, entry])) - (await together(under));
    rows.push({ name: entry.name, min, gzip, adds, bar: entry.bar });
  }
  return rows;
}

/** The table of README.md: what an entry adds, in KB of 1,024 bytes. Its test wants every entry told of. */
export function markdown(rows) {
  const lines = rows.map(({ name, adds }) => {
    const { path, about } = TOLD[name];
    return `| \`@dormouse/client${path}\` | ${about} | ${(adds / 1024).toFixed(1)} |`;
  });
  return ["| entry | has | KB gzipped |", "|---|---|---|", ...lines].join("\n");
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const rows = await sizes();
  if (process.argv.includes("--json")) console.log(JSON.stringify(rows));
  else if (process.argv.includes("--markdown")) console.log(markdown(rows));
  else {
    for (const { name, min, gzip, adds, bar } of rows) {
      const verdict = bar === undefined ? "" : `of ${bar}${gzip <= bar ? "" : "  TOO LARGE"}`;
      console.log(
        `${name.padEnd(14)} ${String(min).padStart(7)} min ${String(gzip).padStart(6)} gzip ${String(adds).padStart(6)} added ${verdict}`,
      );
    }
  }
  if (rows.some((it) => it.bar < it.gzip)) process.exitCode = 1;
}
