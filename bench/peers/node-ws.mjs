// node node-ws.mjs <database>: the same room on Node with `ws`. Prints its port.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { openLogs } from "./node-log.mjs";
import { Room } from "./room.mjs";

const logs = openLogs(process.argv[2]);
const rooms = new Map();

function roomOf(name) {
  let room = rooms.get(name);
  if (!room) {
    room = { chat: new Room(logs(name)), sockets: new Set() };
    rooms.set(name, room);
  }
  return room;
}

const http = createServer((_, response) => response.writeHead(404).end());
const server = new WebSocketServer({ server: http });
server.on("connection", (socket, request) => {
  const { chat, sockets } = roomOf(request.url.slice("/room/".length));
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  socket.on("message", (message) => {
    const { audience, text } = chat.receive(message);
    if (audience === "sender") return socket.send(text);
    const bytes = Buffer.from(text); // Encoded once, not once per socket.
    for (const other of sockets) {
      if (audience === "others" && other === socket) continue;
      if (other.readyState === other.OPEN) other.send(bytes, { binary: false });
    }
  });
});
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
