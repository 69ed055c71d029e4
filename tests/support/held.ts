// What tests of sockets that the Worker holds until their first message share.
import type { Socket } from "node:net";
import { mint } from "../../scripts/jwt.mjs";
import { Client, type Options } from "./client.ts";
import { SECRET } from "./server.ts";

/** Every endpoint whose first message may carry the token, and the kind of room behind it. */
export const HELD: [path: string, kind: string][] = [
  ["/api/chat/ws", "chat"],
  ["/api/analytics/ws", "analytics"],
  ["/api/collaboration/ws", "collaboration"],
  ["/ws", "hub"],
  ["/api/v1/ws", "hub"],
  ["/ws/conversation", "conversation"],
];

export const token = (user: string, claims: object = {}) =>
  mint({ sub: user, ...claims }, { secret: SECRET });

/** The connection below a client. */
const tcp = (client: Client) => (client.socket as unknown as { _socket: Socket })._socket;

/** How a client can end right behind its first message. */
export const ENDS: [string, (client: Client, frame: object) => Promise<void>][] = [
  [
    "a close in the same segment",
    async (client, frame) => {
      tcp(client).cork();
      client.send(frame);
      client.socket.close(4000);
      tcp(client).uncork();
    },
  ],
  [
    "the end of the connection",
    async (client, frame) => {
      client.send(frame);
      tcp(client).end();
    },
  ],
  [
    "a reset",
    async (client, frame) => {
      await new Promise<void>((sent) => client.socket.send(JSON.stringify(frame), () => sent()));
      tcp(client).resetAndDestroy();
    },
  ],
];

type Join = (url: string, path: string, room: string, user: string, options?: Options) => Promise<Client>;

const shown = (room: string, user: string) => token(user, { contexts: [room] });

/** Into a room with a token in the URL. */
export const byToken: Join = async (url, path, room, user, options) =>
  Client.open(`${url}${path}?token=${await shown(room, user)}&contextId=${room}`, options);

/** The two ways into a room: its own socket, and one that the Worker holds and pipes. */
export const DOORS: [name: string, join: Join][] = [
  ["a token in the URL", byToken],
  [
    "a first message",
    async (url, path, room, user, options) => {
      const client = await Client.open(`${url}${path}?contextId=${room}`, options);
      client.send({ type: "auth", token: await shown(room, user) });
      // Until the room has answered, there is no pipe.
      client.send({ type: "ping", id: "joined" });
      await client.until(
        () => client.frames.some(({ id, type }) => type === "pong" || id === "joined"),
        "a pong",
      );
      client.frames.length = 0;
      return client;
    },
  ],
];
