// The entry "./connection": the conversation client of `/ws/conversation`, with its modules.
export { Heartbeat as HeartbeatManager } from "../core/heartbeat.ts";
export { Queue as MessageQueue } from "../core/queue.ts";
export { WebSocketBase } from "./connection/base.ts";
export { WebSocketConnection } from "./connection/connection.ts";
export { MessageHandler } from "./connection/handler.ts";
export { ConnectionManager } from "./connection/manager.ts";
export type * from "./connection/types.ts";
