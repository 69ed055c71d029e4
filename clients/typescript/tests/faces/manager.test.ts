import { describe, expect, test } from "vitest";
import { BackoffStrategy, WebSocketManager, type WebSocketManagerOptions } from "../../src/faces/manager.ts";
import { settle, world } from "../support/clock.ts";

const hello = (more: object = {}) => ({
  ...{
    type: "hello",
    server_time: "2025-08-15T10:00:00Z",
    accepted_version: 1,
    request_id: "r",
    client_id: "c",
  },
  ...{ features: ["heartbeat", "structured_messages"], heartbeat_interval_ms: 25_000, ...more },
});

function managed(options: WebSocketManagerOptions = {}, url: string | undefined = "ws://host:8000") {
  const around = world();
  const manager = new WebSocketManager(url, "my-client-id", { ...around.environment, ...options });
  const greet = async (more?: object) => {
    await settle();
    around.socket().opens();
    around.socket().says(hello(more));
  };
  return { ...around, manager, greet };
}

describe("the address", () => {
  test("[E2, E22, D27] client id, version and role, the token and the room are asked for in the query", async () => {
    const { manager, socket } = managed({ role: "admin", token: "a.b", contextId: "demo", version: 1 });
    void manager.connect();
    await settle();
    const url = new URL(socket().url);
    expect(url.origin + url.pathname).toBe("ws://host:8000/ws/client");
    const asked = { client_id: "my-client-id", version: "1", role: "admin", token: "a.b", contextId: "demo" };
    expect(Object.fromEntries(url.searchParams)).toEqual({ ...asked, batch: "1" });
    expect(manager.state.url).not.toContain("a.b");
  });

  test("[E39] whatever path the base has, it is /ws/client, and https is wss", async () => {
    const { manager, socket } = managed({}, "https://host/client_/ws/client_abc-123");
    void manager.connect();
    await settle();
    expect(socket().url).toMatch(/^wss:\/\/host\/ws\/client\?client_id=my-client-id&version=1&role=frontend/);
  });

  test("[E35] a front end's variables say the server, and switch the connection off", async () => {
    const { environment, sockets } = world();
    const made = (env: Record<string, string>) => WebSocketManager.fromEnvironment(env, "c", environment);
    void made({ VITE_WS_URL: "ws://localhost:8000", VITE_WEBSOCKET_ENABLED: "true" }).connect();
    await settle();
    expect(sockets[0]?.url).toContain("ws://localhost:8000/ws/client?");
    const off = made({ VITE_WS_URL: "ws://localhost:8000", VITE_WEBSOCKET_ENABLED: "false" });
    await expect(off.connect()).rejects.toMatchObject({ retryable: false });
    expect(sockets).toHaveLength(1);
    expect(off.state).toMatchObject({ phase: "fallback", is_fallback_mode: true });
    expect(off.state.fallback_reason).toContain("VITE_WEBSOCKET_ENABLED");
  });

  test("[E37] the client id is that of the storage, and is made and kept where there is none", () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
    const first = new WebSocketManager("ws://host", undefined, { storage });
    expect(first.clientId).toMatch(/^[\w-]{16,64}$/);
    expect(kept.get("ws_client_id")).toBe(first.clientId);
    expect(new WebSocketManager("ws://host", undefined, { storage }).clientId).toBe(first.clientId);
    kept.set("ws_client_id", "my-custom-id");
    expect(new WebSocketManager("ws://host", undefined, { storage }).clientId).toBe("my-custom-id");
    const denied = {
      getItem: () => {
        throw new Error("denied");
      },
      setItem: () => {},
    };
    expect(new WebSocketManager("ws://host", undefined, { storage: denied }).clientId).toMatch(/^[\w-]+$/);
  });
});

