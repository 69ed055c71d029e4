// Serves on this machine and says what to try. Everything after `npm start --` goes to
// `wrangler dev`.
import { spawn } from "node:child_process";
import { mint } from "./jwt.mjs";

const args = process.argv.slice(2);
const at = args.findIndex((it) => it === "--port" || it.startsWith("--port="));
const port = at < 0 ? "8787" : (args[at].split("=")[1] ?? args[at + 1]);
const url = `http://localhost:${port}`;

const server = spawn("wrangler", ["dev", ...(at < 0 ? ["--port", port] : []), ...args], {
  stdio: "inherit",
  env: {
    ...process.env,
    CLOUDFLARE_CF_FETCH_ENABLED: "false", // or it asks the network who we are
    WRANGLER_SEND_METRICS: "false",
  },
});
server.on("exit", (code) => process.exit(code ?? 1));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.kill(signal));

while (!(await isUp())) await new Promise((resolve) => setTimeout(resolve, 200));
const [alice, bob] = await Promise.all(
  ["Alice", "Bob"].map((name) => mint({ sub: name.toLowerCase(), name, contexts: ["demo"] })),
);
console.log(`
Dormouse is up at ${url}

  In two browser windows   ${url}/#context=demo&token=${alice}
                           ${url}/#context=demo&token=${bob}
  or in two terminals      npm run chat -- alice${port === "8787" ? "" : ` --url ws://localhost:${port}`}
                           npm run chat -- bob${port === "8787" ? "" : ` --url ws://localhost:${port}`}

  A token                  ${alice}
  The chat                 ws://localhost:${port}/api/chat/ws?contextId=demo&token=<token>
  with no token at hand    ws://localhost:${port}/api/chat/ws?token=test
  The echo                 ws://localhost:${port}/ws/anything
`);

async function isUp() {
  try {
    return (await fetch(`${url}/healthz`)).ok;
  } catch {
    return false;
  }
}
