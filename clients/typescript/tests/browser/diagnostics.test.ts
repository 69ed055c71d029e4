// The panel in a real browser, over the real Worker.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, SOON } from "../../../../tests/support/browser.ts";
import type { Server } from "../../../../tests/support/server.ts";
import type { Room } from "../../src/index.ts";
import { start } from "../server/support.ts";
import { faults, type PageServer, servePage } from "./support.ts";

const SCREENSHOTS = fileURLToPath(new URL("screenshots/", import.meta.url));

let server: Server;
let site: PageServer;
let browser: Browser;

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  [server, site, browser] = await Promise.all([start(), servePage("./diagnostics.page.ts"), launch()]);
});

afterAll(() => Promise.allSettled([browser?.close(), site?.stop(), server?.stop()]));

async function visit(more: string, options: Parameters<Browser["newPage"]>[0] = {}) {
  const page = await browser.newPage({ viewport: { width: 1000, height: 860 }, ...options });
  const problems: string[] = [];
  page.on("pageerror", (it) => problems.push(String(it)));
  page.on("console", (it) => it.text().includes("Content Security Policy") && problems.push(it.text()));
  const token = await server.token({ user: "ann", room: "panel" });
  await page.goto(`${site.origin}/?${new URLSearchParams({ url: server.http, token })}${more}`);
  return { page, problems };
}

const panel = (page: Page) => page.getByRole("region", { name: "WebSocket diagnostics" });

test("[E23, E24, E34] the panel shows a connection that is cut and comes back, and copies what it shows", async () => {
  const { page, problems } = await visit("&wsDebug=1", {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const phase = () => panel(page).getByRole("status").first().textContent();
  await expect.poll(phase, SOON).toBe("open");
  await page.evaluate(async () => {
    const { room } = globalThis as unknown as { room: Room };
    room.typing.set(true);
    for (const content of ["one", "two", "three"]) await room.publish("message", { content });
    for (let at = 0; at < 8; at += 1) {
      room.link.ping();
      await new Promise((resolve) => room.link.on("pong", resolve));
    }
  });
  const worker = server.harness.getWorker();
  await worker.evictDurableObject("CHAT_ROOMS", { name: "panel", webSockets: "close" });
  const rows = panel(page).getByRole("table").first().getByRole("row");
  await expect.poll(() => rows.count(), SOON).toBe(3);
  await expect.poll(phase, SOON).toBe("open");
  await page.evaluate(() =>
    (globalThis as unknown as { room: Room }).room.publish("message", { content: "four" }),
  );
  await expect.poll(() => panel(page).getByText("Resumed").locator("+ dd").textContent(), SOON).toBe("yes");
  await page.screenshot({ path: `${SCREENSHOTS}panel-light.png` });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.screenshot({ path: `${SCREENSHOTS}panel-dark.png` });
  const extension = panel(page).getByText("Extension").locator("+ dd");
  expect(await extension.textContent()).toMatch(/^(none|permessage-deflate.*)$/);
  expect(await faults(page)).toEqual([]);

  await panel(page).getByRole("button", { name: "Copy JSON" }).click();
  await panel(page).getByText("Copied.").waitFor();
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  expect(copied).toMatchObject({ phase: "open", user: "ann", recovered: true, stats: { connections: 2 } });
  expect(copied).toMatchObject({ protocol: "dormouse.v2.json", oldestQueuedAt: null });

  await panel(page).getByRole("button", { name: "Disconnect" }).click();
  await expect.poll(phase, SOON).toBe("idle");
  expect(problems).toEqual([]);
});

test("[E23] by keyboard alone: it opens with the focus in it, and gives it back", async () => {
  const { page, problems } = await visit("");
  const own = page.getByRole("button", { name: "Of the page" });
  await own.focus();
  expect(await panel(page).isVisible()).toBe(false);
  await page.keyboard.press("Control+Alt+KeyW");
  await panel(page).waitFor();
  await page.keyboard.press("Tab");
  const focused = () =>
    page.evaluate(() => (document.activeElement?.shadowRoot ?? document).activeElement?.textContent);
  expect(await focused()).toBe("×");
  await page.keyboard.press("Enter");
  expect(await panel(page).isVisible()).toBe(false);
  expect(await focused()).toBe("Of the page");
  expect(problems).toEqual([]);
});

test("[E34] a server that is not there: the wait, the reason and narrow screens", async () => {
  const page = await browser.newPage({ viewport: { width: 390, height: 720 } });
  const away = { url: "http://127.0.0.1:9", token: "test", wsDebug: "1" };
  await page.goto(`${site.origin}/?${new URLSearchParams(away)}`);
  await expect.poll(() => panel(page).getByRole("alert").textContent(), SOON).toContain("NETWORK");
  await expect.poll(() => panel(page).getByText("network").count(), SOON).toBeGreaterThan(3);
  await page.screenshot({ path: `${SCREENSHOTS}panel-failed.png` });
  expect(await faults(page)).toEqual([]);
});
