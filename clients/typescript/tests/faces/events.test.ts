import { describe, expect, test } from "vitest";
import { EventsManager, type EventsOptions, eventsEnvironment } from "../../src/faces/events.ts";
import { settle, world } from "../support/clock.ts";

const established = (more: object = {}) => ({
  ...{ type: "connection_established", client_id: "c", session_id: "s", user_id: "ann", timestamp: "t" },
  ...{ offset: 4, epoch: "e1", recovered: false, reason: "epoch", ...more },
});
const event = (name: string, data: unknown, offset?: number) => ({
  ...{ type: "event", event: name, id: "e", timestamp: "t", data, ...(offset && { offset }) },
});

function managed(options: EventsOptions = {}) {
  const around = world();
  const url = "wss://host/api/v1/ws";
  const manager = new EventsManager({ url, token: "t", ...around.environment, ...options });
  const greet = async (more?: object) => {
    await settle();
    around.socket().opens();
    around.socket().says(established(more));
    await settle();
  };
  const cut = async (more?: object) => {
    around.socket().ends(1006);
    const before = around.sockets.length;
    for (let at = 0; at < 120 && around.sockets.length === before; at++) await around.clock.advance(500);
    await greet(more);
  };
  const asked = (name: string) => new URL(around.socket().url).searchParams.get(name);
  const said = () => around.socket().sent.map(({ id, timestamp, ...rest }) => rest);
  return { ...around, manager, greet, cut, asked, said };
}

const shown = (store: { getSnapshot(): ReadonlyMap<string, unknown> }) =>
  Object.fromEntries(store.getSnapshot());

describe("the environment", () => {
  test("[C11] without a URL the demo of the page's own server is found", () => {
    const env = { NEXT_PUBLIC_WS_URL: "", WS_AUTH_REQUIRED: "false", WS_ENDPOINT: "/api/v1/ws/demo" };
    const found = { url: "wss://app.example/api/v1/ws/demo", isAuthRequired: false };
    expect(eventsEnvironment(env, "https://app.example")).toEqual(found);
    expect(eventsEnvironment({}, "http://localhost:3000").url).toBe("ws://localhost:3000/api/v1/ws/demo");
  });

  test("[C12, C13] development and production say their URL, and that a token is needed", async () => {
    for (const url of ["ws://localhost:8000/api/v1/ws/dev", "wss://api.example.com/api/v1/ws"]) {
      const env = { NEXT_PUBLIC_WS_URL: url, WS_AUTH_REQUIRED: "true", WS_ENDPOINT: "/api/v1/ws" };
      expect(eventsEnvironment(env, "https://app.example")).toEqual({ url, isAuthRequired: true });
      const { environment, sockets } = world();
      const without = EventsManager.fromEnvironment(env, environment);
      await expect(without.connect()).rejects.toMatchObject({ retryable: false });
      expect(sockets).toHaveLength(0);
      void EventsManager.fromEnvironment(env, { ...environment, token: "t" }).connect();
      await settle();
      expect(sockets[0]?.url).toMatch(`${url}?token=t`);
    }
  });
});

describe("the connection", () => {
  test("[C9, C16] CLOSED, CONNECTING, OPEN, and CLOSED by an error and by close", async () => {
    const { manager, greet, socket, clock } = managed();
    expect(manager.state).toBe("CLOSED");
    const connected = manager.connect();
    expect(manager.state).toBe("CONNECTING");
    await greet();
    await connected;
    expect(manager.state).toBe("OPEN");
    socket().ends(1006);
    expect(manager.state).toBe("CLOSED");
    await clock.advance(1000);
    expect(manager.state).toBe("CONNECTING");
    await greet();
    manager.disconnect();
    expect(manager.state).toBe("CLOSED");
  });

  test("[C9] it goes on in the log where it was, with what was subscribed to, and hears nothing twice", async () => {
    const { manager, greet, cut, asked, socket } = managed();
    const heard: unknown[] = [];
    manager.subscribe(["order.*"], ({ data }) => heard.push(data));
    void manager.connect();
    await greet();
    expect([asked("events"), asked("resume")]).toEqual(["order.*", "none:1"]);
    socket().says(event("order.made", 5, 5));
    await cut({ recovered: true, offset: 7 });
    expect([asked("events"), asked("resume")]).toEqual(["order.*", "e1:5"]);
    socket().says(event("order.made", 6, 6), event("order.paid", 7, 7), event("order.made", 6, 6));
    await cut({ epoch: "e2", offset: 2 });
    socket().says(event("order.made", 3, 3));
    expect(heard).toEqual([5, 6, 7, 3]);
  });
});

