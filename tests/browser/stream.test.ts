// A page with an EventSource, which is the browser's own: examples/event-stream.html.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mint } from "../../scripts/jwt.mjs";
import { launch, SOON } from "../support/browser.ts";
import { Process } from "../support/process.ts";
import { SECRET } from "../support/server.ts";

const PAGE = readFileSync(new URL("../../examples/event-stream.html", import.meta.url), "utf8");
const ROOM = "hub/garden";

const disk = mkdtempSync(join(tmpdir(), "dormouse-browser-"));
// A stream ends after half a second to a second, and the page comes back one to five later.
const server = new Process(disk, { STREAM_MAX_MS: "1000", HTTP_PUBLISHES_PER_MINUTE: "0" });
let browser: Browser;

beforeAll(async () => {
  [browser] = await Promise.all([launch(), server.start()]);
}, 600_000);

afterAll(async () => {
  await Promise.allSettled([browser?.close(), server.kill()]);
  rmSync(disk, { recursive: true, force: true });
});

async function publish(type: string, data: unknown): Promise<void> {
  const caps = [{ room: ROOM.replace("/", ":"), can: ["publish"] }];
  const token = await mint({ sub: "backend", caps }, { secret: SECRET });
  const answer = await fetch(`${server.origin}/api/v1/rooms/${ROOM}/events`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    body: JSON.stringify({ type, data }),
  });
  expect(answer.status).toBe(200);
}

test("[J5, J8] a page hears everything once, in order, while its stream ends and begins again", async () => {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("pageerror", (it) => problems.push(String(it)));
  await page.route("**/event-stream.html", (it) => it.fulfill({ contentType: "text/html", body: PAGE }));
  const caps = [{ room: ROOM.replace("/", ":"), can: ["join", "history"] }];
  const token = await mint({ sub: "ann", caps }, { secret: SECRET });
  const asked = new URLSearchParams({ server: server.origin, room: ROOM, events: "grew,bloomed", token });
  await page.goto(`${server.origin}/event-stream.html#${asked}`);
  const status = () => page.locator("#status").textContent();
  const heard = () => page.locator("#log li").allTextContents();
  await expect.poll(status, SOON).toBe("began");

  const said: string[] = [];
  const says = async (type: string) => {
    said.push(`${type} ${said.length}`);
    await publish(type, said.length - 1);
  };
  await says("grew");
  await expect.poll(heard, SOON).toEqual(said);
  for (let round = 0; round < 2; round++) {
    await expect.poll(status, SOON).toBe("away");
    await says("bloomed");
    await publish("wilted", "which the page does not ask for");
    await expect.poll(status, SOON).toBe("went on");
    await says("grew");
    await expect.poll(heard, SOON).toEqual(said);
  }
  const ids = await page.locator("#log li").evaluateAll((all) => all.map((it) => it.getAttribute("title")));
  expect(ids.map((it) => it?.split(":")[1])).toEqual(["1", "2", "4", "5", "7"]);
  expect(problems).toEqual([]);
}, 120_000);
