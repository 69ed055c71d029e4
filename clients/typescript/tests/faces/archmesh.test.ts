import { describe, expect, test } from "vitest";
import { type ArchMeshOptions, ArchMeshWebSocketClient, type ErrorData } from "../../src/faces/archmesh.ts";
import type { Frame, TokenSource } from "../../src/index.ts";
import { settle, world } from "../support/clock.ts";

const pong = { type: "pong", id: "pong_1", timestamp: "t" };
const update = (workflow_id: string, progress: number) => ({
  ...{ type: "workflow_update", id: "w", timestamp: "t" },
  data: { workflow_id, status: "in_progress", stage: "validation", progress },
});
const error = (error_code: string, details: object = {}) => ({
  ...{ type: "error", id: "e", timestamp: "t" },
  data: { error_code, error_message: "told", error_details: { session_id: "s", ...details } },
});

function meshed(token: TokenSource = "t", options: ArchMeshOptions = {}, Client = ArchMeshWebSocketClient) {
  const around = world();
  const client = new Client(token, { url: "http://host", ...around.environment, ...options });
  const greet = async () => {
    await settle();
    around.socket().opens();
    around.socket().says(pong);
    await settle();
  };
  /** What was sent but for the greeting. */
  const said = () => around.socket().sent;
  return { ...around, client, greet, said };
}

describe("the connection", () => {
  test("[A41, A46] the token is in the query, and connected is when the server has answered", async () => {
    const { client, socket } = meshed("a.b");
    const connected = client.connect();
    await settle();
    expect(socket().url).toBe("ws://host/ws?token=a.b&batch=1");
    socket().opens();
    expect(JSON.parse(String(socket().raw[0]))).toEqual({
      ...{ type: "ping", id: expect.stringMatching(/^msg_\d+_[a-z0-9]+$/), data: {} },
      timestamp: expect.stringMatching(/Z$/),
    });
    expect(client.state).toBe("connecting");
    socket().says(pong);
    await connected;
    expect(client.state).toBe("connected");
  });

  test("[A41] the greeting may share a frame with others, and a refusal after it ends nothing", async () => {
    const { client, socket, sockets } = meshed();
    const errors: string[] = [];
    client.handleError = ({ error_code }) => errors.push(error_code);
    const connected = client.connect();
    await settle();
    socket().opens();
    socket().says({ type: "batch", data: [update("a", 1), pong] });
    await connected;
    socket().says(error("NOT_FOUND", { request_id: "r" }));
    await settle();
    expect(errors).toEqual(["NOT_FOUND"]);
    expect(client.state).toBe("connected");
    expect(sockets).toHaveLength(1);
  });

  test("[A6, A10, A24, A41] five attempts after 2, 4, 8, 16, 32 s, and the states have their words", async () => {
    const { client, socket, sockets, clock } = meshed();
    const states: string[] = [client.state];
    client.onStateChange((state) => states.push(state));
    void client.connect();
    await settle();
    for (const [at, seconds] of [2, 4, 8, 16, 32].entries()) {
      socket().fails();
      await clock.advance(seconds * 1000 - 1);
      expect(sockets).toHaveLength(at + 1);
      await clock.advance(1);
      expect(sockets).toHaveLength(at + 2);
      expect(client.reconnectAttempts).toBe(at + 1);
    }
    expect(client.maxReconnectAttempts).toBe(5);
    socket().fails();
    await clock.advance(120_000);
    expect(sockets).toHaveLength(6);
    void client.attemptReconnect();
    await settle();
    client.disconnect();
    expect(states).toEqual([
      ...["disconnected", "connecting", "reconnecting", "failed", "reconnecting", "disconnected"],
    ]);
  });

  test("[A41] a connection that lasts makes the next failure the first", async () => {
    const { client, socket, sockets, clock, greet } = meshed();
    void client.connect();
    await greet();
    expect(client.reconnectAttempts).toBe(0);
    for (let at = 0; at < 3; at++) {
      await clock.advance(5000);
      const before = sockets.length;
      socket().ends(1006);
      await clock.advance(2000);
      expect(sockets).toHaveLength(before + 1);
      await greet();
    }
  });

  test("[A41, A46] a ping goes out every 30 s, and now where the heartbeat is started", async () => {
    const { client, socket, clock, greet } = meshed();
    void client.connect();
    await greet();
    await clock.advance(29_999);
    expect(socket().pings).toBe(0);
    await clock.advance(1);
    expect(socket().pings).toBe(1);
    socket().pongs();
    client.startHeartbeat();
    expect(socket().pings).toBe(2);
  });

  test("[A26] a token that is refused leads to a prompt for another, and to the end without one", async () => {
    const { client, socket, sockets, greet, clock } = meshed("old");
    client.handleReauthentication = async () => "new";
    void client.connect();
    await settle();
    socket().opens();
    socket().says(error("AUTHENTICATION_FAILED"));
    await clock.advance(0);
    expect(sockets).toHaveLength(2);
    expect(socket().url).toContain("token=new");
    await greet();
    expect(client.state).toBe("connected");

    const other = meshed("old");
    const connected = other.client.connect();
    await settle();
    other.socket().opens();
    other.socket().says(error("AUTHENTICATION_FAILED"));
    await other.clock.advance(0);
    await expect(connected).rejects.toMatchObject({ retryable: false });
    expect(other.client.state).toBe("failed");
    expect(other.sockets).toHaveLength(1);
  });

  test("[A26] a token that expires is replaced on the same socket", async () => {
    const { client, socket, sockets, greet, said } = meshed("old");
    client.handleReauthentication = () => "new";
    void client.connect();
    await greet();
    socket().says(error("AUTHENTICATION_FAILED"), error("AUTHENTICATION_FAILED"));
    await settle();
    expect(said()).toMatchObject([{ type: "auth", data: { token: "new" } }]);
    expect(sockets).toHaveLength(1);
  });
});

