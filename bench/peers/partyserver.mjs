// The same room on partyserver, hibernating, routed as its documentation has it.
import { routePartykitRequest, Server } from "partyserver";
import { DurableLog } from "./durable-log.mjs";
import { Room as ChatRoom } from "./room.mjs";

export class Room extends Server {
  static options = { hibernate: true };

  #room;

  onStart() {
    this.#room = new ChatRoom(new DurableLog(this.ctx.storage.sql));
  }

  onMessage(sender, message) {
    const { audience, text } = this.#room.receive(message);
    if (audience === "sender") sender.send(text);
    else this.broadcast(text, audience === "others" ? [sender.id] : []);
  }
}

export default {
  // `/parties/room/<name>`
  fetch: async (request, env) =>
    (await routePartykitRequest(request, env)) ?? new Response(null, { status: 404 }),
};
