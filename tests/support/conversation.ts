// What tests of conversations share.
import { expect } from "vitest";
import type { Client, Frame } from "./client.ts";
import type { Server } from "./server.ts";

export type Query = Record<string, string>;

/** A socket of a conversation, which has said nothing yet. */
export const dial = async (server: Server, user = "ann", query: Query = {}): Promise<Client> =>
  server.open("/ws/conversation", { token: await server.token({ user }), ...query });

/** Says who it is, and reads the answer. */
export async function connect(client: Client, clientId = "c-1"): Promise<Frame> {
  client.send({ type: "connect", clientId, timestamp: new Date().toISOString(), version: "1.0" });
  return client.next("connect_confirm");
}

/** The query that leads back to where this says. */
export const back = ({ conversationId, resumeToken }: Frame): Query => ({ conversationId, resumeToken });

/** A socket of a conversation, past its handshake. */
export async function talk(server: Server, user = "ann", query: Query = {}): Promise<[Client, Frame]> {
  const client = await dial(server, user, query);
  return [client, await connect(client)];
}

export function ask(client: Client, messageId: string, content: string, clientId = "c-1"): void {
  client.send({ type: "message", clientId, content, timestamp: new Date().toISOString(), messageId });
}

/** The next frame, which must be the response to this. */
export async function answer(client: Client, messageId: string): Promise<string> {
  const frame = await client.next("response");
  expect(frame.messageId).toBe(messageId);
  return frame.content;
}

/** The next frame, which must say that there is no response to this. */
export async function unanswered(client: Client, messageId: string): Promise<Frame> {
  const frame = await client.next("error");
  expect(frame).toMatchObject({ code: "UNAVAILABLE", messageId });
  return frame;
}

/** Asks for a pong, and reads what came before it. */
export async function heard(client: Client): Promise<Frame[]> {
  client.send({ type: "ping", timestamp: new Date().toISOString() });
  return client.upTo("pong");
}

/** What was said, from the beginning. */
export async function history(client: Client, query: object = {}): Promise<Frame> {
  client.send({ type: "history", ...query });
  return client.next("history");
}
