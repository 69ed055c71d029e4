// What the document of the client protocol shows of React, as it stands there, rendered as a server does.
// tests/browser/seed.page.tsx runs the same component in Chromium, over the real server.
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import { After, App, Before, MyComponent } from "../server/snippets/hooks.tsx";

test("[E21, E25, E38] the hook, the panel's wrapper and both sides of the migration compile and render", () => {
  expect(renderToString(<MyComponent />)).toContain("Disconnected");
  expect(renderToString(<App />)).toBe("<div></div>");
  expect(renderToString(<Before />)).toBe("<p>before disconnected false function</p>");
  expect(renderToString(<After />)).toBe("<p>after false idle function</p>");
});
