import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FILE, licenses } from "../../scripts/licenses.mjs";

test("the licences of what the Worker contains are those of Cargo.lock: `npm run licenses` writes them", () => {
  const text = licenses();
  expect(text).toContain("| [serde_json](");
  expect(text, "a licence that is not stated").not.toContain("| ? |");
  expect(readFileSync(FILE, "utf8")).toBe(text);
});
