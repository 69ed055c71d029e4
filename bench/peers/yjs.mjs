// The Yjs project's own WebSocket server, as it is run: on a free port, which it does not say.
import { createServer } from "node:net";

const free = createServer().listen(0, "127.0.0.1", () => {
  const { port } = free.address();
  free.close(async () => {
    Object.assign(process.env, { HOST: "127.0.0.1", PORT: String(port) });
    const { log } = console;
    console.log = (line) => log(/running/.test(line) ? port : line);
    await import(new URL("../node_modules/@y/websocket-server/src/server.js", import.meta.url)); // Not exported.
  });
});
