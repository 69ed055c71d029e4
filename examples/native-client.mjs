// A client of `/ws/v2/connect`, written from docs/PROTOCOL.md: it is told everything once, in order,
// whatever happens to the connection, and what it says is said once.
//
//   node examples/native-client.mjs ws://127.0.0.1:8787 hub:demo test
import { pathToFileURL } from "node:url";

export function join(url, room, token, hear) {
  const [unanswered, prefix] = [new Map(), crypto.randomUUID()];
  let [socket, timer, epoch, offset, isIn, tries, next] = [null, 0, "", 0, false, 0, 0];
  const send = (message) => socket.send(JSON.stringify(message));

  function take(it) {
    if (it.type === "hello") {
      if (it.reason) hear({ type: "lost", reason: it.reason }); // What was built is void (N26).
      [epoch, offset, isIn, tries] = [it.epoch, it.from, true, 0];
      timer = setInterval(() => send({ type: "ping" }), it.heartbeat_interval_ms);
      for (const { message } of unanswered.values()) send(message); // With the same ids (N16).
    } else if (it.type === "event" && !(it.offset <= offset)) {
      offset = it.offset ?? offset; // Before it is handed over (N22).
      hear(it);
    } else if (it.type === "position") {
      offset = Math.max(offset, it.offset);
    } else if (unanswered.has(it.id)) {
      const { message, done, failed } = unanswered.get(it.id);
      if (it.retryable) return setTimeout(() => isIn && send(message), 1000 * (it.retry_after ?? 1));
      unanswered.delete(it.id);
      if (it.type === "ack") done(it);
      else failed(new Error(`${it.code}: ${it.message}`));
    }
  }

  function connect() {
    const query = new URLSearchParams({ room, token, ...(epoch && { resume: `${epoch}:${offset}` }) });
    socket = new WebSocket(`${url}/ws/v2/connect?${query}`);
    let wait = Math.random() * Math.min(20_000, 500 * 2 ** tries++);
    socket.onmessage = ({ data }) => {
      for (const it of [JSON.parse(data)].flat()) {
        if (it.type === "closing") wait = { never: Infinity, now: 0 }[it.reconnect] ?? it.after_ms ?? wait;
        else take(it);
      }
    };
    // Node 22 says no close of a connection that never came about.
    socket.onclose = socket.onerror = () => {
      socket.onclose = socket.onerror = null;
      clearInterval(timer);
      isIn = false;
      if (wait !== Infinity) setTimeout(connect, wait);
    };
  }

  connect();
  return function publish(event, data) {
    const message = { type: "publish", id: `${prefix}-${next++}`, event, data };
    if (isIn) send(message);
    return new Promise((done, failed) => unanswered.set(message.id, { message, done, failed }));
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [url, room, token] = process.argv.slice(2);
  const publish = join(url, room, token, (it) => console.log(JSON.stringify(it)));
  process.stdin.on("data", (line) => publish("said", String(line).trim()));
}
