// node socketio.mjs <database>: the same room on Socket.IO, over WebSocket alone. Every
// frame is an event `message` with one object, which Socket.IO parses and prints itself.
// Prints its port.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { openLogs } from "./node-log.mjs";
import { Room } from "./room.mjs";

const logs = openLogs(process.argv[2]);
const rooms = new Map();

function roomOf(name) {
  if (!rooms.has(name)) rooms.set(name, new Room(logs(name)));
  return rooms.get(name);
}

const http = createServer();
const server = new Server(http, { transports: ["websocket"], serveClient: false });
server.on("connection", (socket) => {
  const name = socket.handshake.query.room;
  const room = roomOf(name);
  socket.join(name);
  socket.on("message", (message) => {
    const { audience, frame } = room.handle(message);
    if (audience === "sender") socket.emit("message", frame);
    else if (audience === "others") socket.to(name).emit("message", frame);
    else server.to(name).emit("message", frame);
  });
});
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
