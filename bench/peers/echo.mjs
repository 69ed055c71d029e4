// An echo as the platform has it: a hibernating socket, and nothing of ours.
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject {
  fetch() {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(socket, message) {
    socket.send(message);
  }

  /** Without it the client waits ten seconds for an answer to its close. */
  webSocketClose(socket, code) {
    socket.close(code === 1005 ? undefined : code);
  }
}

export default {
  fetch: (request, { Room: rooms }) => rooms.get(rooms.idFromName("echo")).fetch(request),
};
