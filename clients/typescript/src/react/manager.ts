// The documented hooks of `/ws/client`, over one manager that all components share.
import { createContext, createElement, type ReactNode, useContext, useEffect, useMemo } from "react";
import { isOpen, isOver } from "../core/phases.ts";
import type { SendOptions } from "../core/types.ts";
import { WebSocketManager, type WSMessage } from "../faces/manager/manager.ts";
import type { WSState } from "../faces/manager/state.ts";
import { useStore } from "./store.ts";

/** Options of `useWebSocketConnection`. */
export interface WebSocketConnectionOptions {
  /**
   * The manager whose connection it is. By default that of the nearest `WebSocketProvider`, or else one for
   * the whole page, made of `VITE_WS_URL` and `VITE_WEBSOCKET_ENABLED`.
   */
  manager?: WebSocketManager;
  /**
   * Whether the manager is connected while the component is mounted. `true` by default. A manager that was
   * connected before is left as it is.
   */
  connect?: boolean;
}

const Context = createContext<WebSocketManager | null>(null);

/** Gives a manager of `/ws/client` to the hooks of all components in it. It opens no connection itself. */
export function WebSocketProvider(props: { manager: WebSocketManager; children?: ReactNode }): ReactNode {
  return createElement(Context.Provider, { value: props.manager }, props.children);
}

let own: WebSocketManager | undefined;
const ownManager = (): WebSocketManager => {
  own ??= WebSocketManager.fromEnvironment((import.meta as { env?: Record<string, unknown> }).env ?? {});
  return own;
};

/** How to come by the manager of a component: that of the page is made when it is first needed. */
export function useManager(given?: WebSocketManager): () => WebSocketManager {
  const near = useContext(Context);
  return useMemo(() => {
    const manager = given ?? near;
    return manager ? () => manager : ownManager;
  }, [given, near]);
}

/** How many components want a manager to be connected; of those that were connected by one. */
const hands = new WeakMap<WebSocketManager, number>();

function take(manager: WebSocketManager): (() => void) | undefined {
  const count = hands.get(manager);
  // Who connected it ends it.
  if (count === undefined && !isOver(manager.link.phase)) return undefined;
  hands.set(manager, (count ?? 0) + 1);
  if (count === undefined) void manager.connect().catch(() => {});
  return () => {
    hands.set(manager, (hands.get(manager) ?? 1) - 1);
    queueMicrotask(() => {
      if (hands.get(manager)) return;
      hands.delete(manager);
      manager.disconnect();
    });
  };
}

const INITIAL: WSState = {
  ...{ phase: "idle", client_id: "", url: "", current_attempt: null, recent_attempts: [] },
  ...{ fallback_reason: null, last_hello_message: null, connection_features: [], is_fallback_mode: false },
  stats: {
    ...{ total_attempts: 0, successful_connections: 0, current_uptime_ms: 0 },
    ...{ messages_received: 0, messages_sent: 0, heartbeats_received: 0, heartbeats_sent: 0 },
    ...{ last_activity: null, connection_start: null, message_counts_by_type: {} },
  },
};

/**
 * The connection of `/ws/client`, which all components share, and what can be done about it. `state` is
 * that of the last change of the connection. The functions are the same at every render.
 */
export function useWebSocketConnection({ manager: given, connect = true }: WebSocketConnectionOptions = {}) {
  const get = useManager(given);
  const store = useMemo(
    () => ({
      subscribe: (listener: () => void) => get().subscribe(listener),
      getSnapshot: () => get().getSnapshot(),
    }),
    [get],
  );
  const state = useStore(store, INITIAL);
  useEffect(() => (connect ? take(get()) : undefined), [get, connect]);
  const actions = useMemo(
    () => ({
      /** Connects, and goes on trying. It does not throw: `state` says what failed. */
      connect: () =>
        void get()
          .connect()
          .catch(() => {}),
      /** Closes the connection until `connect` or `reconnect`. What is queued stays. */
      disconnect: () => get().disconnect(),
      /** Drops the connection and makes an attempt now, also out of `fallback`. It does not throw. */
      reconnect: () =>
        void get()
          .reconnect()
          .catch(() => {}),
      /** Sends an event to the room. Without a connection it waits for one. */
      send: (message: WSMessage, options?: SendOptions) => get().send(message, options),
      /** Calls the listener with every message of the room. Returns a function that ends it. */
      onMessage: (listener: (message: WSMessage) => void) => get().onMessage(listener),
    }),
    [get],
  );
  const { phase } = state;
  const isConnected = isOpen(phase);
  return {
    ...{ ...actions, state, phase, isConnected },
    isConnecting: !isConnected && !isOver(phase),
    isFallback: phase === "fallback",
  };
}

/**
 * The hook that came before `useWebSocketConnection`, of the same connection. `send` waits for a
 * connection.
 */
export function _useWebSocket() {
  // biome-ignore lint/correctness/useHookAtTopLevel: it is a hook, with the name that it was documented by
  const { isConnected, isConnecting, send } = useWebSocketConnection();
  const status = isConnected ? "connected" : isConnecting ? "connecting" : "disconnected";
  return {
    status,
    connected: isConnected,
    /** Sends an event to the room. Without a connection it waits for one. */
    send,
  } as const;
}
