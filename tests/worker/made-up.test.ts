// What names that anybody can make up leave behind: nothing, by no door.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { type Binding, type Server, serve } from "../support/server.ts";
import { Workerd } from "../support/workerd.ts";

const QUICK = { REPORT_INTERVAL_MS: "50", PRESENCE_GRACE_MS: "0", CONNECTIONS_PER_MINUTE_PER_IP: "0" };

let server: Server;
beforeAll(async () => {
  server = await serve(QUICK);
});
afterAll(() => server.stop());

/** Every table of an object, also those of the platform's own. That of the harness is no room's. */
async function tables(room: string, binding: Binding): Promise<string[]> {
  const rows = await server.sql(room, "SELECT name FROM sqlite_master WHERE type = 'table'", binding);
  return rows.map((it) => String(it.name)).filter((it) => it !== "__miniflare_do_name");
}

const leavesNothing = (room: string, binding: Binding) =>
  expect.poll(() => tables(room, binding), { timeout: 10_000 }).toEqual([]);

test.each([
  ["/api/chat/ws", "CHAT_ROOMS", { token: "test" }],
  ["/api/analytics/ws", "ANALYTICS", { token: "test" }],
  ["/api/collaboration/ws", "COLLABORATIONS", { token: "test" }],
  ["/ws", "HUBS", { token: "test" }],
  ["/api/v1/ws", "HUBS", { token: "test" }],
  ["/ws/client", "HUBS", { token: "test", client_id: "c" }],
  ["/ws/demo", "HUBS", {}],
] as [string, Binding, Record<string, string>][])(
  "[O4] %s, opened, used without writing, and left",
  async (path, binding, query) => {
    const name = `made-up-${path.replaceAll("/", ".")}`;
    const room = path === "/ws/demo" ? `demo-${name}` : name;
    const client = await server.open(path, { ...query, contextId: name });
    // In the client protocol what has no meaning is for the others, and so is written.
    if (path !== "/ws/client") {
      client.send({ type: "presence", id: "1" });
      client.send({ type: "query", id: "2", query: "history" });
      client.send({ type: "join_session", id: "3", data: { sessionId: "s", role: "participant" } });
    }
    client.send("no request");
    await client.until(() => client.frames.some((it) => it.type === "error"), "a refusal");
    expect((await tables(room, binding)).filter((it) => !it.startsWith("_cf"))).toEqual([]);
    await client.leave();
    await leavesNothing(room, binding);
  },
);

test("[O4] an opened and unused conversation, and the lobby", async () => {
  const conversation = await server.open("/ws/conversation", { token: "test" });
  conversation.send({ type: "connect", clientId: "c", timestamp: new Date().toISOString(), version: "1.0" });
  const { conversationId, resumeToken } = await conversation.next("connect_confirm");
  await conversation.leave();
  await leavesNothing(conversationId, "CONVERSATIONS");
  // It can be opened again all the same.
  const again = await server.open("/ws/conversation", { token: "test", conversationId, resumeToken });
  again.send({ type: "connect", clientId: "c", timestamp: new Date().toISOString(), version: "1.0" });
  expect((await again.next("connect_confirm")).conversationId).toBe(conversationId);
  await again.leave();
  const lobby = await server.open("/ws/client", { client_id: "c" });
  await lobby.next("hello");
  await lobby.leave();
  await leavesNothing("lobby", "HUBS");
});

test("[O4] a name that is only asked about over HTTP", async () => {
  for (const [kind, binding] of [
    ["chat", "CHAT_ROOMS"],
    ["hub", "HUBS"],
    ["conversation", "CONVERSATIONS"],
  ] as [string, Binding][]) {
    const at = `/api/v1/rooms/${kind}/asked`;
    expect((await server.call("GET", `${at}/events`)).json.events).toEqual([]);
    expect((await server.call("GET", `${at}/events?after=7`)).json.events).toEqual([]);
    expect((await server.call("GET", `${at}/presence`)).json.members).toEqual([]);
    expect((await server.call("DELETE", `${at}/users/nobody`)).status).toBe(404);
    await leavesNothing("asked", binding);
  }
});

test("[O4] what is written stays, and offsets go on", async () => {
  const ann = await server.join("kept");
  ann.say("hello");
  const { offset } = (await ann.next("message")).data;
  const { epoch } = (await server.call("GET", "/api/v1/rooms/chat/kept/events")).json;
  await ann.leave();
  await expect
    .poll(async () => (await server.call("GET", "/api/v1/rooms?prefix=chat:kept")).json.rooms[0]?.connections)
    .toBe(0);
  await server.wasAwake("kept");
  const page = (await server.call("GET", "/api/v1/rooms/chat/kept/events")).json;
  expect([page.epoch, page.offset, page.events.length]).toEqual([epoch, offset, 1]);
});

test("[O4] fifty demo rooms that nobody wrote to take next to nothing on disk", async () => {
  const workerd = new Workerd();
  await workerd.start(QUICK);
  try {
    const clients = Array.from({ length: 50 }, (_, at) =>
      Client.open(`${workerd.url}/ws/demo?contextId=made-up-${at}`),
    );
    for (const client of await Promise.all(clients)) {
      await client.next("connection_established");
      await client.leave();
    }
    // Before, each left 94 KB for ever.
    await expect.poll(() => workerd.stored("Hub"), { timeout: 10_000 }).toBeLessThan(50 * 5_000);
  } finally {
    await workerd.stop();
  }
});