describe("the connection", () => {
  test("[E6, E7, E13, E14] it is open at the hello and not before, and idle after disconnect", async () => {
    const { manager, socket, greet } = managed();
    expect(manager.state.phase).toBe("idle");
    const connected = manager.connect();
    await settle();
    socket().opens();
    expect(manager.state).toMatchObject({ phase: "connecting", last_hello_message: null });
    await greet();
    await connected;
    expect(manager.state).toMatchObject({
      phase: "open",
      last_hello_message: hello(),
      connection_features: ["heartbeat", "structured_messages"],
    });
    manager.disconnect();
    expect(manager.state.phase).toBe("idle");
    expect(socket().closed?.code).toBe(1000);
  });

  test("[E15, E24] eight attempts after 1, 2, 4, 8, 12, 12, 12, 12 s, then fallback with the reason", async () => {
    const { manager, socket, sockets, clock } = managed();
    void manager.connect();
    await settle();
    for (const seconds of [1, 2, 4, 8, 12, 12, 12, 12]) {
      const before = sockets.length;
      socket().fails();
      await clock.advance(seconds * 1000 - 1);
      expect(sockets).toHaveLength(before);
      await clock.advance(1);
      expect(sockets).toHaveLength(before + 1);
    }
    socket().fails();
    await clock.advance(60_000);
    expect(sockets).toHaveLength(9);
    expect(manager.state).toMatchObject({ phase: "fallback", is_fallback_mode: true });
    expect(manager.state.fallback_reason).toBeTruthy();
    void manager.reconnect();
    await settle();
    expect(sockets).toHaveLength(10);
  });

  test("[E22] the time to connect is an option, from the attempt to the hello", async () => {
    const { manager, socket, clock } = managed({ connectionTimeoutMs: 15_000 });
    void manager.connect();
    await settle();
    socket().opens();
    await clock.advance(14_999);
    expect(manager.state.phase).toBe("connecting");
    await clock.advance(1);
    expect(manager.state).toMatchObject({ phase: "failed", recent_attempts: [{ kind: "timeout" }] });
  });

  test.each([
    ["network", (it: ReturnType<typeof managed>) => it.socket().fails()],
    ["abnormal", (it: ReturnType<typeof managed>) => it.socket().ends(1006)],
    ["server_error", (it: ReturnType<typeof managed>) => it.socket().ends(1011)],
    ["handshake", (it: ReturnType<typeof managed>) => it.socket().ends(4401, "Invalid client role")],
    ["server_error", (it: ReturnType<typeof managed>) => it.socket().ends(4500)],
    ["timeout", (it: ReturnType<typeof managed>) => it.clock.advance(10_000)],
  ] as const)("[E20, E26, E27] a failure of the class %s", async (kind, fail) => {
    const its = managed();
    void its.manager.connect();
    await settle();
    if (kind !== "network") its.socket().opens();
    await fail(its);
    expect(its.manager.state.recent_attempts.at(-1)).toMatchObject({ kind });
  });

  test("[E26] 4400 and 4401 are for good; 4500 is tried again", async () => {
    for (const [code, phase] of [
      [4400, "fallback"],
      [4401, "fallback"],
      [4500, "failed"],
    ] as const) {
      const { manager, socket } = managed();
      void manager.connect();
      await settle();
      socket().opens();
      socket().ends(code, "told");
      expect(manager.state.phase).toBe(phase);
    }
  });

  test("[E26] the error that comes ahead of a late close is acted on at once", async () => {
    const { manager, socket } = managed();
    const connected = manager.connect();
    await settle();
    socket().opens();
    const message = "invalid client_id: 1 to 64 of A-Z a-z 0-9 _ -";
    socket().says({ type: "error", timestamp: "t", code: "INVALID_MESSAGE_FORMAT", message });
    await expect(connected).rejects.toMatchObject({ code: "INVALID_MESSAGE_FORMAT" });
    expect(manager.state).toMatchObject({ phase: "fallback", fallback_reason: message });
  });

  test("[E40] connecting twice opens one socket", async () => {
    const { manager, sockets, greet } = managed();
    const both = [manager.connect(), manager.connect()];
    await greet();
    await Promise.all(both);
    await manager.connect();
    expect(sockets).toHaveLength(1);
  });

  test("[E46] a token that expires is replaced on the same socket, and the prompt asks once", async () => {
    const reasons: string[] = [];
    const token = ({ reason }: { reason: string }) => {
      reasons.push(reason);
      return `token-${reasons.length}`;
    };
    const { manager, socket, sockets, greet } = managed({ token });
    void manager.connect();
    await greet();
    const expired = { type: "error", code: "AUTHENTICATION_FAILED", message: "expired", timestamp: "t" };
    socket().says(expired, expired);
    await settle();
    expect(socket().sent).toMatchObject([{ type: "auth", token: "token-2" }]);
    socket().says({ type: "auth", user_id: "ann", expires_at: null, timestamp: "t" }, expired);
    await settle();
    expect(reasons).toEqual(["initial", "expired", "expired"]);
    expect(sockets).toHaveLength(1);
    expect(manager.state.phase).toBe("open");
  });
});

