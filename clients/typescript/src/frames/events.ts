// The frames of `/api/v1/ws`.
export type * from "./generated/events/client.ts";
export type * from "./generated/events/parts.ts";
export type * from "./generated/events/server.ts";
