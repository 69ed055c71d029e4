// The frames of `/ws/v2/connect`.
export type * from "./generated/native/client.ts";
export type * from "./generated/native/parts.ts";
export type * from "./generated/native/server.ts";
