// The entry "./schemas": a schema for every frame that the server sends, and one for them all in
// each protocol; and what holds a client's frames against them.
export { client } from "./generated/client/schemas.ts";
export { context } from "./generated/context/schemas.ts";
export { conversation } from "./generated/conversation/schemas.ts";
export { events } from "./generated/events/schemas.ts";
export { native } from "./generated/native/schemas.ts";
export { workflow } from "./generated/workflow/schemas.ts";
export { type WebSocketMessage, webSocketMessageSchema } from "./message.ts";
export type { FrameSchema } from "./protocol.ts";
export { type Issue, type SafeResult, type Schema, SchemaError } from "./schema.ts";
export { type FrameValidator, frameValidator } from "./validator.ts";
