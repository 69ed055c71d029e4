import { describe, expect, test } from "vitest";
import {
  ConnectionManager,
  type ConnectionState,
  type ConversationOptions,
  HeartbeatManager,
  MessageHandler,
  MessageQueue,
  WebSocketBase,
  WebSocketConnection,
} from "../../src/faces/connection.ts";
import { settle, world } from "../support/clock.ts";

const confirm = (more: object = {}) => ({
  ...{ type: "connect_confirm", clientId: "c", conversationId: "conversation_1", resumeToken: "secret" },
  ...{ status: "confirmed", timestamp: "t", ...more },
});
const response = (messageId: string, content = "yes") => ({
  type: "response",
  messageId,
  content,
  timestamp: "t",
});

function conversing(options: ConversationOptions = {}) {
  const around = world();
  const states: ConnectionState[] = [];
  const connection = new WebSocketConnection((state) => states.push(state), {
    ...{ url: "http://host", token: "t", clientId: "c", ...around.environment, ...options },
  });
  const opens = async () => {
    await settle();
    around.socket().opens();
  };
  const greet = async (more?: object) => {
    await opens();
    around.socket().says(confirm(more));
    await settle();
  };
  /** Time passes until the next attempt, which is made within a minute. */
  const again = async () => {
    const before = around.sockets.length;
    for (let at = 0; at < 120 && around.sockets.length === before; at++) await around.clock.advance(500);
    expect(around.sockets).toHaveLength(before + 1);
  };
  const cut = async (more?: object) => {
    around.socket().ends(1006);
    await again();
    await greet(more);
  };
  const messages = () => around.socket().sent.filter((it) => it.type === "message");
  return { ...around, connection, states, opens, greet, again, cut, messages };
}

describe("the connection", () => {
  test("[D1, D20] it is made with a listener alone, of modules that can be had by themselves", () => {
    const connection = new WebSocketConnection(() => {});
    expect(connection).toBeInstanceOf(WebSocketBase);
    expect(connection.state.status).toBe("disconnected");
    const { environment } = world();
    const handler = new MessageHandler("http://host", "c", () => 0);
    const manager = new ConnectionManager(handler, environment, () => {});
    expect(manager).toBeInstanceOf(WebSocketBase);
    expect(manager.link.queue).toBeInstanceOf(MessageQueue);
    expect(HeartbeatManager.name).toBe("Heartbeat");
  });

  test("[D4, D5, D6, D7, D14, D21] it goes through its states, and its listener hears of each", async () => {
    const { connection, states, socket, clock, opens } = conversing();
    expect(connection.phase).toBe("DISCONNECTED");
    const connected = connection.connect();
    expect(connection.phase).toBe("CONNECTING");
    await opens();
    expect(connection.phase).toBe("PENDING");
    expect(connection.isConnected).toBe(false);
    socket().says(confirm());
    await connected;
    expect(connection.phase).toBe("CONFIRMED");
    socket().ends(1006);
    expect(connection.phase).toBe("DISCONNECTED");
    await clock.advance(1000);
    expect(connection.phase).toBe("CONNECTING");
    connection.disconnect();
    const of = (status: string, conversationId: string | null, error: string | null) => ({
      ...{ status, clientId: "c", conversationId, error },
    });
    expect(states).toEqual([
      of("connecting", null, null),
      of("connected", "conversation_1", null),
      of("disconnected", "conversation_1", "closed with 1006"),
      of("connecting", "conversation_1", "closed with 1006"),
      of("disconnected", "conversation_1", "closed with 1006"),
    ]);
  });

  test("[D22] the greeting says who and which version, before anything else", async () => {
    const { connection, socket, opens } = conversing();
    connection.send({ type: "message", content: "early" });
    void connection.connect();
    await opens();
    expect(socket().url).toBe("ws://host/ws/conversation?token=t");
    const timestamp = expect.stringMatching(/Z$/);
    expect(socket().sent).toEqual([{ type: "connect", clientId: "c", version: "1.0", timestamp }]);
  });

  test("[D13] five attempts after 1, 2, 4, 8, 16 s, and then it says why there is no connection", async () => {
    const { connection, socket, sockets, clock, states } = conversing();
    void connection.connect();
    await settle();
    for (const seconds of [1, 2, 4, 8, 16]) {
      const before = sockets.length;
      socket().fails();
      await clock.advance(seconds * 1000 - 1);
      expect(sockets).toHaveLength(before);
      await clock.advance(1);
      expect(sockets).toHaveLength(before + 1);
    }
    socket().fails();
    await clock.advance(60_000);
    expect(sockets).toHaveLength(6);
    expect(states.at(-1)).toMatchObject({ status: "disconnected", error: "no connection" });
  });

  test("[D6, D9] a ping every 30 s; without an answer for 60 s more another connection is made", async () => {
    const { connection, socket, sockets, clock, greet } = conversing();
    void connection.connect();
    await greet();
    await clock.advance(30_000);
    expect(socket().pings).toBe(1);
    socket().pongs();
    await clock.advance(30_000);
    expect(socket().pings).toBe(2);
    await clock.advance(59_999);
    expect(connection.isConnected).toBe(true);
    await clock.advance(1);
    expect(connection.isConnected).toBe(false);
    await clock.advance(1000);
    expect(sockets).toHaveLength(2);
  });

  test("[D19, D25] a new connection goes on with the conversation, and with a new one if that is denied", async () => {
    const { connection, socket, greet, cut, opens, again, states } = conversing();
    void connection.connect();
    await greet();
    await cut();
    const asked = () => Object.fromEntries(new URL(socket().url).searchParams);
    expect(asked()).toMatchObject({ conversationId: "conversation_1", resumeToken: "secret" });
    socket().ends(1006);
    await again();
    await opens();
    socket().says({ type: "error", error: "no", code: "PERMISSION_DENIED", timestamp: "t" });
    await again();
    expect(asked()).toEqual({ token: "t" });
    await greet({ conversationId: "conversation_2" });
    expect(states.at(-1)).toMatchObject({ status: "connected", conversationId: "conversation_2" });
  });

  test("[D24] without a token that is taken it stops, and says so", async () => {
    const { connection, socket, sockets, opens, clock } = conversing({ token: "bad" });
    const connected = connection.connect();
    const refusal = {
      type: "error",
      error: "the token is not valid",
      code: "AUTHENTICATION_FAILED",
      timestamp: "t",
    };
    for (let at = 0; at < 2; at++) {
      await opens();
      socket().says(refusal);
      await clock.advance(2000);
    }
    await expect(connected).rejects.toMatchObject({ code: "AUTHENTICATION_FAILED" });
    expect(sockets).toHaveLength(2);
    expect(connection.state).toMatchObject({ status: "disconnected", error: "the token is not valid" });
  });
});

