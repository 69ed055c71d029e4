// The core of the client: connections, rooms and what is said in them.
export { type Backoff, type NativeBackoffOptions, nativeBackoff } from "./core/backoff.ts";
export { Dormouse, type DormouseOptions, type JoinOptions } from "./core/client.ts";
export { json, singleJson } from "./core/codec.ts";
export { Emitter, type ListenOptions } from "./core/emitter.ts";
export { DormouseError, type ErrorOptions } from "./core/errors.ts";
export { Link } from "./core/link.ts";
export { type NativeOptions, native, type TokenCarrier } from "./core/native.ts";
export { type Attempt, type LinkRecord, type LinkStats, observe } from "./core/observe.ts";
export type { Member, Presence, PresenceState } from "./core/presence.ts";
export {
  archmeshBackoff,
  type BackoffOptions,
  BackoffStrategy,
  conversationBackoff,
} from "./core/presets.ts";
export { Room } from "./core/room.ts";
export type * from "./core/room-types.ts";
export type { State, StateEntry } from "./core/state.ts";
export { Store } from "./core/store.ts";
export type * from "./core/types.ts";
export type { Typing } from "./core/typing.ts";
export { closeVerdict } from "./core/verdict.ts";
