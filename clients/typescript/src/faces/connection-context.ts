"use client";
// The entry "./connection/context": a conversation in the components of React.
import {
  createContext,
  createElement,
  type ReactNode,
  useContext,
  useEffect,
  useSyncExternalStore,
} from "react";
import type { WebSocketConnection } from "./connection/connection.ts";
import type { ConnectionState } from "./connection/types.ts";

/** The context that holds the connection of the nearest `WebSocketProvider`; `null` outside of one. */
export const WebSocketContext = createContext<WebSocketConnection | null>(null);

/** How many providers want a connection. */
const hands = new WeakMap<WebSocketConnection, number>();

/** Gives a connection to the hooks of all components in it, and keeps it connected while it is mounted. */
export function WebSocketProvider(props: {
  connection: WebSocketConnection;
  children?: ReactNode;
}): ReactNode {
  const { connection, children } = props;
  useEffect(() => {
    const hold = (by: number) => hands.set(connection, (hands.get(connection) ?? 0) + by);
    hold(1);
    // What goes wrong stands in the state.
    connection.connect().catch(() => {});
    return () => {
      hold(-1);
      // Who mounts again at once, as in strict mode, keeps the connection.
      queueMicrotask(() => hands.get(connection) || connection.disconnect());
    };
  }, [connection]);
  return createElement(WebSocketContext.Provider, { value: connection }, children);
}

/** The state of the connection, and the connection. @throws {Error} outside of a `WebSocketProvider`. */
export function useWebSocket(): ConnectionState & { connection: WebSocketConnection } {
  const connection = useContext(WebSocketContext);
  if (!connection) throw new Error("There is no WebSocketProvider");
  const { subscribe, getSnapshot } = connection;
  return { ...useSyncExternalStore(subscribe, getSnapshot, getSnapshot), connection };
}
