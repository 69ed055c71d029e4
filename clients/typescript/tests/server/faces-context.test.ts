// The documented clients of chat, analytics and collaboration, against the real server.
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Server } from "../../../../tests/support/server.ts";
import { AnalyticsWebSocketClient } from "../../src/faces/analytics.ts";
import { ChatWebSocketClient, type ContextOptions } from "../../src/faces/chat.ts";
import { CollaborationWebSocketClient } from "../../src/faces/collaboration.ts";
import { WebSocketMonitor } from "../../src/faces/monitor.ts";
import { frameValidator, webSocketMessageSchema } from "../../src/frames/schemas.ts";
import { BackoffStrategy } from "../../src/index.ts";
import { eventually, route, start, tokenOf } from "./documented.ts";

let server: Server;
const open: { disconnect(): void }[] = [];
beforeAll(async () => {
  server = await start({ MESSAGES_PER_MINUTE: "100" });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  for (const it of open.splice(0)) it.disconnect();
});
afterAll(() => server.stop());

const ROOM = "context_123";

async function made<Client extends { disconnect(): void; connect(): Promise<void> }>(
  Made: new (options: ContextOptions) => Client,
  kind: string,
  contextId: string,
  more: Partial<ContextOptions> & { sub?: string } = {},
): Promise<Client> {
  const { sub = "ann", ...options } = more;
  const token = await tokenOf({ sub, name: sub, contexts: [contextId] });
  const client = new Made({
    ...{ url: `${server.http}/api/${kind}/ws`, token, contextId, log: () => {} },
    ...{ backoff: new BackoffStrategy({ baseDelaysMs: [20, 50] }), ...options },
  });
  open.push(client);
  await client.connect();
  return client;
}

/** The page that a document's code runs in: what it calls is remembered, by its name. */
async function page(...functions: string[]) {
  const jwt = await tokenOf({ sub: "ann", name: "Ann", contexts: [ROOM] });
  const calls: unknown[][] = [];
  vi.stubGlobal("window", { LAUNCH_SETTINGS: { jwt } });
  vi.stubGlobal("WebSocket", route(server).WebSocket);
  vi.stubGlobal("jwt", jwt);
  vi.stubGlobal("contextId", ROOM);
  for (const name of functions) vi.stubGlobal(name, (...args: unknown[]) => calls.push([name, ...args]));
  return calls;
}

test("[B5, B11, B22] the chat of the document runs as it stands", async () => {
  const calls = await page("displayMessage", "updateTypingIndicator", "showUserJoined", "showUserLeft");
  const { chatClient } = await import("./snippets/chat.ts");
  open.push(chatClient);
  const bob = await made(ChatWebSocketClient, "chat", ROOM, { sub: "bob" });
  bob.send({ type: "typing", data: { isTyping: true } });
  await eventually(
    () => calls.length === 3,
    () => JSON.stringify(calls),
  );
  const message = { content: "Hello, everyone!", author: "Ann" };
  expect(calls).toEqual([
    ["displayMessage", { ...message, id: expect.any(String), timestamp: expect.any(String) }],
    ["showUserJoined", "bob"],
    ["updateTypingIndicator", "bob", true],
  ]);
});

test("[B22, B23] a socket of one's own, with the schema of the document, as it stands", async () => {
  const calls = await page("showErrorMessage", "attemptReconnection", "handleMessage");
  const { ws } = await import("./snippets/validation.ts");
  await eventually(
    () => ws.readyState === 1,
    () => String(ws.readyState),
  );
  ws.send(JSON.stringify({ type: "message", data: { content: "Test message" } }));
  await eventually(
    () => calls.length === 1,
    () => JSON.stringify(calls),
  );
  expect(calls[0]).toMatchObject(["handleMessage", { type: "message", data: { content: "Test message" } }]);
  ws.close(1000);
});

test("[B6] the analytics of the document run as they stand", async () => {
  const calls = await page("updateDashboard");
  const { analyticsClient } = await import("./snippets/analytics.ts");
  open.push(analyticsClient);
  const subscribed: unknown[] = [];
  analyticsClient.on("subscribe", ({ metrics }) => subscribed.push(...metrics.map((it) => it.metric)));
  await analyticsClient.connect();
  await eventually(
    () => 3 <= subscribed.length,
    () => JSON.stringify(subscribed),
  );
  expect(subscribed.slice(0, 3)).toEqual(["activity", "engagement", "performance"]);
  const metric = { type: "metric_update", data: { metric: "performance", value: 7 } };
  await server.call("POST", `/api/v1/rooms/analytics/${ROOM}/events`, metric);
  await eventually(
    () => calls.some((it) => it[2] === 7),
    () => JSON.stringify(calls),
  );
  expect(calls).toContainEqual(["updateDashboard", "performance", 7]);
});

