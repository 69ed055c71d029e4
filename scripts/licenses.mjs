// npm run licenses: writes docs/LICENSES.md, the licences of the crates that the Worker's wasm is made of.
// A test says when it is stale.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";

export const FILE = "docs/LICENSES.md";

/** The crates that are linked into the wasm: neither what runs in the compiler, nor what tests it. */
function linked() {
  const args = ["metadata", "--format-version=1", "--locked", "--filter-platform=wasm32-unknown-unknown"];
  const { packages, resolve } = JSON.parse(
    execFileSync("cargo", args, {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
  const byId = new Map(packages.map((it) => [it.id, it]));
  const nodes = new Map(resolve.nodes.map((it) => [it.id, it]));
  const isMacro = (id) => byId.get(id).targets.some((it) => it.kind.includes("proc-macro"));
  const found = new Set();
  const walk = (id) => {
    if (found.has(id) || isMacro(id)) return;
    found.add(id);
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps)
      if (kinds.some((it) => it.kind === null)) walk(pkg);
  };
  walk(resolve.root);
  found.delete(resolve.root);
  return [...found].map((id) => byId.get(id)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function licenses() {
  const rows = linked().map(({ name, version, license, repository }) => {
    const link = repository ? `[${name}](${repository})` : name;
    return `| ${link} | ${version} | ${(license ?? "?").replaceAll("/", " OR ")} |`;
  });
  return `# Licences of what the Worker contains

Dormouse itself is under MIT or Apache-2.0, as you like. The wasm is made of it, of Rust's standard library
(MIT OR Apache-2.0) and of the crates below; some of them leave no code in it. Written by \`npm run licenses\`;
\`npm run deny\` checks that no other licence comes in.

| crate | version | licence |
|---|---|---|
${rows.join("\n")}
`;
}

if (process.argv[1]?.endsWith("licenses.mjs")) writeFileSync(FILE, licenses());
