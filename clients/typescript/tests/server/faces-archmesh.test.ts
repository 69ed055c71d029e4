// The documented client of workflows, against the real server.
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { NOTIFICATION, publish, UPDATE } from "../../../../tests/support/hub.ts";
import type { Server } from "../../../../tests/support/server.ts";
import { type ArchMeshOptions, ArchMeshWebSocketClient } from "../../src/faces/archmesh.ts";
import { archmeshBackoff, type TokenSource } from "../../src/index.ts";
import { eventually, route, start, tokenOf } from "./documented.ts";

let server: Server;
const open: ArchMeshWebSocketClient[] = [];
beforeAll(async () => {
  server = await start({ MESSAGES_PER_MINUTE: "100" });
});
afterEach(() => {
  vi.restoreAllMocks();
  ArchMeshWebSocketClient.defaults = {};
  for (const it of open.splice(0)) it.disconnect();
});
afterAll(() => server.stop());

async function mesh(contextId: string, token?: TokenSource, options: ArchMeshOptions = {}) {
  const backoff = archmeshBackoff({ baseDelaysMs: [20, 50] });
  const its = token ?? (await tokenOf({ contexts: [contextId] }));
  const client = new ArchMeshWebSocketClient(its, {
    ...{ url: server.http, contextId, backoff, log: () => {}, ...options },
  });
  const heard: [string, unknown][] = [];
  client.handleWorkflowUpdate = (data) => heard.push(["update", data]);
  client.handleNotification = (data) => heard.push(["notification", data]);
  client.handleError = (data) => heard.push(["error", data.error_code]);
  open.push(client);
  const until = (holds: () => boolean) => eventually(holds, () => JSON.stringify([client.state, heard]));
  return { client, heard, until };
}

test("[A1, A41] the document's usage runs as it stands, and logs what comes in its words", async () => {
  const logs: string[] = [];
  vi.spyOn(console, "log").mockImplementation((text) => void logs.push(String(text)));
  const token = await tokenOf({ contexts: ["demo"] });
  const its = route(server, (url) => url.searchParams.set("token", token));
  ArchMeshWebSocketClient.defaults = { url: "wss://api.archmesh.com", WebSocket: its.WebSocket };
  const { client } = await import("./snippets/archmesh.ts");
  open.push(client);
  await client.connect();
  await publish(server, "demo", { type: "workflow_update", data: UPDATE });
  await publish(server, "demo", { type: "notification", data: NOTIFICATION });
  await publish(server, "demo", { type: "novelty", data: 1 });
  await eventually(
    () => 3 < logs.length,
    () => JSON.stringify(logs),
  );
  expect(logs).toEqual([
    "Connected to ArchMesh WebSocket",
    "Workflow workflow_456: in_progress (50%)",
    "Notification: Workflow Complete - Your architecture design is ready for review",
    "Unknown message type: novelty",
  ]);
  expect(its.sockets).toHaveLength(1);
});

test("[A24, A46, A49] after a cut it is back by itself, hears on, and has said what waited", async () => {
  const room = server.room();
  const { client, heard, until } = await mesh(room);
  await client.connect();
  await server.harness.getWorker().evictDurableObject("HUBS", { name: room, webSockets: "close" });
  await until(() => client.state !== "connected");
  client.sendMessage("large_data_request", { data_id: "none" });
  await until(() => client.state === "connected" && heard.length === 1);
  await publish(server, room, { type: "workflow_update", data: UPDATE });
  await until(() => heard.length === 2);
  expect(heard).toEqual([
    ["error", "NOT_FOUND"],
    ["update", UPDATE],
  ]);
});

test("[A26] a bad token is refused, asked for again, and the next one is taken", async () => {
  const room = server.room();
  const { client } = await mesh(room, "nonsense");
  client.handleReauthentication = () => tokenOf({ contexts: [room] });
  await client.connect();
  expect(client.state).toBe("connected");
  const { client: other } = await mesh(room, "nonsense");
  await expect(other.connect()).rejects.toMatchObject({ retryable: false });
  expect(other.state).toBe("failed");
});

test("[A4, A26] a token that expires is replaced, on the same connection", async () => {
  const room = server.room();
  const lifetimes = ["6s", "1h"];
  const { client, heard, until } = await mesh(room, () => tokenOf({ contexts: [room] }, lifetimes.shift()));
  const renewed: unknown[] = [];
  client.link.on("frame", (frame) => frame.type === "auth" && renewed.push(frame.data));
  await client.connect();
  await until(() => renewed.length === 1);
  expect(heard).toContainEqual(["error", "AUTHENTICATION_FAILED"]);
  expect(client.link.state.hello).toMatchObject({ type: "pong" });
});

test("[A42, A48] what the server does not know is told as an error, and the connection stays", async () => {
  const { client, heard, until } = await mesh(server.room());
  await client.connect();
  client.sendMessage("novelty", { anything: true });
  await until(() => heard.length === 1);
  expect(heard).toEqual([["error", "UNKNOWN_MESSAGE_TYPE"]]);
  expect(client.state).toBe("connected");
});
