// A client that comes back, in a thread of its own: what it reads must not make those wait whose waiting
// is measured.
import { parentPort } from "node:worker_threads";
import { WebSocket } from "ws";

/** When hello, the first event and the last came, in milliseconds from the start; of hello, its text. */
function comeBack(url, isLong) {
  const begun = performance.now();
  const at = {};
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    const done = () => {
      at.all = performance.now() - begun;
      socket.terminate();
      resolve(at);
    };
    socket.on("error", reject);
    socket.on("message", (data) => {
      const now = performance.now() - begun;
      // The words that matter are looked for, and not read.
      const text = String(data);
      if (text.includes(`"type":"hello"`)) at.hello = now;
      if (text.includes(`"type":"event"`)) at.first ??= now;
      if (!isLong || text.includes(`"type":"position"`)) done();
    });
  });
}

parentPort.on("message", async ({ url, isLong }) => {
  parentPort.postMessage(await comeBack(url, isLong).catch(() => null));
});
