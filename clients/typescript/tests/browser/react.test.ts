// React in a real browser, over the real Worker.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, SOON } from "../../../../tests/support/browser.ts";
import type { Server } from "../../../../tests/support/server.ts";
import { start } from "../server/support.ts";
import { type PageServer, servePage } from "./support.ts";

let server: Server;
const pages: PageServer[] = [];
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([start(), launch()]);
});

afterAll(() => Promise.allSettled([browser?.close(), server?.stop(), ...pages.map((it) => it.stop())]));

/** A page, and all that the browser complained about. */
async function visit(module: string, token: string) {
  const site = await servePage(module);
  pages.push(site);
  const page = await browser.newPage();
  const problems: string[] = [];
  const sockets: { isClosed(): boolean }[] = [];
  page.on("console", (it) => ["error", "warning"].includes(it.type()) && problems.push(it.text()));
  page.on("pageerror", (it) => problems.push(String(it)));
  page.on("websocket", (it) => sockets.push(it));
  await page.goto(`${site.origin}/?${new URLSearchParams({ url: server.http, token })}`);
  return { page, problems, sockets };
}

test("StrictMode opens one socket, which is closed with the last component, and nothing is said twice", async () => {
  const token = await server.token({ user: "ann", room: "strict" });
  const { page, problems, sockets } = await visit("./room.page.tsx", token);
  const status = () => page.getByRole("status").textContent();
  await expect.poll(status, SOON).toBe("open, 1 here");

  const said = ["one", "two", "three"];
  for (const it of said) {
    await page.getByLabel("Message").fill(it);
    await page.getByLabel("Message").press("Enter");
  }
  const texts = () => page.getByRole("listitem").allTextContents();
  await expect.poll(texts, SOON).toEqual(said);
  expect(sockets).toHaveLength(1);

  await page.getByRole("button", { name: "Hide" }).click();
  await expect.poll(() => sockets.map((it) => it.isClosed()), SOON).toEqual([true]);
  await page.getByRole("button", { name: "Show" }).click();
  await expect.poll(status, SOON).toBe("open, 1 here");
  await expect.poll(texts, SOON).toEqual(said);
  expect(sockets).toHaveLength(2);
  expect(problems).toEqual([]);
});

test("[B16, M4] a component shows the last value of a metric, and each that is published", async () => {
  const publish = (value: number) =>
    server.call("POST", "/api/v1/rooms/analytics/plant/events", {
      type: "metric_update",
      data: { metric: "load", value },
    });
  expect((await publish(7)).status).toBeLessThan(300);
  const { page, problems, sockets } = await visit("./metric.page.tsx", "test");
  const values = () => page.getByRole("status").allTextContents();
  await expect.poll(values, SOON).toEqual(["7", "7"]);
  await publish(8);
  await expect.poll(values, SOON).toEqual(["8", "8"]);
  expect([sockets.length, problems]).toEqual([1, []]);
});
