// The frames of `/ws/client`.
export type * from "./generated/client/client.ts";
export type * from "./generated/client/parts.ts";
export type * from "./generated/client/server.ts";
