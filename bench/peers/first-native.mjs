// node first-native.mjs: as much of `/ws/v2/connect` as a client needs to come in, and one event. It
// checks, looks up and keeps nothing, so what is measured with it is the client. Prints its port.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const limits = { frame_bytes: 1_048_576, batch_bytes: 262_144, rooms: 1, filters: 100, history: 200 };
const hello = {
  ...{ type: "hello", accepted_version: 2, session_id: "s", user_id: "test", client_id: "s" },
  ...{ server_time: Date.now(), features: [], heartbeat_interval_ms: 25_000, limits, room: "hub:first" },
  ...{ epoch: "e", offset: 1, first: 1, from: 0, recovered: false, grants: ["join"], presence: "members" },
};
const said = {
  type: "event",
  event: "said",
  offset: 1,
  at: Date.now(),
  user: "test",
  data: { text: "hello" },
};
const frame = JSON.stringify([hello, said]);

const http = createServer();
const handleProtocols = (offered) => [...offered][0];
new WebSocketServer({ server: http, handleProtocols }).on("connection", (socket) => socket.send(frame));
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
