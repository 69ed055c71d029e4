// The core of the client: connections, rooms and what is said in them.
export * from "./core/backoff.ts";
export { json, singleJson } from "./core/codec.ts";
export { Emitter, type ListenOptions } from "./core/emitter.ts";
export { DormouseError, type ErrorOptions } from "./core/errors.ts";
export { Link } from "./core/link.ts";
export { type Attempt, type LinkRecord, type LinkStats, observe } from "./core/observe.ts";
export type * from "./core/types.ts";
export { closeVerdict } from "./core/verdict.ts";
