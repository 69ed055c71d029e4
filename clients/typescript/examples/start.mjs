// Starts an example: `npm run example:chat` (poll, pad, bot). It needs a server: that of `npm start`,
// which is started too where nothing answers at `--server` (http://localhost:8787 unless it is given).
// `--port` is that of the page, `--secret` what tokens are signed with.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createServer } from "vite";
import { mint } from "../../../scripts/jwt.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "../../..");
/** The room of each example, and whether it is a page. */
const EXAMPLES = {
  chat: { room: "chat:demo", isPage: true },
  poll: { room: "hub:lunch", isPage: true },
  pad: { room: "collaboration:pad", isPage: true },
  bot: { room: "chat:demo", isPage: false },
};
const PEOPLE = ["Alice", "Bob"];

const text = { type: "string" };
const { values, positionals } = parseArgs({
  options: { server: { ...text, default: "http://localhost:8787" }, port: text, secret: text },
  allowPositionals: true,
});
const [name = "chat"] = positionals;
const example = EXAMPLES[name];
if (!example) {
  console.error(`There is no example ${name}: ${Object.keys(EXAMPLES).join(", ")}`);
  process.exit(2);
}

process.chdir(ROOT);
if (!(await isUp())) await startServer();
const [, roomName] = example.room.split(":");
const tokenOf = (who) =>
  mint(
    { sub: who.toLowerCase(), name: who, contexts: [roomName] },
    values.secret ? { secret: values.secret } : {},
  );

if (example.isPage) {
  const vite = await createServer({
    configFile: join(HERE, "vite.config.mjs"),
    root: join(HERE, name),
    server: { port: Number(values.port ?? 5173), strictPort: false },
  });
  await vite.listen();
  const origin = vite.resolvedUrls?.local[0] ?? "";
  console.log(`\nThe example ${name}, for two people in two windows:\n`);
  for (const who of PEOPLE) {
    const hash = new URLSearchParams({
      server: values.server,
      room: example.room,
      token: await tokenOf(who),
    });
    console.log(`  ${who.padEnd(6)} ${origin}#${hash}`);
  }
} else {
  // The bot imports the package as any program does, so it must have been built.
  await ran(
    spawn(process.execPath, [join(HERE, "../scripts/build.mjs"), "--no-types"], { stdio: "inherit" }),
  );
  const env = { ...process.env, SERVER: values.server, ROOM: example.room, TOKEN: await tokenOf("Robot") };
  const bot = spawn(process.execPath, [join(HERE, name, `${name}.mjs`)], { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => bot.kill(signal));
  bot.on("exit", (code) => process.exit(code ?? 0));
}

async function startServer() {
  console.log(`Nothing answers at ${values.server}: npm start`);
  const { port } = new URL(values.server);
  const server = spawn("npm", ["start", "--", "--port", port || "8787"], {
    stdio: ["ignore", "inherit", "inherit"],
    cwd: ROOT,
    // A group of its own: npm does not tell all that it has started to end.
    detached: true,
  });
  server.on("exit", (code) => process.exit(code ?? 1));
  const stop = () => {
    try {
      process.kill(-server.pid);
    } catch {
      // It has ended.
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "exit"]) process.on(signal, stop);
  while (!(await isUp())) await new Promise((resolve) => setTimeout(resolve, 300));
}

async function isUp() {
  try {
    return (await fetch(`${values.server}/healthz`)).ok;
  } catch {
    return false;
  }
}

function ran(child) {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => (code ? reject(new Error(`ended with ${code}`)) : resolve()));
  });
}
