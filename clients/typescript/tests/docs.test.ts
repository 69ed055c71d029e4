// What the pages of docs/ show compiles.
import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const ROOT = join(PACKAGE, "../..");
/** Within the package, so that the packages that it uses are found. */
const FOLDER = join(PACKAGE, "examples/.docs");
const BLOCK = /^```(tsx?)\n([\s\S]*?)^```/gm;

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

const { exports } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as {
  exports: Record<string, { types?: string }>;
};

/** The source of each entry, by the name by which it is imported. */
const sources = Object.fromEntries(
  Object.entries(exports).flatMap(([name, { types }]) => {
    const base = types?.replace(/^\.\/dist\/types\/(.*)\.d\.ts$/, `${PACKAGE}src/$1.ts`);
    const path = [base, `${base}x`].find((it) => it && existsSync(it));
    return path ? [[`@dormouse/client${name.slice(1)}`, [path]]] : [];
  }),
);

const pages = globSync("docs/*.md", { cwd: PACKAGE });

test("the code of every page compiles", () => {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  let count = 0;
  for (const page of pages) {
    for (const [, kind, code = ""] of readFileSync(join(PACKAGE, page), "utf8").matchAll(BLOCK)) {
      count += 1;
      writeFileSync(join(FOLDER, `${basename(page, ".md")}-${count}.${kind}`), `${code}\nexport {};\n`);
    }
  }
  expect(count).toBeGreaterThan(30);
  expect(Object.keys(sources)).toHaveLength(Object.keys(exports).length - 1);
  const config = join(FOLDER, "tsconfig.json");
  const compilerOptions = { paths: sources };
  writeFileSync(
    config,
    JSON.stringify({ extends: "../tsconfig.json", compilerOptions, include: ["*.ts", "*.tsx"] }),
  );
  let faults = "";
  try {
    execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["--project", config], { encoding: "utf8" });
  } catch (error) {
    faults = (error as { stdout: string }).stdout;
  }
  expect(faults).toBe("");
});

test.each(Object.keys(sources))("a page shows how %s is imported", (name) => {
  const shown = pages.filter((it) => readFileSync(join(PACKAGE, it), "utf8").includes(`from "${name}"`));
  expect(shown).not.toEqual([]);
});
