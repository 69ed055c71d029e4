// What tests of the hub's protocols share.
import { expect } from "vitest";
import type { Client, Frame } from "./client.ts";
import type { Server, Who } from "./server.ts";

export const UUID_V7 = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** May publish in the rooms its token leads to. */
export const SERVICE: Who = { claims: { role: "service" } };

/** A socket of the events protocol in a room, with its first frame still to be read. */
export async function opened(server: Server, room: string, user = "ann", who: Who = {}): Promise<Client> {
  const token = await server.token({ user, room, ...who });
  return server.open("/api/v1/ws", { token, contextId: room });
}

/** The same, past its first frame, and subscribed to these. */
export async function listening(
  server: Server,
  room: string,
  user = "ann",
  events: string[] = [],
  who: Who = {},
): Promise<Client> {
  const client = await opened(server, room, user, who);
  await client.next("connection_established");
  if (events.length) await ask(client, { type: "subscribe", events });
  return client;
}

let asked = 0;

/** Asks something, and reads the answer to it, which must come next. */
export async function answer(client: Client, request: object): Promise<Frame> {
  asked += 1;
  const id = `ask-${asked}`;
  const at = client.frames.length;
  client.send({ id, ...request });
  const own = (request as Frame).id ?? id;
  await client.until(() => client.frames.slice(at).some((it) => it.id === own), `the answer to ${own}`);
  return client.frames.slice(at).find((it) => it.id === own) as Frame;
}

/** What a request comes to. */
export async function ask(client: Client, request: object): Promise<Frame["result"]> {
  const frame = await answer(client, request);
  expect(frame.type, JSON.stringify(frame)).toBe("response");
  // What came before it stays to be read.
  client.skip(frame);
  return frame.result;
}

/** How a request is refused. */
export async function refused(client: Client, request: object): Promise<Frame> {
  const frame = await answer(client, request);
  expect(frame.type, JSON.stringify(frame)).toBe("error");
  client.skip(frame);
  return frame;
}

export const query = (client: Client, name: string, params?: object) =>
  ask(client, { type: "query", query: name, params });

export const command = (client: Client, name: string, params: object, id?: string) =>
  ask(client, { type: "command", command: name, params, ...(id && { id }) });

export const publish = (client: Client, event: string, data?: unknown, id?: string) =>
  command(client, "publish", { event, data }, id);

/** As `settle`, where a pong does not repeat the ping's id: what came before it. */
export async function heard(client: Client): Promise<Frame[]> {
  client.send({ type: "ping", because: "the room is to answer, not the platform" });
  return client.upTo("pong");
}

/** A socket of the client protocol in a room, past its hello. */
export async function greeted(server: Server, room: string, user = "ann", who: Who = {}): Promise<Client> {
  const token = await server.token({ user, room, ...who });
  const client = await server.open("/ws/client", { token, contextId: room, client_id: `${user}-1` });
  await client.next("hello");
  return client;
}
