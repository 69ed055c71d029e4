// The examples are built from the sources of the package that is beside them. A project of its own
// has `@dormouse/client` in node_modules, and needs none of this.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const { name, exports } = JSON.parse(readFileSync(`${PACKAGE}package.json`, "utf8"));

const alias = Object.entries(exports)
  .filter(([, it]) => it.types)
  .map(([entry, { types }]) => ({
    find: new RegExp(`^${name}${entry.slice(1)}$`),
    replacement: types.replace("./dist/types/", `${PACKAGE}src/`).replace(/\.d\.ts$/, ".ts"),
  }));

export default defineConfig({
  resolve: { alias },
  server: { fs: { allow: [`${PACKAGE}../..`] } },
});
