// Python with what the example in Python needs, in a folder of its own.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../.wrangler/python/", import.meta.url));
const PYTHON = `${FOLDER}bin/python`;
/** The version that the example says. */
const WEBSOCKETS = "websockets==15.0.1";

function runs(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Whether this machine has a Python that is new enough and can make folders of its own. */
export const hasPython = () => runs("python3", "-c", "import sys, venv; assert (3, 9) <= sys.version_info");

/** The interpreter; it is installed first if it is missing. */
export function python(): string {
  if (!existsSync(PYTHON) || !runs(PYTHON, "-c", "import websockets")) {
    execFileSync("python3", ["-m", "venv", FOLDER]);
    execFileSync(PYTHON, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", WEBSOCKETS]);
  }
  return PYTHON;
}
