// node first-socketio.mjs: a Socket.IO server that says one event to whoever connects. Prints its port.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const server = new Server(http, { serveClient: false });
server.on("connection", (socket) => socket.emit("said", { text: "hello" }));
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
