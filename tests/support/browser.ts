// A real browser, for what only one shows.
import { type Browser, chromium as playwright } from "playwright-core";
import { chromium } from "../../scripts/tools.mjs";

const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-smooth-scrolling",
];

/** How long a browser may take for what it does soon. */
export const SOON = { timeout: 20_000 };

export async function launch(): Promise<Browser> {
  const executablePath = chromium();
  if (!executablePath) throw new Error("no Chromium: say where it is in CHROMIUM_PATH");
  return playwright.launch({ executablePath, args: ARGS });
}