test("[E46] a token that is refused again is shown once, and the close that follows asks for another", async () => {
  const { manager, socket, sockets, greet, clock } = managed({ token: "old" });
  void manager.connect();
  await greet();
  const expired = { type: "error", code: "AUTHENTICATION_FAILED", message: "expired", timestamp: "t" };
  for (let at = 0; at < 5; at++) {
    socket().says(expired);
    await settle();
  }
  expect(socket().sent).toHaveLength(1);
  socket().ends(1008, "expired");
  await clock.advance(0);
  expect(sockets).toHaveLength(2);
});

describe("messages", () => {
  test("[E19, E38] all but those of the connection are handed to listeners, until they unsubscribe", async () => {
    const { manager, socket, greet } = managed();
    const heard: string[] = [];
    const unsubscribe = manager.onMessage((message) => heard.push(message.type));
    void manager.connect();
    await greet();
    const timestamp = "2025-08-15T10:00:00Z";
    for (const type of ["ping", "status", "error", "auth", "custom", "notification"])
      socket().says({ type, timestamp });
    socket().says({
      type: "batch",
      data: [
        { type: "one", timestamp },
        { type: "two", timestamp },
      ],
    });
    unsubscribe();
    socket().says({ type: "custom", timestamp });
    expect(heard).toEqual(["custom", "notification", "one", "two"]);
    expect(manager.state.stats.message_counts_by_type).toMatchObject({ hello: 1, custom: 2, one: 1 });
  });

  test("[E9, E18] the server's ping is answered with pong at once", async () => {
    const { manager, socket, greet } = managed();
    void manager.connect();
    await greet();
    socket().says({ type: "ping", timestamp: "t" });
    expect(socket().sent).toEqual([{ type: "pong", timestamp: expect.stringMatching(/Z$/) }]);
  });

  test("[E10, E40] the client's own ping is the constant one, at the interval of the hello, and can be off", async () => {
    for (const [enableHeartbeat, pings] of [
      [true, 1],
      [false, 0],
    ] as const) {
      const { manager, socket, clock, greet } = managed({ enableHeartbeat });
      void manager.connect();
      await greet({ heartbeat_interval_ms: 20_000 });
      await clock.advance(20_000);
      expect(socket().pings).toBe(pings);
    }
  });

  test("[E28, E46] messages get a timestamp, wait while there is no connection, and go in order", async () => {
    const { manager, socket, greet } = managed();
    manager.send({ type: "first", payload: 1 });
    manager.send({ type: "second", timestamp: "2025-01-01T00:00:00Z" }, { priority: "high" });
    void manager.connect();
    await greet();
    await settle();
    expect(socket().sent).toEqual([
      { type: "second", timestamp: "2025-01-01T00:00:00Z" },
      { type: "first", payload: 1, timestamp: expect.stringMatching(/^\d{4}-.*Z$/) },
    ]);
  });

  test("what the server refuses is told, by the id of the message", async () => {
    const { manager, socket, greet } = managed();
    const told: object[] = [];
    manager.onError((error) => told.push(error));
    void manager.connect();
    await greet();
    const error = { type: "error", code: "PERMISSION_DENIED", message: "no", id: "m1", timestamp: "t" };
    socket().says(error);
    expect(told).toEqual([error]);
    expect(manager.state.phase).toBe("open");
  });
});

