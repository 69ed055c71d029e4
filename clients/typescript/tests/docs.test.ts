// What the pages of docs/ show compiles.
import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const ROOT = join(PACKAGE, "../..");
/** Beside the examples, whose tsconfig.json finds the package in its sources. */
const FOLDER = join(PACKAGE, "examples/.docs");
const BLOCK = /^```(tsx?)\n([\s\S]*?)^```/gm;

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

test("the code of every page about a hook, the list, the panel and the storage compiles", () => {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const pages = globSync("docs/{use*,react,messages,diagnostics,indexeddb}.md", { cwd: PACKAGE });
  let count = 0;
  for (const page of pages) {
    for (const [, kind, code = ""] of readFileSync(join(PACKAGE, page), "utf8").matchAll(BLOCK)) {
      count += 1;
      writeFileSync(join(FOLDER, `${basename(page, ".md")}-${count}.${kind}`), `${code}\nexport {};\n`);
    }
  }
  expect(pages.length).toBeGreaterThanOrEqual(12);
  expect(count).toBeGreaterThanOrEqual(pages.length);
  const config = join(FOLDER, "tsconfig.json");
  writeFileSync(config, JSON.stringify({ extends: "../tsconfig.json", include: ["*.ts", "*.tsx"] }));
  let faults = "";
  try {
    execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["--project", config], { encoding: "utf8" });
  } catch (error) {
    faults = (error as { stdout: string }).stdout;
  }
  expect(faults).toBe("");
});
