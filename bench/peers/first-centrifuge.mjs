// node first-centrifuge.mjs: as much of Centrifugo's protocol (JSON) as a client needs to connect and to
// subscribe, and one publication to whoever does. It is no Centrifugo: it looks nothing up and keeps
// nothing, so what is measured with it is the client. Prints its port.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const http = createServer();
new WebSocketServer({ server: http }).on("connection", (socket) => {
  socket.on("message", (text) => {
    const replies = String(text).trim().split("\n").map(JSON.parse).flatMap(answers);
    if (replies.length) socket.send(replies.map((it) => JSON.stringify(it)).join("\n"));
  });
});
http.listen(0, "127.0.0.1", () => console.log(http.address().port));

function answers({ id, connect, subscribe }) {
  if (connect) return [{ id, connect: { client: "c", version: "0", ping: 25, pong: true } }];
  if (!subscribe) return [];
  const { channel } = subscribe;
  return [{ id, subscribe: {} }, { push: { channel, pub: { data: { text: "hello" } } } }];
}