describe("what it tells of itself", () => {
  test("[E29, E30] the state has these members, and the statistics these", async () => {
    const { manager, socket, clock, greet } = managed();
    void manager.connect();
    await greet();
    manager.send({ type: "custom" });
    await settle();
    socket().says({ type: "ping", timestamp: "t" });
    await clock.advance(3000);
    const { stats, ...state } = manager.state;
    expect(Object.keys(state).sort()).toEqual(
      [
        ...["client_id", "connection_features", "current_attempt", "fallback_reason", "is_fallback_mode"],
        ...["last_hello_message", "phase", "recent_attempts", "url"],
      ].sort(),
    );
    expect(stats).toEqual({
      total_attempts: 1,
      successful_connections: 1,
      current_uptime_ms: 3000,
      messages_received: 2,
      messages_sent: 2,
      heartbeats_received: 1,
      heartbeats_sent: 0,
      last_activity: expect.any(Date),
      connection_start: expect.any(Date),
      message_counts_by_type: { hello: 1, ping: 1 },
    });
  });

  test("[E24, E41] ten attempts are kept, each with its class, code and times", async () => {
    const { manager, socket, clock } = managed({
      backoffStrategy: BackoffStrategy.createImmediateStrategy({ maxAttempts: 20 }),
    });
    void manager.connect();
    for (let at = 0; at < 15; at++) {
      await settle();
      socket().opens();
      socket().ends(1006);
      await clock.advance(100);
    }
    const { recent_attempts: attempts, current_attempt: current, stats } = manager.state;
    expect(stats.total_attempts).toBe(16);
    expect(attempts.map((it) => it.number)).toEqual([7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect(attempts[0]).toMatchObject({ kind: "abnormal", code: 1006, retryAt: expect.any(Number) });
    expect(current).toBe(attempts.at(-1));
  });

  test("stores: the snapshot is the same object until the connection changes", async () => {
    const { manager, socket, greet } = managed();
    const seen: string[] = [];
    manager.subscribe(({ phase }) => seen.push(phase));
    const first = manager.getSnapshot();
    expect(manager.getSnapshot()).toBe(first);
    void manager.connect();
    await greet();
    const open = manager.getSnapshot();
    expect(open).not.toBe(first);
    socket().says({ type: "custom", timestamp: "t" });
    expect(manager.getSnapshot()).toBe(open);
    expect(seen).toContain("open");
  });

  test("[E1, E31] the log has these lines, and none twice in a row", async () => {
    const { manager, socket, clock, greet, logs } = managed();
    const connected = manager.connect();
    await greet();
    await connected;
    socket().ends(1006);
    await clock.advance(1000);
    await settle();
    socket().fails();
    expect(logs).toEqual([
      "[WS] transition from idle to connecting",
      "[WS] Attempting WebSocket connection",
      "[WS] transition from connecting to open",
      "[WS] Received hello message from server",
      "[WS] transition from open to failed",
      "[WS] Connection failed: abnormal closed with 1006",
      "[WS] transition from failed to reconnecting",
      "[WS] Attempting WebSocket connection",
      "[WS] transition from reconnecting to failed",
      "[WS] Connection failed: network no connection",
    ]);
    expect(logs.every((it, at) => it !== logs[at - 1])).toBe(true);
  });

  test("[E31, E45] what troubles a connection stands in the log, and in the state", async () => {
    const backoffStrategy = new BackoffStrategy({ baseDelaysMs: [100], maxAttempts: 1 });
    const { manager, socket, clock, logs } = managed({ backoffStrategy });
    void manager.connect();
    for (let at = 0; at < 2; at++) {
      await settle();
      socket().opens();
      socket().ends(1006);
      await clock.advance(100);
    }
    expect(logs).toContain("[WS] Connection failed: abnormal closed with 1006");
    expect(logs).toContain("[WS] Entering fallback mode");
    expect(manager.state).toMatchObject({ phase: "fallback", fallback_reason: "closed with 1006" });
    expect(manager.state.recent_attempts.map((it) => it.code)).toEqual([1006, 1006]);
  });
});