describe("subscriptions", () => {
  test("[C24] parts of a page share one connection, and one subscription, which ends with the last", async () => {
    const { manager, greet, said, sockets, socket } = managed();
    void manager.connect();
    void manager.connect();
    await greet();
    const heard: string[] = [];
    const stops = ["a", "b"].map((it) =>
      manager.subscribe(["x", "y"], ({ data }) => heard.push(`${it}${data}`)),
    );
    await settle();
    socket().says(event("x", 1), event("z", 2));
    stops[0]?.();
    stops[0]?.();
    await settle();
    socket().says(event("y", 3));
    stops[1]?.();
    await settle();
    expect(heard).toEqual(["a1", "b1", "b3"]);
    expect(said()).toEqual([
      { type: "subscribe", events: ["x", "y"] },
      { type: "unsubscribe", events: ["x", "y"] },
    ]);
    expect(sockets).toHaveLength(1);
  });

  test("what is subscribed to while the connection is made is subscribed to when it is there", async () => {
    const { manager, greet, said, asked } = managed();
    void manager.connect();
    await settle();
    manager.subscribe(["late"], () => {});
    await greet();
    expect(asked("events")).toBeNull();
    expect(said()).toEqual([{ type: "subscribe", events: ["late"] }]);
  });

  test("[C25] batches are taken apart, and broadcasts need no subscription", async () => {
    const { manager, greet, socket, asked } = managed();
    const heard: unknown[] = [];
    manager.onBroadcast(({ data }) => heard.push(data));
    manager.subscribe(["x"], ({ data }) => heard.push(data));
    void manager.connect();
    await greet();
    expect(asked("batch")).toBe("1");
    const broadcast = { type: "broadcast", id: "b", timestamp: "t", data: "all", offset: 5 };
    socket().says({ type: "batch", data: [event("x", 1, 6), event("x", 2, 7)] }, { ...broadcast, offset: 8 });
    expect(heard).toEqual([1, 2, "all"]);
  });
});

describe("questions and commands", () => {
  test("[C9] the result comes by the id; what waits leaves with the next connection, and again if unanswered", async () => {
    const { manager, greet, cut, socket } = managed();
    const stats = manager.query("stats");
    const published = manager.command("publish", { event: "x", data: 1 });
    void manager.connect();
    await greet();
    const [first, second] = socket().sent;
    expect(first).toEqual({
      ...{ type: "query", query: "stats", params: {}, id: expect.any(String) },
      timestamp: expect.stringMatching(/Z$/),
    });
    socket().says({ type: "response", id: first?.id, timestamp: "t", result: { users: 1 } });
    await expect(stats).resolves.toEqual({ users: 1 });
    await cut({ recovered: true });
    expect(socket().sent).toEqual([second]);
    const error = { type: "error", timestamp: "t", code: "PERMISSION_DENIED", message: "no" };
    socket().says({ ...error, id: second?.id });
    await expect(published).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  });

  test("[C9] too fast: it waits as long as it is told", async () => {
    const { manager, greet, socket, clock } = managed();
    void manager.connect();
    await greet();
    const stats = manager.query("stats");
    await settle();
    const [{ id } = { id: "" }] = socket().sent;
    const code = "RATE_LIMIT_EXCEEDED";
    const details = { limit: 100, window: "1m", retry_after: 8 };
    socket().says({ type: "error", id, timestamp: "t", code, message: "Too many requests", details });
    await clock.advance(7999);
    expect(socket().sent).toHaveLength(1);
    await clock.advance(1);
    expect(socket().sent.map((it) => it.id)).toEqual([id, id]);
    socket().says({ type: "response", id, timestamp: "t", result: 1 });
    await expect(stats).resolves.toBe(1);
  });
});

describe("what a dashboard shows", () => {
  test("[C9] each store subscribes when it is looked at, and not before", async () => {
    const { manager, greet, said, asked } = managed();
    manager.agentMonitor.subscribe(() => {});
    void manager.connect();
    await greet();
    expect(asked("events")).toBe("agent.*");
    manager.systemMetrics.subscribe(() => {});
    manager.systemMetrics.subscribe(() => {});
    await settle();
    expect(said()).toEqual([{ type: "subscribe", events: ["metric_update"] }]);
  });

  test("[C9] Agent Monitor and System Metrics have the last that was heard, by agent and by metric", async () => {
    const { manager, greet, socket } = managed();
    let changes = 0;
    for (const it of [manager.agentMonitor, manager.systemMetrics]) it.subscribe(() => changes++);
    void manager.connect();
    await greet();
    const { agentMonitor, systemMetrics } = manager;
    socket().says(
      event("agent.started", { agent_id: "a1" }),
      event("agent.done", { agent_id: "a1", ok: true }),
    );
    const before = agentMonitor.getSnapshot();
    socket().says(
      event("metric_update", { metric: "load", value: 0.5 }),
      event("agent.started", { agent_id: "a2" }),
    );
    expect(shown(agentMonitor)).toEqual({
      a1: { event: "agent.done", data: { agent_id: "a1", ok: true }, timestamp: "t" },
      a2: { event: "agent.started", data: { agent_id: "a2" }, timestamp: "t" },
    });
    expect(shown(systemMetrics)).toEqual({ load: { value: 0.5, timestamp: "t" } });
    expect(before).not.toBe(agentMonitor.getSnapshot());
    expect(changes).toBe(4);
    for (let at = 0; at < 1500; at++) socket().says(event("agent.started", { agent_id: `many-${at}` }));
    expect([...agentMonitor.getSnapshot()]).toHaveLength(1000);
  });

  test("[C9] Belief State is what the room keeps, asked for on each connection that missed something", async () => {
    const { manager, greet, cut, socket, said } = managed();
    manager.beliefState.subscribe(() => {});
    void manager.connect();
    await greet();
    const answer = (state: object[]) => {
      const asked = socket().sent.find((it) => it.query === "state");
      socket().says({ type: "response", id: asked?.id, timestamp: "t", result: { state } });
    };
    answer([{ key: "goal", value: "win", offset: 1 }]);
    await settle();
    socket().says(event("state.mood", "calm", 5), event("state.goal", null, 6));
    expect(shown(manager.beliefState)).toEqual({ mood: "calm" });
    await cut({ recovered: true, offset: 6 });
    expect(said()).toEqual([]);
    await cut({ offset: 9 });
    answer([{ key: "goal", value: "draw", offset: 9 }]);
    await settle();
    expect(shown(manager.beliefState)).toEqual({ goal: "draw" });
  });
});
