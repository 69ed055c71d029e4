import { existsSync, globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FOLDER, render } from "../../scripts/frames/generate.mjs";
import { CLOSE_CODES, DEFAULT_LIMITS, ERROR_CODES, type native } from "../../src/frames/index.ts";

test("[E28] the committed types and schemas are what docs/asyncapi.json says today", {
  timeout: 120_000,
}, () => {
  const rendered: Record<string, string> = render();
  const names = Object.keys(rendered).sort();
  expect(globSync("**/*.ts", { cwd: FOLDER }).sort()).toEqual(names);
  for (const name of names) {
    const committed = existsSync(FOLDER + name) && readFileSync(FOLDER + name, "utf8");
    const what = `${name}: run node clients/typescript/scripts/frames/generate.mjs`;
    expect(committed === rendered[name], what).toBe(true);
  }
});

test("[N6] the limits, codes and close codes are those of the server", () => {
  const vectors = JSON.parse(readFileSync("tests/vectors/native.json", "utf8"));
  const hello = vectors.out.find((it: { type: string }) => it.type === "hello");
  expect(DEFAULT_LIMITS).toEqual(hello.limits);
  const rules = readFileSync("docs/PROTOCOL.md", "utf8");
  for (const code of ERROR_CODES) expect(rules).toContain(code);
  for (const code of CLOSE_CODES) expect(rules).toContain(String(code));
});

test("[N9, N34] frames of the native protocol are typed, those of presence and typing too", () => {
  const enter: native.ClientFrame = {
    type: "command",
    id: "1",
    command: "presence.enter",
    params: { data: {} },
  };
  const typing: native.ClientPublishTyping = { type: "publish", event: "typing", data: { on: true } };
  const heard: native.ServerEventTyping = {
    type: "event",
    event: "typing",
    at: 1,
    user: "ann",
    data: { on: true },
  };
  // @ts-expect-error a publish has an event
  const bad: native.ClientPublish = { type: "publish" };
  expect([enter.type, typing.data.on, heard.data.on, bad.event]).toEqual(["command", true, true, undefined]);
});
