// The floor: an object that hands every string on as it came. It parses nothing, stamps
// nothing and stores nothing, so no room that does its work can cost less on workerd.
import { DurableObject } from "cloudflare:workers";
import { route } from "./route.mjs";

/** What is not for its sender, in all peers; told by its first bytes, unparsed. */
const TYPING = '{"type":"typing"';

export class Room extends DurableObject {
  fetch() {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Without it the client waits ten seconds for an answer to its close. */
  webSocketClose(socket, code) {
    socket.close(code === 1005 ? undefined : code);
  }

  webSocketMessage(sender, text) {
    const except = text.startsWith(TYPING) ? sender : undefined;
    for (const socket of this.ctx.getWebSockets()) {
      if (socket !== except) send(socket, text);
    }
  }
}

/** A socket that is closing throws, and its close event tells the rest. */
function send(socket, text) {
  try {
    socket.send(text);
  } catch {}
}

export default { fetch: route };