describe("messages", () => {
  test("[D15, D16, D18, D23] they wait for the confirmation, then leave in order with their ids", async () => {
    const { connection, opens, socket, messages } = conversing();
    const ids = ["one", "two"].map((content) => connection.send({ type: "message", content }));
    void connection.connect();
    await opens();
    connection.send({ type: "message", content: "three", timestamp: "2025-01-01T00:00:00Z" });
    expect(messages()).toEqual([]);
    socket().says(confirm());
    await settle();
    expect(messages().map((it) => it.content)).toEqual(["one", "two", "three"]);
    expect(messages()[0]).toEqual({
      ...{ type: "message", clientId: "c", content: "one", messageId: ids[0] },
      timestamp: expect.stringMatching(/Z$/),
    });
    expect(messages()[2]?.timestamp).toBe("2025-01-01T00:00:00Z");
  });

  test("[D17, D19] what has no response leaves again after a reconnect, with the same id", async () => {
    const { connection, greet, cut, messages, socket } = conversing();
    void connection.connect();
    await greet();
    const [first, second] = ["one", "two"].map((content) => connection.send({ type: "message", content }));
    await settle();
    socket().says(response(first as string));
    await cut();
    expect(messages().map((it) => it.messageId)).toEqual([second]);
    socket().says(response(second as string));
    await cut();
    expect(messages()).toEqual([]);
  });

  test("the response resolves who asked, and every listener hears it", async () => {
    const { connection, greet, messages, socket } = conversing();
    const heard: string[] = [];
    const stop = connection.onMessage((it) => heard.push(it.content));
    void connection.connect();
    await greet();
    const asked = connection.ask({ type: "message", content: "well?", messageId: "m1" });
    await settle();
    expect(messages()[0]?.messageId).toBe("m1");
    socket().says(response("m1", "yes"));
    await expect(asked).resolves.toMatchObject({ content: "yes", messageId: "m1" });
    stop();
    socket().says(response("m2", "no"));
    expect(heard).toEqual(["yes"]);
  });

  test("[D23] a message without a response fails after its time, connected or not", async () => {
    const { connection, clock, states } = conversing({ messageTimeoutMs: 5000 });
    const told: string[] = [];
    connection.onError((error) => told.push(error.code));
    connection.send({ type: "message", content: "one" });
    const asked = connection.ask({ type: "message", content: "two" }, { ttlMs: 1000 });
    const failed = expect(asked).rejects.toMatchObject({ code: "EXPIRED" });
    await clock.advance(5000);
    await failed;
    expect(told).toEqual(["EXPIRED"]);
    expect(states.at(-1)?.error).toBe("EXPIRED");
  });

  test("[D24] a refusal for a time is said again when it is over, one for good fails the message", async () => {
    const { connection, greet, messages, socket, clock } = conversing();
    void connection.connect();
    await greet();
    const asked = connection.ask({ type: "message", content: "a", messageId: "m1" });
    await settle();
    const error = { type: "error", error: "busy", messageId: "m1", timestamp: "t" };
    socket().says({ ...error, code: "UNAVAILABLE", retry_after: 30 });
    await clock.advance(29_999);
    expect(messages()).toHaveLength(1);
    await clock.advance(1);
    expect(messages().map((it) => it.messageId)).toEqual(["m1", "m1"]);
    socket().says({ ...error, code: "CONFLICT", error: "another's" });
    await expect(asked).rejects.toMatchObject({ code: "CONFLICT", message: "another's" });
  });

  test("[D23, D26] content that is no text is refused here, and frames that make no sense change nothing", async () => {
    const { connection, greet, socket, logs } = conversing();
    void connection.connect();
    await greet();
    expect(() => connection.send({ type: "message", content: 5 as never })).toThrow(/content/);
    for (const data of ["garbage", "[]", "null", "{}", '{"type":5}', '{"type":"novelty"}'])
      socket().hands(data);
    expect(connection.isConnected).toBe(true);
    expect(logs.length).toBeGreaterThan(0);
  });
});