test("[B7] the collaboration of the document runs as it stands", async () => {
  const calls = await page("applyEdit");
  const { collaborationClient, join, edit, leave } = await import("./snippets/collaboration.ts");
  open.push(collaborationClient);
  const bob = await made(CollaborationWebSocketClient, "collaboration", ROOM, { sub: "bob" });
  await bob.request({ type: "join_session", data: { sessionId: "session_123" } });
  const heard: unknown[] = [];
  bob.on("edit", ({ operation, position, content, version }) =>
    heard.push({ operation, position, content, version }),
  );
  for (let version = 0; version < 15; version++) {
    const data = { operation: "insert", position: 0, content: "abc", version } as const;
    await bob.request({ type: "edit", data });
  }
  await collaborationClient.connect();
  const left: unknown[] = [];
  bob.on("leave_session", ({ userId }) => left.push(userId));
  join();
  edit();
  await eventually(
    () => heard.length === 1,
    () => JSON.stringify(heard),
  );
  expect(heard).toEqual([{ operation: "insert", position: 42, content: "Hello World", version: 16 }]);
  await bob.request({ type: "edit", data: { operation: "delete", position: 0, length: 1, version: 16 } });
  await eventually(
    () => calls.length === 1,
    () => JSON.stringify(calls),
  );
  expect(calls).toEqual([["applyEdit", "delete", 0, "", "bob"]]);
  leave();
  await eventually(
    () => left.length === 1,
    () => JSON.stringify(left),
  );
  expect(left).toEqual(["ann"]);
});

test("[B33, B34] cut off, a chat misses nothing, says nothing twice, and shows nothing twice", async () => {
  const room = server.room();
  const validate = frameValidator(webSocketMessageSchema);
  const ann = await made(ChatWebSocketClient, "chat", room, { validate });
  const bob = await made(ChatWebSocketClient, "chat", room, { sub: "bob" });
  const heard: { ann: string[]; bob: string[] } = { ann: [], bob: [] };
  ann.on("message", ({ content }) => heard.ann.push(content));
  bob.on("message", ({ content }) => heard.bob.push(content));
  await ann.request({ type: "message", data: { content: "one" } });
  const worker = server.harness.getWorker();
  await worker.evictDurableObject("CHAT_ROOMS", { name: room, webSockets: "close" });
  await eventually(
    () => ann.readyState !== 1,
    () => String(ann.readyState),
  );
  ann.link.disconnect();
  const waiting = ann.request({ type: "message", data: { content: "three" } });
  await bob.request({ type: "message", data: { content: "two" } });
  await ann.connect();
  await waiting;
  await eventually(
    () => heard.bob.length === 3,
    () => JSON.stringify(heard),
  );
  await bob.request({ type: "message", data: { content: "four" } });
  await eventually(
    () => heard.ann.length === 4,
    () => JSON.stringify(heard),
  );
  expect(heard.ann).toEqual(["one", "two", "three", "four"]);
  expect(heard.bob).toEqual(["one", "two", "three", "four"]);
});

test("[B33] metrics and sessions are there again after a cut", async () => {
  const room = server.room();
  const worker = server.harness.getWorker();
  const ann = await made(AnalyticsWebSocketClient, "analytics", room);
  const values: unknown[] = [];
  ann.on("metric_update", ({ value }) => values.push(value));
  await ann.request({ type: "subscribe", data: { metrics: ["sales"] } });
  await worker.evictDurableObject("ANALYTICS", { name: room, webSockets: "close" });
  await eventually(
    () => ann.readyState !== 1,
    () => String(ann.readyState),
  );
  await ann.connect();
  await ann.request({ type: "ping" });
  const sales = { type: "metric_update", data: { metric: "sales", value: 9 } };
  await server.call("POST", `/api/v1/rooms/analytics/${room}/events`, sales);
  await eventually(
    () => values.includes(9),
    () => JSON.stringify(values),
  );

  const bob = await made(CollaborationWebSocketClient, "collaboration", room);
  const states: unknown[] = [];
  bob.on("session_state", ({ content }) => states.push(content));
  await bob.request({ type: "join_session", data: { sessionId: "s" } });
  await worker.evictDurableObject("COLLABORATIONS", { name: room, webSockets: "close" });
  await eventually(
    () => bob.readyState !== 1,
    () => String(bob.readyState),
  );
  const data = { operation: "insert", position: 0, content: "a", version: 0 } as const;
  expect(await bob.request({ type: "edit", data })).toMatchObject({ type: "edit_ack", data: { version: 1 } });
  expect(states).toEqual(["", ""]);
});

test("[B3] the token may be shown in the first message", async () => {
  const room = server.room();
  const ann = await made(ChatWebSocketClient, "chat", room, { auth: "message" });
  expect(ann.link.state.url).not.toContain("token");
  expect(await ann.request({ type: "message", data: { content: "hi" } })).toMatchObject({ type: "message" });
});

test("[B22] a bad token is the end, told by onerror and onclose as a socket tells it", async () => {
  const client = new ChatWebSocketClient({ url: `${server.http}/api/chat/ws`, token: "bad", log: () => {} });
  open.push(client);
  const codes: number[] = [];
  client.onclose = ({ code }) => codes.push(code);
  await expect(client.connect()).rejects.toMatchObject({ code: "AUTHENTICATION_FAILED" });
  expect(client.readyState).toBe(3);
  expect(codes).toEqual([1008, 1008]);
});

test("[B30, B31] the monitor's ping is answered by the platform", async () => {
  const token = await tokenOf({ contexts: ["demo"] });
  const socket = new WebSocket(`${server.ws}/api/chat/ws?token=${token}&contextId=demo`);
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const monitor = new WebSocketMonitor(socket, { intervalMs: 1 });
  monitor.startPing();
  await eventually(
    () => monitor.lastPongAt !== null,
    () => "a pong",
  );
  expect(monitor.isAlive).toBe(true);
  monitor.stopPing();
  socket.close();
});
