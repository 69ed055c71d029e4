// What `npm run docs` makes of the sources: Markdown pages of all that the entries export.
import { readFileSync } from "node:fs";
import { entries } from "./scripts/entries.mjs";

const known = new URL("scripts/undocumented.json", import.meta.url);

/** @type {Partial<import("typedoc").TypeDocOptions>} */
export default {
  name: "@dormouse/client",
  plugin: ["typedoc-plugin-markdown"],
  entryPoints: entries.map((it) => it.path),
  tsconfig: "tsconfig.json",
  readme: "none",
  out: "dist/api",
  disableSources: true,
  // The sources are compiled by other checks.
  skipErrorChecking: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeProtected: true,
  validation: { notDocumented: true, invalidLink: true, notExported: false },
  requiredToBeDocumented: ["Class", "Interface", "TypeAlias", "Function", "Variable"],
  // Nothing. TypeDoc warns of a name in it that has a comment, so that it can only become shorter.
  intentionallyNotDocumented: JSON.parse(readFileSync(known, "utf8")),
};
