// npm run chat -- alice [--context demo] [--url ws://localhost:8787]
// A chat in a terminal: type and press Enter. Comes back by itself after a restart.
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { mint } from "./jwt.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    context: { type: "string", default: "demo" },
    url: { type: "string", default: "ws://localhost:8787" },
  },
});
const name = positionals[0] ?? "guest";
const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: "> " });
const waiting = [];
let socket;
let newest = 0;
let attempt = 0;

function show(text) {
  process.stdout.write("\r\x1b[K");
  // A terminal obeys control characters; other people's words and names must not be obeyed.
  console.log(text.replace(/[\p{Cc}\p{Cf}]/gu, "?"));
  lines.prompt(true);
}

function showMessage({ offset, timestamp, author, content }) {
  if (offset <= newest) return;
  newest = offset;
  show(`${timestamp.slice(11, 16)} ${author}: ${content}`);
}

async function connect() {
  const token = await mint({ sub: name, name, contexts: [values.context] });
  socket = new WebSocket(`${values.url}/api/chat/ws?contextId=${values.context}`, [
    "chat",
    `bearer.${token}`,
  ]);
  socket.onopen = () => {
    attempt = 0;
    show(`* in ${values.context} as ${name}`);
    socket.send(JSON.stringify({ type: "history", data: { limit: 20 } }));
    for (const message of waiting) socket.send(message);
  };
  socket.onmessage = ({ data }) => {
    const { type, id, data: body, error } = JSON.parse(data);
    const mine = waiting.findIndex((it) => JSON.parse(it).id === id);
    if (mine !== -1) waiting.splice(mine, 1);
    if (type === "message") showMessage(body);
    else if (type === "history") body.messages.forEach(showMessage);
    else if (type === "user_joined") show(`* ${body.username} is here`);
    else if (type === "user_left") show(`* ${body.username} left`);
    else if (type === "error") show(`! ${error}`);
  };
  let over = false;
  socket.onerror = socket.onclose = () => {
    if (over) return;
    over = true;
    const wait = Math.min(500 * 2 ** attempt++, 8000) * (0.8 + Math.random() * 0.4);
    setTimeout(connect, wait);
  };
}

lines.on("line", (line) => {
  if (!line.trim()) return lines.prompt();
  // With an id of ours it can be sent again and is said once.
  const message = JSON.stringify({ type: "message", id: crypto.randomUUID(), data: { content: line } });
  waiting.push(message);
  if (socket?.readyState === WebSocket.OPEN) socket.send(message);
  lines.prompt();
});
lines.on("close", () => process.exit());
await connect();
