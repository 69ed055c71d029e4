// What would be uploaded, as those see it who install it.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkPackage, createPackageFromTarballData, type Problem } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { markdown, sizes } from "../../scripts/sizes.mjs";
import { PACKAGE, type Packed, pack } from "./packed.ts";

const ROOT = join(PACKAGE, "../..");

let packed: Packed;
let data: Buffer;
beforeAll(() => {
  packed = pack();
  data = readFileSync(packed.tarball);
});
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

test("the tarball has the build and the pages, and nothing that is for tests or this repository", () => {
  const files = createPackageFromTarballData(new Uint8Array(data)).listFiles();
  const names = files.map((it) => it.replace("/node_modules/@dormouse/client/", ""));
  expect(names).toContain("dist/dormouse.iife.js");
  expect(names).toContain("docs/useMessages.md");
  expect(names.filter((it) => !/^(dist\/|docs\/[\w-]+\.md$|package\.json$|README\.md$)/.test(it))).toEqual(
    [],
  );
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
  const files = createPackageFromTarballData(new Uint8Array(data)).listFiles();
  const names = files.map((it) => it.replace("/node_modules/@dormouse/client/", ""));
  const pages = names.filter((it) => it.endsWith(".md"));
  expect(pages.length).toBeGreaterThan(25);
  const text = (page: string) =>
    readFileSync(join(packed.folder, "node_modules/@dormouse/client", page), "utf8");
  const headings = (page: string) =>
    [...text(page).matchAll(/^#+ (.*)$/gm)].map(([, it]) => anchor(it ?? ""));
  const broken = pages.flatMap((page) =>
    [...text(page).matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g)].flatMap(([link, to = "", heading]) => {
      const target = to ? join(dirname(page), to) : page;
      const isThere = names.includes(target) && (!heading || headings(target).includes(heading));
      return isThere ? [] : [`${page}: ${link}`];
    }),
  );
  expect(broken).toEqual([]);
  const linked = pages.flatMap((page) =>
    [...text(page).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, to]) => join(dirname(page), to ?? "")),
  );
  expect(pages.filter((it) => it !== "README.md" && !linked.includes(it))).toEqual([]);
});
