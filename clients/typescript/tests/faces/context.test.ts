import { describe, expect, test } from "vitest";
import { AnalyticsWebSocketClient } from "../../src/faces/analytics.ts";
import { ChatWebSocketClient, type ContextOptions } from "../../src/faces/chat.ts";
import { CollaborationWebSocketClient } from "../../src/faces/collaboration.ts";
import { frameValidator, webSocketMessageSchema } from "../../src/frames/schemas.ts";
import { settle, world } from "../support/clock.ts";

const greeting = (more: object = {}) => ({
  ...{ type: "auth", id: "a", timestamp: "t" },
  data: {
    userId: "ann",
    expiresAt: null,
    offset: 4,
    epoch: "e1",
    recovered: false,
    reason: "epoch",
    ...more,
  },
});
const message = (offset: number, id = `m${offset}`) => ({
  ...{ type: "message", id, timestamp: "t" },
  data: {
    id,
    content: `c${offset}`,
    messageType: "text",
    author: "b",
    authorId: "b",
    timestamp: "t",
    offset,
  },
});

function talking<
  Client extends ChatWebSocketClient | AnalyticsWebSocketClient | CollaborationWebSocketClient,
>(Made: new (options: ContextOptions) => Client, options: Partial<ContextOptions> = {}) {
  const around = world();
  const url = "wss://host/api/chat/ws";
  const client = new Made({ url, token: "t", contextId: "c", ...around.environment, ...options });
  const greet = async (more?: object) => {
    await settle();
    around.socket().opens();
    around.socket().says(greeting(more));
    await settle();
  };
  /** The connection is cut, and the next one is greeted. */
  const cut = async (more?: object) => {
    around.socket().ends(1006);
    const before = around.sockets.length;
    for (let at = 0; at < 120 && around.sockets.length === before; at++) await around.clock.advance(500);
    await greet(more);
  };
  const asked = () => Object.fromEntries(new URL(around.socket().url).searchParams);
  return { ...around, client, greet, cut, asked };
}
const chatting = (options?: Partial<ContextOptions>) => talking(ChatWebSocketClient, options);

describe("the way in", () => {
  test("[B5, B6, B7] url, token and context are all it needs; it is in when the server has said so", async () => {
    for (const Made of [ChatWebSocketClient, AnalyticsWebSocketClient, CollaborationWebSocketClient]) {
      const { client, socket, asked } = talking(Made as typeof ChatWebSocketClient);
      const connected = client.connect();
      await settle();
      expect(socket().url).toMatch(/^wss:\/\/host\/api\/chat\/ws\?/);
      expect(asked()).toMatchObject({ token: "t", contextId: "c" });
      socket().opens();
      expect(client.readyState).toBe(0);
      socket().says(greeting());
      await connected;
      expect(client.readyState).toBe(1);
      client.disconnect();
      expect(client.readyState).toBe(3);
    }
  });

  test("[B38] the token may go in the first message instead of the query", async () => {
    const { client, socket, greet, asked } = chatting({ auth: "message" });
    void client.connect();
    await greet();
    expect(asked()).not.toHaveProperty("token");
    expect(socket().sent[0]).toEqual({ type: "auth", token: "t", contextId: "c" });
  });

  test("[B22, B33] a close but 1000 is logged and told, and it connects again after 1, 2, 4, 8, 12 s", async () => {
    const { client, socket, sockets, greet, clock, logs } = chatting();
    const closes: number[] = [];
    client.onclose = ({ code }) => closes.push(code);
    void client.connect();
    await greet();
    socket().ends(1011, "fault");
    for (const seconds of [1, 2, 4, 8, 12]) {
      const before = sockets.length;
      await clock.advance(seconds * 1000);
      expect(sockets).toHaveLength(before + 1);
      socket().fails();
    }
    expect(closes.slice(0, 2)).toEqual([1011, 1006]);
    expect(logs[0]).toBe("WebSocket closed unexpectedly: 1011 fault");
  });

  test("[B22] a close with 1000 is the end, and nothing unexpected", async () => {
    const { client, socket, greet, clock, sockets, logs } = chatting();
    void client.connect();
    await greet();
    socket().ends(1000);
    await clock.advance(60_000);
    expect(sockets).toHaveLength(1);
    expect(logs).toEqual([]);
  });

  test("[B22] what goes wrong surfaces as a message", async () => {
    const { client, socket, greet } = chatting();
    const told: string[] = [];
    client.onerror = (error) => told.push(error.message);
    void client.connect();
    await greet();
    socket().says({ type: "error", id: "x", timestamp: "t", error: "Too long", code: "MESSAGE_TOO_LARGE" });
    expect(told).toEqual(["Too long"]);
  });

  test("[B38] too fast for the server: it comes back when the time is over that it was told", async () => {
    const { client, socket, sockets, greet, clock } = chatting();
    void client.connect();
    await greet();
    const code = "RATE_LIMIT_EXCEEDED";
    socket().says({
      type: "error",
      id: "x",
      timestamp: "t",
      error: "Rate limit exceeded",
      code,
      retry_after: 45,
    });
    socket().ends(1008, "Rate limit exceeded");
    await clock.advance(44_999);
    expect(sockets).toHaveLength(1);
    await clock.advance(1);
    expect(sockets).toHaveLength(2);
  });

  test("[B30, B31, B35] a ping every 30 s; without an answer the connection is made anew", async () => {
    const { client, socket, sockets, greet, clock } = chatting();
    void client.connect();
    await greet();
    await clock.advance(30_000);
    expect(socket().raw.at(-1)).toBe('{"type":"ping"}');
    socket().pongs();
    await clock.advance(30_000);
    expect(sockets).toHaveLength(1);
    await clock.advance(12_000);
    expect(sockets).toHaveLength(2);
  });

  test("[B36] after disconnect nothing is left that runs", async () => {
    const { client, clock, greet, socket } = chatting();
    void client.connect();
    await greet();
    for (let at = 0; at < 150; at++) client.send({ type: "typing", data: { isTyping: true } });
    await settle();
    client.disconnect();
    expect(clock.pending).toBe(0);
    expect(socket().closed?.code).toBe(1000);
  });
});

