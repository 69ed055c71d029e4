// What would be uploaded, as those see it who install it.
import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData, type Problem } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Packed, pack } from "./packed.ts";

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
