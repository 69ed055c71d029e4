// The entry "./testing": a server and a clock for unit tests of what uses the client. Nothing of it
// needs a network, and no time passes but by the clock.
export { seededRandom, VirtualClock, type VirtualTimer } from "./clock.ts";
export type { FakeConnection } from "./connection.ts";
export { MockWebSocket } from "./mock-websocket.ts";
export type { FakeRoom, PublishOptions } from "./room.ts";
export { FakeServer, type FakeServerOptions, type FakeSocketConstructor, type Which } from "./server.ts";
export type { FakeSocket } from "./socket.ts";
export type { FakeEntry, FakeUser, Grant, TokenValidator } from "./types.ts";
