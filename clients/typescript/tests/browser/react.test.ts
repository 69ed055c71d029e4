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

test("[E21, E23, E25] the documented component connects, says something and hears it, beside the panel", async () => {
  const token = await server.token({ user: "ann", room: "seed" });
  const { page, problems, sockets } = await visit("./seed.page.tsx", token);
  const heard: string[] = [];
  page.on("console", async (it) => {
    const [text, message] = it.args();
    if (String(await text?.jsonValue()) === "Received:") heard.push((await message?.jsonValue())?.type);
  });
  await page.getByText("Status: Connected").waitFor();
  await page.getByRole("button", { name: "Send Message" }).click();
  await expect.poll(() => heard, SOON).toContain("test_message");
  await page.keyboard.press("Control+Shift+KeyW");
  const panel = page.getByRole("region", { name: "WebSocket diagnostics" });
  await expect.poll(() => panel.getByRole("status").first().textContent(), SOON).toBe("open");
  await expect.poll(() => panel.getByText("test_message").count(), SOON).toBe(1);
  await page.getByRole("button", { name: "Disconnect" }).first().click();
  await page.getByText("Status: Disconnected").waitFor();
  await expect.poll(() => panel.getByRole("status").first().textContent(), SOON).toBe("idle");
  expect([sockets.length, problems]).toEqual([1, []]);
});

test("[B19, B20, B21] two people type into one text at once, and have the same in the end", async () => {
  const [ann, bob] = await Promise.all(
    ["ann", "bob"].map(async (user) =>
      visit("./document.page.tsx", await server.token({ user, room: "pad" })),
    ),
  );
  if (!ann || !bob) throw new Error("no pages");
  const field = (it: typeof ann) => it.page.getByLabel("Notes");
  const status = (it: typeof ann) => it.page.getByRole("status").textContent();
  for (const it of [ann, bob])
    await expect.poll(() => status(it), SOON).toMatch(/^(ann, bob|bob, ann): saved$/);
  await field(ann).pressSequentially("one two");
  await expect.poll(() => field(bob).inputValue(), SOON).toBe("one two");
  await bob.page.evaluate(() => document.querySelector("textarea")?.setSelectionRange(3, 3));
  await Promise.all([field(ann).pressSequentially(" three"), field(bob).pressSequentially(" and a half")]);
  for (const it of [ann, bob]) {
    await expect.poll(() => field(it).inputValue(), SOON).toBe("one and a half two three");
    expect([it.sockets.length, it.problems]).toEqual([1, []]);
  }
});
