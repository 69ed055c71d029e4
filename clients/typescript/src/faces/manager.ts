// The entry "./manager": the connection manager of `/ws/client`, with its state and its numbers.

export type { ErrorKind } from "../index.ts";
export { type BackoffOptions, BackoffStrategy } from "../index.ts";
export { WebSocketManager, type WebSocketManagerOptions, type WSMessage } from "./manager/manager.ts";
export type {
  WSConnectionAttempt,
  WSConnectionPhase,
  WSConnectionStats,
  WSHelloMessage,
  WSState,
} from "./manager/state.ts";
