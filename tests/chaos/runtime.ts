// The runtime under test: one workerd on a disk of its own, which is killed, stopped, filled up and
// started again, and beside the Worker a second one in it that evicts rooms.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { config, objects } from "../../scripts/workerd.mjs";

const { default: WORKERD } = createRequire(import.meta.url)("workerd") as { default: string };
const BUNDLE = resolve(".wrangler/bundle");
/** The disk that fills up. All that a run of 20 minutes stores is a third of it. */
const DISK_BYTES = 256 << 20;
/** A disk that is full may keep it from starting: then it is tried again. */
const START_TRIES = 40;
const START_RETRY_MS = 250;
/** A room that is busy is not evicted; nobody waits for it. */
const EVICT_MS = 3000;

const EVICTOR = `import unsafe from "workerd:unsafe";
export default {
  async fetch(request, env) {
    const query = new URL(request.url).searchParams;
    const objects = env[query.get("binding")];
    const room = objects.get(objects.idFromName(query.get("name")));
    try {
      await unsafe.evict(room, { webSockets: query.get("sockets") });
      return new Response("evicted");
    } catch (error) {
      return new Response(String(error), { status: 409 });
    }
  },
};
`;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export class Runtime {
  /** Why the disk cannot be filled here; undefined where it can. */
  readonly noDisk: string | undefined;
  /** How often it ended by itself. */
  deaths = 0;
  port: number | undefined;
  #child: ChildProcess | undefined;
  #evictor: number | undefined;
  #isKilled = false;
  #isMounted = false;
  readonly #folder = mkdtempSync(join(tmpdir(), "dormouse-chaos-"));
  readonly #disk: string;
  readonly #variables: Record<string, string>;
  readonly #log: string;

  /** `log`: a file for what the runtime prints. */
  constructor(variables: Record<string, string>, log: string) {
    this.#variables = variables;
    this.#log = log;
    this.#disk = join(this.#folder, "disk");
    mkdirSync(this.#disk);
    this.noDisk = this.#mount();
    mkdirSync(join(this.#disk, "storage"));
    writeFileSync(join(this.#folder, "evict.mjs"), EVICTOR);
  }

  get isUp(): boolean {
    return this.port !== undefined;
  }

  async start(): Promise<void> {
    for (let tries = START_TRIES; ; tries -= 1) {
      if (await this.#started()) return;
      if (tries === 0) throw new Error(`workerd does not start; see ${this.#log}`);
      await sleep(START_RETRY_MS);
    }
  }

  /** SIGKILL, of the one process that was started here. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stopped by the scheduler, as a machine that swaps or is moved; then it goes on. */
  async pause(ms: number): Promise<void> {
    const child = this.#child;
    child?.kill("SIGSTOP");
    await sleep(ms);
    child?.kill("SIGCONT");
  }

  /** What came of it: `evicted`, or why not. Its sockets stay, or are closed. */
  async evict(binding: string, name: string, sockets: "hibernate" | "close"): Promise<string> {
    if (this.#evictor === undefined) return "down";
    const query = new URLSearchParams({ binding, name, sockets });
    const options = { signal: AbortSignal.timeout(EVICT_MS) };
    try {
      return await (await fetch(`http://127.0.0.1:${this.#evictor}/?${query}`, options)).text();
    } catch (error) {
      return String(error);
    }
  }

  /** Takes all that is left of the disk, for a time. */
  async fill(ms: number): Promise<void> {
    const path = join(this.#disk, "filler");
    const file = openSync(path, "w");
    try {
      for (let size = 1 << 20; 4096 <= size; size >>= 4) writeAll(file, Buffer.alloc(size));
      await sleep(ms);
    } finally {
      closeSync(file);
      rmSync(path, { force: true });
    }
  }

  /** The lines that it has printed, from its first start on. */
  printed(): string[] {
    return readFileSync(this.#log, "utf8").split("\n").filter(Boolean);
  }

  /** What is stored, in bytes. */
  stored(): number {
    return this.#files().reduce((sum, it) => sum + statSync(it).size, 0);
  }

  /** The files on the disk while nothing is served, as they are. */
  *files(): Generator<[name: string, content: string]> {
    for (const it of this.#files()) yield [this.#inside(it), readFileSync(it, "latin1")];
  }

  /** What stands in the rows of every table; writes into the databases what was in their write-ahead logs. */
  *rows(): Generator<[name: string, content: string]> {
    for (const it of this.#files().filter((it) => it.endsWith(".sqlite"))) {
      const database = new DatabaseSync(it);
      try {
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        for (const { name } of database
          .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
          .all()) {
          const rows = database.prepare(`SELECT * FROM "${name}"`);
          // The platform's own numbers are larger than JavaScript's.
          rows.setReadBigInts(true);
          const content = rows.all().map((row) => Object.values(row).join(" "));
          yield [`${this.#inside(it)}, table ${name}`, content.join("\n")];
        }
      } finally {
        database.close();
      }
    }
  }

  async remove(): Promise<void> {
    await this.kill();
    // Lazily: what is still open there must not hide why the run has ended.
    if (this.#isMounted) execFileSync("umount", ["--lazy", this.#disk]);
    this.#isMounted = false;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A small file system in memory. Why there is none, if so. */
  #mount(): string | undefined {
    try {
      const options = ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", this.#disk];
      execFileSync("mount", options, { stdio: ["ignore", "ignore", "pipe"] });
      this.#isMounted = true;
      if (statfsSync(this.#disk).blocks * statfsSync(this.#disk).bsize !== DISK_BYTES) return "not mounted";
      return undefined;
    } catch (error) {
      return String((error as { stderr?: Buffer }).stderr ?? error).trim();
    }
  }

  #inside(path: string): string {
    return path.slice(this.#disk.length + 1);
  }

  #files(): string[] {
    const storage = join(this.#disk, "storage");
    return readdirSync(storage, { recursive: true, withFileTypes: true })
      .filter((it) => it.isFile())
      .map((it) => join(it.parentPath, it.name));
  }

  async #started(): Promise<boolean> {
    const file = join(this.#folder, "workerd.capnp");
    writeFileSync(
      file,
      config({
        modules: modules(),
        objects: objects(),
        variables: this.#variables,
        storage: join(this.#disk, "storage"),
        evictor: join(this.#folder, "evict.mjs"),
      }),
    );
    const log = openSync(this.#log, "a");
    const child = spawn(WORKERD, ["serve", file, "--experimental", "--import-path=/", "--control-fd=3"], {
      stdio: ["ignore", log, log, "pipe"],
    });
    closeSync(log);
    this.#child = child;
    this.#isKilled = false;
    const ports: Record<string, number> = {};
    const isListening = new Promise<boolean>((resolve) => {
      child.once("exit", () => {
        resolve(false);
        if (child !== this.#child) return;
        this.port = this.#evictor = undefined;
        // It is started again by whoever sees that it is not up.
        if (!this.#isKilled) this.deaths += 1;
      });
      child.stdio[3]?.on("data", (data: Buffer) => {
        for (const line of data.toString().trim().split("\n")) {
          const { event, socket, port } = JSON.parse(line);
          if (event === "listen") ports[socket] = port;
        }
        if (ports.http && ports.evictor) resolve(true);
      });
    });
    if (!(await isListening)) return false;
    [this.port, this.#evictor] = [ports.http, ports.evictor];
    return true;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#isKilled = true;
    this.port = this.#evictor = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }
}

function writeAll(file: number, data: Buffer): void {
  try {
    for (;;) writeSync(file, data);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}

/** What was built, the main module first: of the wasm in the folder, the one that it imports. */
function modules(): { name: string; path: string }[] {
  const main = readFileSync(join(BUNDLE, "entry.js"), "utf8");
  return readdirSync(BUNDLE)
    .filter((it) => it === "entry.js" || (it.endsWith(".wasm") && main.includes(it)))
    .sort((a, b) => Number(b.endsWith(".js")) - Number(a.endsWith(".js")))
    .map((name) => ({ name, path: join(BUNDLE, name) }));
}
