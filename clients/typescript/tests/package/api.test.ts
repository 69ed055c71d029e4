// The pages of all that is exported, made of the sources.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { PACKAGE } from "./packed.ts";

const out = mkdtempSync(join(tmpdir(), "dormouse-api-"));
afterAll(() => rmSync(out, { recursive: true, force: true }));

/** It compiles everything once more, which takes a minute where much else runs. */
test("the API pages are made without a warning, and no export and no method lacks a comment", () => {
  const typedoc = join(PACKAGE, "node_modules/.bin/typedoc");
  const args = ["--out", out, "--logLevel", "Warn"];
  const { status, stdout, stderr } = spawnSync(typedoc, args, {
    cwd: PACKAGE,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  expect(`${stdout}${stderr}`).toBe("");
  expect(status).toBe(0);
  for (const it of ["index/classes/Dormouse.md", "index/classes/Room.md", "react/functions/useMessages.md"]) {
    expect(existsSync(join(out, it)), it).toBe(true);
  }
}, 240_000);
