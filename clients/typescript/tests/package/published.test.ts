// What would be uploaded, as those see it who install it.
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkPackage, createPackageFromTarballData, type Problem } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { markdown, sizes } from "../../scripts/sizes.mjs";
import { PACK_MS_MAX, PACKAGE, type Packed, pack } from "./packed.ts";

const ROOT = join(PACKAGE, "../..");

let packed: Packed;
let data: Buffer;
beforeAll(() => {
  packed = pack();
  data = readFileSync(packed.tarball);
}, PACK_MS_MAX);
afterAll(() => packed.remove());

/** The package has ES modules only: `require` and resolution as before Node 12 are not for it. */
const isOurs = (problem: Problem) =>
  !("resolutionKind" in problem) || !["node10", "node16-cjs"].includes(problem.resolutionKind);

const toTarball = (it: Buffer) =>
  it.buffer.slice(it.byteOffset, it.byteOffset + it.byteLength) as ArrayBuffer;

test("publint finds nothing in the tarball, not even a suggestion", async () => {
  const { messages, pkg } = await publint({ pack: { tarball: toTarball(data) } });
  expect(pkg?.name).toBe("@dormouse/client");
  expect(messages.map((it) => formatMessage(it, pkg as Record<string, unknown>, { color: false }))).toEqual(
    [],
  );
});

test("the types of every entry are those of its module, for Node and for bundlers", async () => {
  const result = await checkPackage(createPackageFromTarballData(new Uint8Array(data)));
  if (!result.types) throw new Error("The tarball has no types");
  const entries = Object.entries(result.entrypoints);
  expect(entries.map(([name]) => `@dormouse/client${name.slice(1)}`)).toEqual(packed.imports);
  for (const [name, { resolutions }] of entries) {
    if (name.endsWith(".json")) continue;
    for (const kind of ["node16-esm", "bundler"] as const) {
      expect(resolutions[kind].resolution?.isTypeScript, `${name}, ${kind}`).toBe(true);
    }
  }
  expect(result.problems.filter(isOurs)).toEqual([]);
});

/** Every file of the tarball. */
function listed(): string[] {
  const files = createPackageFromTarballData(new Uint8Array(data)).listFiles();
  return files.map((it) => it.replace("/node_modules/@dormouse/client/", ""));
}

const installed = (name: string) =>
  readFileSync(join(packed.folder, "node_modules/@dormouse/client", name), "utf8");

test("the tarball has the build, the pages and the licences, and nothing that is for tests or this repository", () => {
  const names = listed();
  expect(names).toContain("dist/dormouse.iife.js");
  expect(names).toContain("docs/useMessages.md");
  const known = /^(dist\/|docs\/[\w-]+\.md$|package\.json$|README\.md$|LICENSE-(MIT|APACHE)$)/;
  expect(names.filter((it) => !known.test(it))).toEqual([]);
  for (const it of ["LICENSE-MIT", "LICENSE-APACHE"]) {
    expect(installed(it)).toBe(readFileSync(join(ROOT, it), "utf8"));
  }
});

test("every package that is bundled is named in the notices, with its version and its licence", () => {
  // The file for <script> has no map; its modules are among those of the first entry.
  const maps = listed().filter((it) => it.endsWith(".js.map"));
  const sources = maps.flatMap((it) => (JSON.parse(installed(it)) as { sources: string[] }).sources);
  const found = sources.map((it) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(it)?.[1]);
  const bundled = [...new Set(found.filter((it) => it !== undefined))].sort();
  expect(bundled).toEqual(["@msgpack/msgpack", "idb-keyval"]);
  const text = installed("dist/THIRD-PARTY-NOTICES.txt");
  for (const name of bundled) {
    const folder = join(ROOT, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    expect(text).toContain(`${name} ${version} (${license})`);
    const [file] = globSync("LICEN[CS]E*", { cwd: folder });
    expect(text).toContain(readFileSync(join(folder, file ?? ""), "utf8").trim());
  }
  expect(text.match(/^\S+ \d+\.\d+\.\d+ \(/gm)).toHaveLength(bundled.length);
});

test("the code of README.md compiles against what is installed", () => {
  const text = readFileSync(join(PACKAGE, "README.md"), "utf8");
  const blocks = [...text.matchAll(/^```(tsx?)\n([\s\S]*?)^```/gm)];
  expect(blocks.map(([, kind]) => kind)).toEqual(["ts", "tsx"]);
  for (const [, kind, code] of blocks) writeFileSync(join(packed.folder, `readme.${kind}`), code ?? "");
  const types = (name: string) => [join(ROOT, "node_modules/@types", name)];
  const compilerOptions = {
    ...{ strict: true, noEmit: true, target: "ES2022", module: "ESNext", moduleResolution: "Bundler" },
    ...{ lib: ["ES2022", "ESNext.Disposable", "DOM"], jsx: "react-jsx", types: [] },
    // Their names are those of the application's own React.
    paths: { react: types("react"), "react/*": types("react/*") },
  };
  const files = ["readme.ts", "readme.tsx"];
  writeFileSync(join(packed.folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  const { status, stdout } = spawnSync(tsc, ["-p", "tsconfig.json"], {
    cwd: packed.folder,
    encoding: "utf8",
  });
  expect(stdout).toBe("");
  expect(status).toBe(0);
});

test("README.md tells of every entry, and of sizes that are true within half a KB", async () => {
  const text = readFileSync(join(PACKAGE, "README.md"), "utf8");
  const table = (it: string): Record<string, number> =>
    Object.fromEntries(
      [...it.matchAll(/^\| `(@dormouse\/[^`]*)` .* \| ([\d.]+) \|$/gm)].map((row) => [
        row[1],
        Number(row[2]),
      ]),
    );
  const [said, measured] = [table(text), table(markdown(await sizes()))];
  expect(Object.keys(said)).toEqual(packed.imports.filter((it) => !it.endsWith(".json")));
  expect(Object.keys(measured)).toEqual(Object.keys(said));
  const wrong = Object.entries(said).filter(([name, kb]) => 0.5 < Math.abs(kb - (measured[name] ?? 0)));
  expect(wrong).toEqual([]);
});

/** What a heading is linked to by. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, "")
    .trim()
    .replaceAll(" ", "-");

test("every relative link of README.md and the pages leads to a file of the tarball, and to a heading in it", () => {
  const names = listed();
  const pages = names.filter((it) => it.endsWith(".md"));
  expect(pages.length).toBeGreaterThan(25);
  const headings = (page: string) =>
    [...installed(page).matchAll(/^#+ (.*)$/gm)].map(([, it]) => anchor(it ?? ""));
  const broken = pages.flatMap((page) =>
    [...installed(page).matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g)].flatMap(
      ([link, to = "", heading]) => {
        const target = to ? join(dirname(page), to) : page;
        const isThere = names.includes(target) && (!heading || headings(target).includes(heading));
        return isThere ? [] : [`${page}: ${link}`];
      },
    ),
  );
  expect(broken).toEqual([]);
  const linked = pages.flatMap((page) =>
    [...installed(page).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, to]) => join(dirname(page), to ?? "")),
  );
  expect(pages.filter((it) => it !== "README.md" && !linked.includes(it))).toEqual([]);
});
