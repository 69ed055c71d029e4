// Clients of the real server, with sockets that can be cut in ways that no server can.
import { eventually } from "../../../../tests/support/client.ts";
import { type Server, serve, type Variables } from "../../../../tests/support/server.ts";
import {
  Dormouse,
  type DormouseOptions,
  type JoinOptions,
  nativeBackoff,
  type Room,
  type RoomEvent,
  type SocketConstructor,
} from "../../src/index.ts";

/** Without the limits that one machine with many clients would break. */
export const UNLIMITED: Variables = {
  MESSAGES_PER_MINUTE: "0",
  BROADCASTS_PER_MINUTE: "0",
  PRESENCE_GRACE_MS: "1",
};

export const start = (variables: Variables = {}) => serve({ ...UNLIMITED, ...variables });

/** Sockets of one client. While `isBlackHole` nothing passes, and they stay open: a cable that is cut. */
export function sockets() {
  const all: WebSocket[] = [];
  const wire = { isBlackHole: false, all };
  class Socket extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols);
      all.push(this);
      const close = this.close.bind(this);
      // Nothing of the other side's comes any more, not even the answer to a close.
      this.addEventListener("message", (event) => wire.isBlackHole && event.stopImmediatePropagation());
      this.addEventListener("close", (event) => wire.isBlackHole && event.stopImmediatePropagation());
      this.close = (code?: number, reason?: string) => {
        if (!wire.isBlackHole) close(code, reason);
      };
    }

    override send(data: string): void {
      if (!wire.isBlackHole) super.send(data);
    }
  }
  return Object.assign(wire, { WebSocket: Socket as unknown as SocketConstructor });
}

const open: Dormouse[] = [];

export interface Seen {
  client: Dormouse;
  room: Room;
  heard: RoomEvent[];
  wire: ReturnType<typeof sockets>;
  /** What the events said, in the order in which they were heard. */
  data: () => unknown[];
  until: (holds: () => boolean, what: string) => Promise<void>;
}

/** A client in a room, which is attached. */
export async function join(
  server: Server,
  name: string,
  options: Partial<DormouseOptions> = {},
  asked: JoinOptions = {},
): Promise<Seen> {
  const wire = sockets();
  const backoff = () => nativeBackoff({ baseMs: 20, capMs: 100 });
  const { WebSocket } = wire;
  const client = new Dormouse({
    url: server.http,
    token: "test",
    WebSocket,
    backoff,
    page: null,
    ...options,
  });
  open.push(client);
  const room = client.room(name, asked);
  const heard: RoomEvent[] = [];
  // Who comes and goes is not kept, and not what these tests are about.
  room.on("*", (event) => event.offset !== undefined && heard.push(event));
  await room.connect();
  const said = () => JSON.stringify({ state: room.link.state, heard: heard.slice(-5) });
  const until = (holds: () => boolean, what: string) => eventually(holds, () => `${what}; ${said()}`);
  return { client, room, heard, wire, data: () => heard.map((it) => it.data), until };
}

export function closeAll(): void {
  for (const it of open.splice(0)) it.close();
}
