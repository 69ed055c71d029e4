// Types of every frame of every protocol, in both directions, and of the limits, generated from
// those of the server. `ClientFrame` is what a client may send, `ServerFrame` what it may hear; each
// kind stands in `ClientFrames` and `ServerFrames` by its name in docs/asyncapi.json.
export type * as client from "./client.ts";
export type * as context from "./context.ts";
export type * as conversation from "./conversation.ts";
export type * as events from "./events.ts";
export { CLOSE_CODES, DEFAULT_LIMITS, ERROR_CODES } from "./generated/limits.ts";
export type * as native from "./native.ts";
export type * as workflow from "./workflow.ts";
