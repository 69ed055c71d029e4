// The core of the client: connections, rooms and what is said in them.
export * from "./core/backoff.ts";
