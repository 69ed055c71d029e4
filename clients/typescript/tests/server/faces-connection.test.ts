// The documented conversation client, against the real server.
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Server } from "../../../../tests/support/server.ts";
import { type ConversationOptions, WebSocketConnection } from "../../src/faces/connection.ts";
import { conversationBackoff } from "../../src/index.ts";
import { eventually, start, tokenOf } from "./documented.ts";

let server: Server;
const open: WebSocketConnection[] = [];
beforeAll(async () => {
  server = await start();
});
afterEach(() => {
  vi.restoreAllMocks();
  WebSocketConnection.defaults = {};
  for (const it of open.splice(0)) it.disconnect();
});
afterAll(() => server.stop());

async function converse(options: ConversationOptions = {}) {
  const backoff = conversationBackoff({ baseDelaysMs: [20, 50] });
  const url = server.http;
  const connection = new WebSocketConnection(undefined, {
    url,
    token: await tokenOf({}),
    backoff,
    ...options,
  });
  open.push(connection);
  await connection.connect();
  return connection;
}

test("[D14, D20, D21] the document's example runs as it stands", async () => {
  WebSocketConnection.defaults = { url: server.http, token: await tokenOf({}) };
  const states: unknown[] = [];
  vi.spyOn(console, "log").mockImplementation((text, state) => {
    if (text === "Connection state:") states.push(state);
  });
  const { ws } = await import("./snippets/connection.ts");
  open.push(ws);
  const heard: string[] = [];
  ws.onMessage(({ content }) => heard.push(content));
  await eventually(
    () => heard.length === 1,
    () => JSON.stringify(states),
  );
  expect(heard).toEqual(["Hello!"]);
  const { clientId, state } = ws;
  expect(states).toEqual([
    { status: "connecting", clientId, conversationId: null, error: null },
    { status: "connected", clientId, conversationId: state.conversationId, error: null },
  ]);
  expect(state.conversationId).toMatch(/^conversation_/);
});

test("[D15, D18, D19, D25] after a cut the conversation goes on, and what waited is answered, once each", async () => {
  const connection = await converse();
  const { conversationId } = connection.state;
  await connection.ask({ type: "message", content: "before" });
  await server.harness
    .getWorker()
    .evictDurableObject("CONVERSATIONS", { name: String(conversationId), webSockets: "close" });
  await eventually(
    () => !connection.isConnected,
    () => connection.phase,
  );
  const heard: string[] = [];
  connection.onMessage(({ content }) => heard.push(content));
  const contents = ["one", "two", "three"];
  const asked = contents.map((content) => connection.ask({ type: "message", content }));
  expect((await Promise.all(asked)).map((it) => it.content)).toEqual(contents);
  expect(heard).toEqual(contents);
  expect(connection.state.conversationId).toBe(conversationId);
  const { messages } = await connection.history();
  expect(messages.map((it) => it.content)).toEqual(["before", ...contents].flatMap((it) => [it, it]));
});

test("[D19, D24] what leads back to another user's conversation leads to a new one", async () => {
  const tokens = [await tokenOf({ sub: "ann" }), await tokenOf({ sub: "bob" })];
  const connection = await converse({ token: () => tokens.shift() });
  const first = connection.state.conversationId;
  tokens.push(await tokenOf({ sub: "bob" }));
  await connection.reconnect();
  expect(connection.state.status).toBe("connected");
  expect(connection.state.conversationId).not.toBe(first);
});

test("[D24] a token that is none is the end, and the state says why", async () => {
  await expect(converse({ token: "nonsense" })).rejects.toMatchObject({ code: "AUTHENTICATION_FAILED" });
  expect(open.at(-1)?.state).toMatchObject({ status: "disconnected", error: "the token is not valid" });
});