describe("messages", () => {
  test("[A41, A49] they wait while there is no connection, and go out in the envelope, in order", async () => {
    const { client, greet, said } = meshed();
    const id = client.sendMessage("large_data_request", { data_id: "d" });
    client.sendMessage("large_data_delete", { data_id: "d" });
    client.sendMessage("ping");
    void client.connect();
    await greet();
    expect(said().map((it) => it.type)).toEqual(["large_data_request", "large_data_delete"]);
    expect(said()[0]).toEqual({
      ...{ type: "large_data_request", id, data: { data_id: "d" } },
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
  });

  test("[A41, A48] each kind reaches its handler, in a class or on the object; the unknown are logged", async () => {
    const heard: unknown[] = [];
    class Own extends ArchMeshWebSocketClient {
      override handleWorkflowUpdate(data: object) {
        heard.push(data);
      }
    }
    const { client, socket, greet, logs } = meshed("t", {}, Own);
    client.handleNotification = (data) => heard.push(data.title);
    client.handleError = (data) => heard.push(data.error_code);
    void client.connect();
    await greet();
    socket().says(update("w1", 5), {
      type: "notification",
      id: "n",
      timestamp: "t",
      data: { title: "Done" },
    });
    socket().says(error("SYSTEM_ERROR"), { type: "novelty", id: "x", timestamp: "t", data: 1 });
    expect(heard).toEqual([update("w1", 5).data, "Done", "SYSTEM_ERROR"]);
    expect(logs).toContain("Unknown message type: novelty");
    expect(client.state).toBe("connected");
  });

  test("[A41] by default what happens is logged in the words of the document", async () => {
    const { client, socket, greet, logs } = meshed();
    void client.connect();
    await greet();
    socket().says(update("w1", 50));
    socket().says({
      type: "notification",
      id: "n",
      timestamp: "t",
      data: { title: "Done", message: "Look" },
    });
    socket().says(error("SYSTEM_ERROR"), pong);
    expect(logs).toEqual([
      "Connected to ArchMesh WebSocket",
      "Workflow w1: in_progress (50%)",
      "Notification: Done - Look",
      "Error: SYSTEM_ERROR - told",
      "Received pong",
    ]);
  });

  test("[A42, A47] what is no message of the protocol is logged, and not handled", async () => {
    const validate = (frame: Frame) => (frame.data ? undefined : "no data");
    const { client, socket, greet, logs } = meshed("t", { validate });
    void client.connect();
    await greet();
    for (const data of ["garbage", "7", "[]", '{"id":"x"}', '{"type":"workflow_update"}'])
      socket().hands(data);
    expect(logs.some((it) => it.startsWith("Invalid workflow_update"))).toBe(true);
    expect(client.workflows.size).toBe(0);
    expect(client.state).toBe("connected");
  });

  test("[A25, A27, A50] too fast: it waits as long as it is told, with what follows, and says it again", async () => {
    const { client, socket, clock, greet, said } = meshed();
    const told: ErrorData[] = [];
    client.handleError = (data) => told.push(data);
    void client.connect();
    await greet();
    const id = client.sendMessage("large_data_request", { data_id: "a" });
    await settle();
    socket().says(error("RATE_LIMIT_EXCEEDED", { retry_after: 30, request_id: id }));
    client.sendMessage("large_data_request", { data_id: "b" });
    await clock.advance(29_999);
    expect(said()).toHaveLength(1);
    await clock.advance(1);
    expect(said().map((it) => (it.data as { data_id: string }).data_id)).toEqual(["a", "a", "b"]);
    expect(said()[1]).toEqual(said()[0]);
    expect(told).toMatchObject([{ error_code: "RATE_LIMIT_EXCEEDED", error_details: { session_id: "s" } }]);
  });

  test("[A25] a message is said again three times at most, and never where that is no use", async () => {
    const { client, socket, clock, greet, said } = meshed();
    void client.connect();
    await greet();
    const id = client.sendMessage("large_data_request", {});
    for (let at = 0; at < 6; at++) {
      await clock.advance(1000);
      socket().says(error("UNAVAILABLE", { request_id: id }));
    }
    expect(said()).toHaveLength(4);
    const bad = client.sendMessage("large_data_request", {});
    await settle();
    socket().says(error("INVALID_MESSAGE_FORMAT", { request_id: bad }));
    await clock.advance(5000);
    expect(said()).toHaveLength(5);
  });

  test("[A51, A53] batches are taken apart, and the last update of each workflow is kept", async () => {
    const { client, socket, greet } = meshed();
    void client.connect();
    await greet();
    socket().says({ type: "batch", data: [update("w1", 5), update("w2", 1), update("w1", 6)] });
    expect([...client.workflows].map(([id, { progress }]) => [id, progress])).toEqual([
      ["w2", 1],
      ["w1", 6],
    ]);
    for (let at = 0; at < 1500; at++) socket().says(update(`many-${at}`, 1));
    expect(client.workflows.size).toBe(1000);
  });
});