describe("what is said", () => {
  test("[B34] it waits for the connection, gets an id and a time, and leaves in order", async () => {
    const { client, greet, socket } = chatting();
    client.send({ type: "message", data: { content: "one", messageType: "text" } });
    client.send('{"type":"typing","data":{"isTyping":true}}');
    void client.connect();
    await greet();
    expect(socket().sent).toMatchObject([{ type: "message", data: { content: "one" } }, { type: "typing" }]);
    expect(socket().sent[0]).toMatchObject({
      id: expect.any(String),
      timestamp: expect.stringMatching(/Z$/),
    });
  });

  test("[B33, B34] what has no answer is said again with its id, typing is not", async () => {
    const { client, greet, socket, cut } = chatting();
    void client.connect();
    await greet();
    client.send({ type: "typing", data: { isTyping: true } });
    const said = client.request({ type: "message", data: { content: "one" } });
    await settle();
    const [, first] = socket().sent;
    await cut({ recovered: true });
    expect(socket().sent).toEqual([first]);
    socket().says(message(5, String(first?.id)));
    await expect(said).resolves.toMatchObject({ data: { content: "c5" } });
  });

  test("[B38] more than 100 messages a minute wait for the next, pings do not", async () => {
    const { client, greet, socket, clock } = chatting();
    void client.connect();
    await greet();
    for (let at = 0; at < 150; at++) client.send({ type: "typing", data: { isTyping: true } });
    await settle();
    expect(socket().sent).toHaveLength(100);
    await clock.advance(30_000);
    expect(socket().pings).toBe(1);
    socket().pongs();
    await clock.advance(29_999);
    expect(socket().sent).toHaveLength(100);
    await clock.advance(1);
    expect(socket().sent).toHaveLength(150);
  });

  test("a refusal fails who asked, with its code", async () => {
    const { client, greet, socket } = chatting();
    void client.connect();
    await greet();
    const asked = client.request({ type: "message", id: "mine", data: { content: "x" } });
    await settle();
    socket().says({ type: "error", id: "mine", timestamp: "t", error: "no", code: "PERMISSION_DENIED" });
    await expect(asked).rejects.toMatchObject({ code: "PERMISSION_DENIED", message: "no" });
    expect(client.readyState).toBe(1);
  });
});

