// The frames of `/ws/conversation`.
export type * from "./generated/conversation/client.ts";
export type * from "./generated/conversation/parts.ts";
export type * from "./generated/conversation/server.ts";
