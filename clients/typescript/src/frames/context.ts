// The frames of `/api/{chat,analytics,collaboration}/ws`.
export type * from "./generated/context/client.ts";
export type * from "./generated/context/parts.ts";
export type * from "./generated/context/server.ts";
