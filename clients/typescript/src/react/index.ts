"use client";
// The entry "./react": rooms in components. Nothing happens on import or while a server renders;
// sockets are opened when a component is mounted.
export { type Connection, useConnection } from "./connection.ts";
export { DormouseProvider, useDormouse } from "./context.ts";
export { type DocumentState, useDocument } from "./document.ts";
export {
  _useWebSocket,
  useWebSocketConnection,
  type WebSocketConnectionOptions,
  WebSocketProvider,
} from "./manager.ts";
export { type MessageList, useMessages } from "./messages.ts";
export { type Metric, useMetric } from "./metric.ts";
export { usePresence } from "./presence.ts";
export { useRoom } from "./room.ts";
export { useTyping } from "./typing.ts";
