// The server as an operator runs it: a process with a disk, which can be killed.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { SECRET, type Variables } from "./server.ts";

const WRANGLER = fileURLToPath(new URL("../../node_modules/wrangler/bin/wrangler.js", import.meta.url));

export class Process {
  #child?: ChildProcess;
  #port?: number;

  constructor(
    readonly disk: string,
    readonly variables: Variables = {},
  ) {}

  get url(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Serves what is built, on the same port and disk every time. */
  async start(): Promise<void> {
    this.#port ??= await freePort();
    const variables = {
      ENVIRONMENT: "development",
      JWT_SECRET: SECRET,
      CONNECTIONS_PER_MINUTE_PER_IP: "0",
      ...this.variables,
    };
    const flags = Object.entries(variables).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
    const args = [
      "dev",
      "--ip",
      "127.0.0.1",
      "--port",
      String(this.#port),
      "--persist-to",
      this.disk,
      ...flags,
    ];
    this.#child = spawn(process.execPath, [WRANGLER, ...args, "--show-interactive-dev-session=false"], {
      stdio: "ignore",
      env: { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false" },
    });
    while (!(await this.#isUp())) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  /** SIGKILL, to the runtime first: nobody gets to say goodbye. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child?.pid || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const family = [...descendants(child.pid), child.pid];
    for (const pid of family) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It went by itself.
      }
    }
    await ended;
    this.#child = undefined;
  }

  async #isUp(): Promise<boolean> {
    if (this.#child?.exitCode != null) throw new Error(`the server ended with ${this.#child.exitCode}`);
    try {
      return (await fetch(`${this.origin}/healthz`)).ok;
    } catch {
      return false;
    }
  }
}

/** Children before their parents. */
function descendants(pid: number): number[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const rows = table
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    rows.filter(([, ppid]) => ppid === parent).flatMap(([child = 0]) => [...below(child), child]);
  return below(pid);
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address && typeof address === "object" ? resolve(address.port) : reject()));
    });
  });
}
