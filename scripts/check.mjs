// Everything that can be said about the code without running it. `--fix` mends what can
// be mended.
import { local, run } from "./tools.mjs";

const fix = process.argv.includes("--fix");
const deny = ["--", "-D", "warnings"];
const wasm = ["--target", "wasm32-unknown-unknown"];

const STEPS = [
  ["cargo", ["fmt", ...(fix ? [] : ["--check"])]],
  // The lint block of Cargo.toml, as errors: on the host, and as what is deployed.
  ["cargo", ["clippy", "--quiet", "--all-targets", ...deny]],
  ["cargo", ["clippy", "--quiet", "--lib", ...wasm, ...deny]],
  ["cargo", ["clippy", "--quiet", "--lib", ...wasm, "--features", "chaos", ...deny]],
  [
    local("biome"),
    [fix ? "check" : "ci", ...(fix ? ["--write"] : []), "--error-on-warnings", "--colors=off"],
  ],
  [local("tsc"), ["--project", "tsconfig.json"]],
  // Its sources know no Node, and its tests are checked above.
  [local("tsc"), ["--project", "clients/typescript/tsconfig.json"]],
  [local("tsc"), ["--project", "clients/typescript/examples/tsconfig.json"]],
];

for (const [command, args] of STEPS) {
  console.log(`> ${command.split("/").at(-1)} ${args.join(" ")}`);
  try {
    run(command, args);
  } catch {
    process.exit(1);
  }
}
