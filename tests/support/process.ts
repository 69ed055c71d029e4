// The server as `npm start` runs it, page included: a process with a disk, which can be killed.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { SECRET, secretsIn, type Variables } from "./server.ts";

const WRANGLER = fileURLToPath(new URL("../../node_modules/wrangler/bin/wrangler.js", import.meta.url));

/** It builds the Worker first, where that is not built. */
const START_MS_MAX = 600_000;

export class Process {
  #child?: ChildProcess;
  #port?: number;
  /** The end of what it printed, for when it does not start. */
  #printed = "";
  /** Whether a token or a secret of the tests stood in what it printed. */
  #leaked = false;

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
    this.#port ??= await ownPort();
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
      // By itself it looks for a free one, and two that start at once find the same.
      "--inspector-port",
      String(await ownPort()),
      "--persist-to",
      this.disk,
      ...flags,
    ];
    this.#child = spawn(process.execPath, [WRANGLER, ...args, "--show-interactive-dev-session=false"], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false" },
    });
    this.#printed = "";
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (text: Buffer) => {
        const printed = this.#printed + text;
        this.#leaked ||= secretsIn(printed).length !== 0;
        this.#printed = printed.slice(-4000);
      });
    }
    const deadline = Date.now() + START_MS_MAX;
    while (!(await this.#isUp())) {
      if (deadline < Date.now()) throw new Error(`the server does not start: ${this.#printed}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
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
    if (this.#leaked) throw new Error("the Worker logged a token or a secret");
  }

  async #isUp(): Promise<boolean> {
    const code = this.#child?.exitCode;
    if (code != null) throw new Error(`the server ended with ${code}: ${this.#printed}`);
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

/** Below those that the system gives to whoever asks for any port. */
const [PORT_MIN, PORT_MAX] = [16_384, 32_768];

/** A port that is free, and that nobody is given by the system while its server is down. */
async function ownPort(): Promise<number> {
  for (;;) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN));
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
