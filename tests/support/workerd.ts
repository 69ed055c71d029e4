// The runtime itself, with a disk, and with nothing between it and the client: for what a
// development proxy would hide, such as a client that does not read, and to be killed.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { mint } from "../../scripts/jwt.mjs";
import { config, objects } from "../../scripts/workerd.mjs";
import { SECRET, type Variables } from "./server.ts";

/** The path of the binary; the package has no types. */
const { default: WORKERD } = createRequire(import.meta.url)("workerd") as { default: string };

const BUNDLE = resolve(".wrangler/bundle");

export class Workerd {
  #child?: ChildProcess;
  readonly #disk = mkdtempSync(join(tmpdir(), "dormouse-workerd-"));
  url = "";

  get origin(): string {
    return this.url.replace("ws", "http");
  }

  /** Serves what is built, on the same disk every time, and on another port. */
  async start(variables: Variables = {}): Promise<void> {
    const storage = join(this.#disk, "storage");
    mkdirSync(storage, { recursive: true });
    const file = join(this.#disk, "workerd.capnp");
    const all = {
      ENVIRONMENT: "development",
      JWT_SECRET: SECRET,
      CONNECTIONS_PER_MINUTE_PER_IP: "0",
      ...variables,
    };
    writeFileSync(file, config({ modules: modules(), objects: objects(), variables: all, storage }));
    // `/` is where the configuration's absolute paths start.
    const args = ["serve", file, "--experimental", "--import-path=/", "--control-fd=3"];
    const child = spawn(WORKERD, args, {
      stdio: ["ignore", "ignore", "inherit", "pipe"],
    });
    this.#child = child;
    const port = await new Promise<number>((listening, failed) => {
      child.once("exit", (code) => failed(new Error(`workerd ended with ${code}`)));
      child.stdio[3]?.on("data", (line: Buffer) => {
        const { event, port } = JSON.parse(line.toString().split("\n")[0] ?? "{}");
        if (event === "listen") listening(port);
      });
    });
    this.url = `ws://127.0.0.1:${port}`;
  }

  /** SIGKILL: nobody gets to say goodbye. What is on the disk stays. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL"); // It may ignore SIGTERM.
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#disk, { recursive: true, force: true });
  }

  /** The users in a room, as everyone with the grant can ask. */
  async present(kind: string, room: string): Promise<string[]> {
    const claims = { sub: "backend", caps: [{ room: `${kind}:${room}`, can: ["presence"] }] };
    const headers = { Authorization: `Bearer ${await mint(claims, { secret: SECRET })}` };
    const url = `${this.url.replace("ws", "http")}/api/v1/rooms/${kind}/${room}/presence`;
    const { members } = (await (await fetch(url, { headers })).json()) as { members: { user_id: string }[] };
    return members.map((it) => it.user_id);
  }

  /** What the objects of a class have on disk, in bytes together. */
  stored(name: string): number {
    const folder = join(this.#disk, "storage");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    // One object each; beside them stands what is of all of a class.
    const objects = files.filter((it) => it.includes(name) && /[0-9a-f]{64}\.[^/]*$/.test(it));
    return objects.reduce((sum, it) => sum + statSync(join(folder, it)).size, 0);
  }

  /** The objects' databases as they are on the disk, after a checkpoint: while nothing is served. */
  pages(): Buffer {
    const folder = join(this.#disk, "storage");
    const files = () =>
      readdirSync(folder, { recursive: true, encoding: "utf8" }).map((it) => join(folder, it));
    for (const file of files().filter((it) => it.endsWith(".sqlite"))) {
      const database = new DatabaseSync(file);
      database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      database.close();
    }
    return Buffer.concat(
      files()
        .filter((it) => statSync(it).isFile())
        .map((it) => readFileSync(it)),
    );
  }

  /** Resident memory, in bytes. */
  memory(): number {
    return this.#status("VmRSS");
  }

  /** The most it ever was. */
  memoryPeak(): number {
    return this.#status("VmHWM");
  }

  #status(line: string): number {
    const status = readFileSync(`/proc/${this.#child?.pid}/status`, "utf8");
    return Number(new RegExp(`^${line}:\\s*(\\d+)`, "m").exec(status)?.[1]) * 1024;
  }
}

/** What `wrangler deploy` would upload, the main module first. */
const modules = () =>
  readdirSync(BUNDLE)
    .filter((it) => /\.(js|wasm)$/.test(it))
    .sort((a, b) => Number(b.endsWith(".js")) - Number(a.endsWith(".js")))
    .map((name) => ({ name, path: join(BUNDLE, name) }));
