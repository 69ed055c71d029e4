// Pages of a test's own in Chromium: one module, bundled, on a server that serves nothing else.
import { readFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type axe from "axe-core";
import { build } from "esbuild";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Levels A and AA of WCAG 2.2. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

const HTML = `<!doctype html><html lang="en"><meta charset="utf-8"><title>A test</title><link rel="icon" href="data:,">
<main id="root"></main><script type="module" src="/page.js"></script>`;

/** As strict as a page can be: no style and no script of its own but from its server, and no markup from text. */
const POLICY = [
  ...["default-src 'none'", "script-src 'self'", "connect-src *", "img-src data:"],
  ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
].join("; ");

export interface PageServer {
  /** Without a slash at the end. */
  origin: string;
  stop(): Promise<void>;
}

/** Serves a page that runs this module, which stands beside the test. */
export async function servePage(module: string): Promise<PageServer> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(module, import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"development"' },
  });
  const script = outputFiles[0]?.text ?? "";
  const server: HttpServer = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("Content-Security-Policy", POLICY);
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : HTML);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

/**
 * What axe finds wrong with a page as it looks now, in the light and the dark scheme: the rule and where.
 * The page is left in the light one.
 */
export async function faults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const all: string[] = [];
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations, passes } = await page.evaluate(
      (rules) => (globalThis as unknown as { axe: typeof axe }).axe.run(document, { runOnly: rules }),
      RULES,
    );
    if (!passes.some((it) => it.id === "color-contrast")) all.push(`${colorScheme}: no text was looked at`);
    for (const { id, nodes } of violations) {
      for (const it of nodes) all.push(`${colorScheme} ${id}: ${it.target} ${it.failureSummary}`);
    }
  }
  return all;
}
