// A chat room as the documentation of Durable Objects would have one write it: hibernating
// sockets, one insert and one round of sends for each message.
import { DurableObject } from "cloudflare:workers";
import { DurableLog } from "./durable-log.mjs";
import { Room as ChatRoom } from "./room.mjs";
import { route } from "./route.mjs";

export class Room extends DurableObject {
  #room;

  constructor(ctx, env) {
    super(ctx, env);
    this.#room = new ChatRoom(new DurableLog(ctx.storage.sql));
  }

  fetch() {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Without it the client waits ten seconds for an answer to its close. */
  webSocketClose(socket, code) {
    socket.close(code === 1005 ? undefined : code);
  }

  webSocketMessage(sender, message) {
    const { audience, text } = this.#room.receive(message);
    if (audience === "sender") return sender.send(text);
    for (const socket of this.ctx.getWebSockets()) {
      if (audience === "others" && socket === sender) continue;
      try {
        socket.send(text);
      } catch {} // It is closing, and its close event tells the rest.
    }
  }
}

export default { fetch: route };