describe("what is heard", () => {
  test("[B33] after a cut it goes on where it was, and what comes twice is shown once", async () => {
    const { client, greet, cut, asked, socket } = chatting();
    const heard: string[] = [];
    client.on("message", ({ content }) => heard.push(content));
    void client.connect();
    await greet();
    expect(asked().resume).toBe("none:1");
    socket().says(message(5));
    await cut({ recovered: true, offset: 7 });
    expect(asked().resume).toBe("e1:5");
    // 6 is told by the log, and once more as the answer to a message that was said twice.
    socket().says(message(6), message(7), message(6), message(8));
    expect(heard).toEqual(["c5", "c6", "c7", "c8"]);
  });

  test("[B33] another log, or a position that is gone, is told, and what follows counts from there", async () => {
    const { client, greet, cut, asked, socket } = chatting();
    const recovered: unknown[] = [];
    client.on("auth", (data) => recovered.push(data.recovered));
    void client.connect();
    await greet({ offset: 100 });
    await cut({ epoch: "e2", offset: 3 });
    socket().says(message(4));
    await cut({ epoch: "e2", recovered: true });
    expect(asked().resume).toBe("e2:4");
    expect(recovered).toEqual([false, false, true]);
  });

  test("[B22] the handlers are those of a socket", async () => {
    const { client, greet, socket } = chatting();
    const heard: unknown[] = [];
    client.onopen = () => heard.push("open");
    client.onmessage = ({ data }) => heard.push(JSON.parse(data).type);
    void client.connect();
    await greet();
    socket().says({ type: "batch", data: [message(5), message(6)] });
    expect(heard).toEqual(["open", "auth", "message", "message"]);
  });

  test("[B23] what does not hold against the schema is logged and not handed over", async () => {
    const { client, greet, socket, logs } = chatting({ validate: frameValidator(webSocketMessageSchema) });
    const heard: unknown[] = [];
    client.on("*", (_, { type }) => heard.push(type));
    void client.connect();
    await greet();
    socket().hands("garbage");
    socket().says({ type: "message", timestamp: 5, data: {} }, { type: "message", timestamp: "t", data: {} });
    expect(heard).toEqual(["auth"]);
    expect(logs.filter((it) => it.startsWith("Invalid message"))).not.toEqual([]);
    expect(client.readyState).toBe(1);
  });

  test("[B6, B33] analytics: metrics are subscribed to again, those that were given up are not", async () => {
    const { client, greet, cut, socket } = talking(AnalyticsWebSocketClient);
    client.send({ type: "subscribe", data: { metrics: ["engagement", "sales"] } });
    client.send({ type: "unsubscribe", data: { metrics: ["sales"] } });
    void client.connect();
    await greet();
    for (const { id, type, data } of socket().sent) socket().says({ type, id, timestamp: "t", data });
    await cut();
    expect(socket().sent).toMatchObject([{ type: "subscribe", data: { metrics: ["engagement"] } }]);
  });

  test("[B7, B33] collaboration: the session is joined again, ahead of edits that have no answer", async () => {
    const { client, greet, cut, socket } = talking(CollaborationWebSocketClient);
    void client.connect();
    await greet();
    client.send({ type: "join_session", data: { sessionId: "s", role: "participant" } });
    await settle();
    socket().says({ type: "session_state", id: socket().sent[0]?.id, timestamp: "t", data: {} });
    client.send({
      type: "edit",
      id: "e1",
      data: { operation: "insert", position: 0, content: "a", version: 0 },
    });
    await settle();
    await cut();
    expect(socket().sent).toMatchObject([{ type: "join_session" }, { type: "edit", id: "e1" }]);
    socket().says({ type: "session_state", id: socket().sent[0]?.id, timestamp: "t", data: {} });
    socket().says({ type: "edit_ack", id: "e1", timestamp: "t", data: { version: 1 } });
    client.send({ type: "leave_session", id: "l1", data: { sessionId: "s" } });
    await settle();
    socket().says({ type: "leave_session", id: "l1", timestamp: "t", data: {} });
    await cut();
    expect(socket().sent).toEqual([]);
  });
});
