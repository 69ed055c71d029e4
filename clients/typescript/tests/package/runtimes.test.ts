// The installed package in each runtime, over the real Worker. Bun and Deno are too large to be
// dependencies: each is tested where it is on the PATH. `npm run test:runtimes` puts them there.
import { execFile } from "node:child_process";
import { accessSync, constants, cpSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Server } from "../../../../tests/support/server.ts";
import { start } from "../server/support.ts";
import { PACK_MS_MAX, PACKAGE, type Packed, pack } from "./packed.ts";
import { serveWorker } from "./workerd.ts";

const WORKERD = join(PACKAGE, "../../node_modules/.bin/workerd");

let packed: Packed;
let server: Server;
beforeAll(async () => {
  packed = pack();
  for (const it of ["exchange.mjs", "program.mjs", "worker.mjs"]) {
    cpSync(join(PACKAGE, "tests/package", it), join(packed.folder, it));
  }
  server = await start();
}, PACK_MS_MAX);
afterAll(async () => {
  await server.stop();
  packed.remove();
});

function isThere(command: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The first thing that is said in a room, as its only client hears it. */
const first = (said: string) => ({ event: "said", data: said, offset: 1, user: "test", acknowledged: 1 });

/** Runs a module of the folder to its end; gives what it printed. A program that hangs is killed. */
async function run(command: string, args: string[]): Promise<string> {
  // Deno writes nothing down, and asks nobody whether there is a newer one.
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
  const { stdout } = await promisify(execFile)(command, args, { cwd: packed.folder, env, timeout: 30_000 });
  return stdout;
}

const RUNTIMES = [
  { name: "Node", command: process.execPath, args: [] },
  { name: "Bun", command: "bun", args: ["--no-install"] },
  {
    name: "Deno",
    command: "deno",
    args: ["run", "--no-remote", "--node-modules-dir=manual", "--allow-net", "--allow-env"],
  },
];

describe.each(RUNTIMES)("$name", ({ name, command, args }) => {
  const isHere = name === "Node" || isThere(command);

  test.runIf(isHere)(
    "says and hears an event over the real Worker, and ends when it has closed",
    async () => {
      const room = `hub:${server.room()}`;
      const printed = await run(command, [...args, "program.mjs", server.http, room, name]);
      expect(JSON.parse(printed)).toEqual(first(name));
    },
  );

  test.runIf(isHere)(
    "imports every entry but those of React, which is the application's to install",
    async () => {
      const names = packed.imports.filter((it) => !/\.json$|\/react$|\/context$/.test(it));
      const lines = names.map(
        (it) => `if (!Object.keys(await import("${it}")).length) throw "${it} is empty";`,
      );
      writeFileSync(
        join(packed.folder, "imports.mjs"),
        `${lines.join("\n")}\nconsole.log(${names.length});\n`,
      );
      expect(names.length).toBeGreaterThan(12);
      expect(await run(command, [...args, "imports.mjs"])).toBe(`${names.length}\n`);
    },
  );
});

test("the twenty lines of README.md say and hear, as they stand there", async () => {
  const [, code = ""] =
    /^```ts\n([\s\S]*?)^```/m.exec(readFileSync(join(PACKAGE, "README.md"), "utf8")) ?? [];
  expect(code).toContain("http://localhost:8787");
  const text = code
    .replace("http://localhost:8787", server.http)
    .replace("chat:demo", `chat:${server.room()}`);
  writeFileSync(join(packed.folder, "readme.ts"), `${text}\nclient.close();\n`);
  const printed = await run(process.execPath, ["readme.ts"]);
  expect(printed).toContain("1 test hello\n");
  expect(printed).toContain("said at 1\n");
  expect(printed).toContain("user: 'test'");
});

test("inside a Worker it says and hears an event over the real Worker", async () => {
  const caller = await serveWorker(packed.folder, "worker.mjs", WORKERD);
  try {
    const asked = { url: server.http, room: `hub:${server.room()}`, said: "from workerd" };
    const response = await fetch(`${caller.url}/?${new URLSearchParams(asked)}`, {
      signal: AbortSignal.timeout(8_000),
    });
    const text = await response.text();
    expect(response.status, text).toBe(200);
    expect(JSON.parse(text)).toEqual(first("from workerd"));
  } finally {
    await caller.stop();
  }
});
