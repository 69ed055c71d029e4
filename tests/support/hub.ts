// What tests of hub rooms share: events to publish, and what a socket saw.
import type { Client, Frame } from "./client.ts";
import type { Answer, Server } from "./server.ts";

/** An update and a notification as A14 and A17 have them. */
export const UPDATE = {
  workflow_id: "workflow_456",
  status: "in_progress",
  stage: "architecture_design",
  progress: 50,
  message: "Generating architecture components...",
  estimated_completion: "2024-01-01T00:05:00Z",
};
export const NOTIFICATION = {
  notification_id: "notif_456",
  title: "Workflow Complete",
  message: "Your architecture design is ready for review",
  category: "workflow_complete",
  priority: "high",
  action: { label: "Review Now", url: "/projects/123/workflows/456/review" },
  metadata: { project_id: "project_123", workflow_id: "workflow_456" },
};

export { RFC_3339 } from "./asking.ts";

/** An id of ours: `<type>_<UUID v7>`. */
export const idOf = (type: string) =>
  new RegExp(`^${type}_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`);

/** What a caller publishes. */
export type Published = { type: string; data?: unknown; id?: string; user_id?: string; exclude?: string };

/** Publishes to a hub room. */
export const publish = (server: Server, room: string, event: Published, token?: string): Promise<Answer> =>
  server.call("POST", `/api/v1/rooms/hub/${room}/events`, event, token);

/** A socket of each protocol that hubs speak. */
export const workflow = (server: Server, contextId: string, token = "test", query = {}) =>
  server.open("/ws", { token, contextId, ...query });
export const client = (server: Server, contextId: string, token = "test", query = {}) =>
  server.open("/ws/client", { token, contextId, client_id: "c-1", ...query });

/** A socket of `/api/v1/ws` that is subscribed already. */
export async function events(server: Server, contextId: string, topics = ["*"], token = "test") {
  const client = await server.open("/api/v1/ws", { token, contextId });
  client.send({ type: "subscribe", events: topics });
  await client.next("connection_established");
  await client.next("response");
  return client;
}

/** A frame of a protocol that has its fields at the top level. */
// biome-ignore lint/suspicious/noExplicitAny: a test knows what it looks at
export type Told = Frame & Record<string, any>;

const GREETINGS = ["ping", "pong", "hello", "connection_established", "response"];

/**
 * All that was ever told to a socket, by now: it asks the room for a pong first, because
 * what the room said before comes before it.
 */
export async function told(client: Client): Promise<Told[]> {
  const pongs = () => client.frames.filter((it) => it.type === "pong").length;
  const before = pongs();
  client.send({ type: "ping", id: "are you there" });
  await client.until(() => before < pongs(), "a pong");
  return client.frames.filter((it) => !GREETINGS.includes(it.type));
}
