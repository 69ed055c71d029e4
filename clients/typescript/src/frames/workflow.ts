// The frames of `/ws`.
export type * from "./generated/workflow/client.ts";
export type * from "./generated/workflow/parts.ts";
export type * from "./generated/workflow/server.ts";
