// @vitest-environment happy-dom
// The documented hooks, over sockets in the test's hands.
import { act, type ReactNode, StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import { WebSocketManager } from "../../src/faces/manager.ts";
import { _useWebSocket, useWebSocketConnection, WebSocketProvider } from "../../src/react/index.ts";
import { settle, world } from "../support/clock.ts";
import { probe } from "./support.tsx";

const HELLO = {
  ...{
    type: "hello",
    server_time: "2025-08-15T10:00:00Z",
    accepted_version: 1,
    request_id: "r",
    client_id: "c",
  },
  ...{ features: ["heartbeat"], heartbeat_interval_ms: 25_000 },
};

function shown() {
  const around = world();
  const manager = new WebSocketManager("ws://host", "c", around.environment);
  const root = createRoot(document.body.appendChild(document.createElement("main")));
  const render = (children: ReactNode) => {
    const tree = <WebSocketProvider manager={manager}>{children}</WebSocketProvider>;
    return act(async () => root.render(<StrictMode>{tree}</StrictMode>));
  };
  const greet = () =>
    act(async () => {
      await settle();
      around.socket().opens();
      around.socket().says(HELLO);
    });
  return { ...around, manager, root, render, greet };
}

test("[E21, E40] all components have one connection, from the first that is mounted to the last", async () => {
  const { render, greet, sockets, socket, clock } = shown();
  const { Probe, now } = probe(() => useWebSocketConnection());
  await render([<Probe key="1" />, <Probe key="2" />]);
  expect(now()).toMatchObject({ isConnected: false, isConnecting: true, isFallback: false });
  await greet();
  expect(now()).toMatchObject({ isConnected: true, isConnecting: false, isFallback: false, phase: "open" });
  expect(now().state).toMatchObject({ client_id: "c", connection_features: ["heartbeat"] });
  await render(<Probe key="2" />);
  await clock.advance(10);
  expect(socket().closed).toBeUndefined();
  await render(null);
  await clock.advance(10);
  expect([sockets.length, socket().closed]).toEqual([1, { code: 1000, reason: "" }]);
});

test("[E19, E21] messages that are no system messages come to listeners, until these stop", async () => {
  const { render, greet, socket } = shown();
  const { Probe, now } = probe(() => useWebSocketConnection());
  await render(<Probe />);
  await greet();
  const heard: string[] = [];
  const stop = now().onMessage(({ type }) => heard.push(type));
  await act(async () => socket().says({ type: "ping", timestamp: "t" }, { type: "odds", timestamp: "t" }));
  stop();
  await act(async () => socket().says({ type: "odds", timestamp: "t" }));
  expect(heard).toEqual(["odds"]);
  await act(async () => {
    now().send({ type: "test_message", payload: { test: "data" } });
    await settle();
  });
  expect(socket().sent.at(-1)).toMatchObject({ type: "test_message", payload: { test: "data" } });
});

test("the functions of the hook are the same at every render, so that effects may depend on them", async () => {
  const { render, greet } = shown();
  // What an effect sees: strict mode renders twice, and some versions of React drop the first.
  const seen: ReturnType<typeof useWebSocketConnection>[] = [];
  const { Probe } = probe(() => {
    const it = useWebSocketConnection();
    useEffect(() => void seen.push(it));
  });
  await render(<Probe />);
  await greet();
  expect(new Set(seen.map((it) => it.phase)).size).toBeGreaterThan(1);
  const functions = seen.map(({ connect, disconnect, reconnect, send, onMessage }) => [
    connect,
    disconnect,
    reconnect,
    send,
    onMessage,
  ]);
  for (const it of functions) expect(it).toEqual(functions.at(-1));
});

test("[E13, E14, E21] disconnect ends it, connect begins again, and what gives up is told", async () => {
  const { render, greet, socket, clock } = shown();
  const { Probe, now } = probe(() => useWebSocketConnection());
  await render(<Probe />);
  await greet();
  await act(async () => now().disconnect());
  expect(now()).toMatchObject({ isConnected: false, isConnecting: false, phase: "idle" });
  await act(async () => now().connect());
  await greet();
  expect(now().isConnected).toBe(true);
  await act(async () => socket().ends(4400, "version"));
  await act(() => clock.advance(1));
  expect(now()).toMatchObject({ isFallback: true, state: { is_fallback_mode: true } });
  expect(now().state.fallback_reason).toBeTruthy();
});

test("a manager that the application connected is the application's to end", async () => {
  const { render, greet, socket, manager, clock } = shown();
  void manager.connect();
  await greet();
  const { Probe, now } = probe(() => useWebSocketConnection());
  await render(<Probe />);
  expect(now().isConnected).toBe(true);
  await render(null);
  await clock.advance(10);
  expect(socket().closed).toBeUndefined();
});

test("[E21] with connect: false nothing connects by itself", async () => {
  const { render, sockets } = shown();
  const { Probe } = probe(() => useWebSocketConnection({ connect: false }));
  await render(<Probe />);
  await settle();
  expect(sockets).toHaveLength(0);
});

test("[E38] the hook of before has status, connected and send", async () => {
  const { render, greet, socket } = shown();
  const { Probe, now } = probe(() => _useWebSocket());
  await render(<Probe />);
  expect(now()).toMatchObject({ status: "connecting", connected: false });
  await greet();
  expect(now()).toMatchObject({ status: "connected", connected: true });
  await act(async () => {
    now().send({ type: "hi" });
    await settle();
  });
  expect(socket().sent.at(-1)).toMatchObject({ type: "hi" });
  await act(async () => socket().ends(4400));
  expect(now()).toMatchObject({ status: "disconnected", connected: false });
});

test("a server renders it as not connected, and makes no manager", () => {
  const storage = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  let touched = 0;
  Object.defineProperty(globalThis, "localStorage", { configurable: true, get: () => void touched++ });
  const { Probe, now } = probe(() => useWebSocketConnection());
  renderToString(<Probe />);
  if (storage) Object.defineProperty(globalThis, "localStorage", storage);
  expect(now()).toMatchObject({ phase: "idle", isConnected: false });
  expect(touched).toBe(0);
});
