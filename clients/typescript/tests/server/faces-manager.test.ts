// The documented manager of `/ws/client`, against the real server.
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Server } from "../../../../tests/support/server.ts";
import { BackoffStrategy, WebSocketManager, type WebSocketManagerOptions } from "../../src/faces/manager.ts";
import { Dormouse } from "../../src/index.ts";
import { eventually, route, start, tokenOf } from "./documented.ts";

let server: Server;
const open: WebSocketManager[] = [];
beforeAll(async () => {
  server = await start({ WS_HEARTBEAT_INTERVAL_MS: "0" });
});
afterEach(() => {
  vi.unstubAllGlobals();
  for (const it of open.splice(0)) it.disconnect();
});
afterAll(() => server.stop());

const soon = () => new BackoffStrategy({ baseDelaysMs: [20, 50] });

async function manage(contextId: string, options: WebSocketManagerOptions = {}, id = "client-1") {
  const log = () => {};
  const token = await tokenOf({ contexts: [contextId] });
  const manager = new WebSocketManager(server.http, id, {
    ...{ token, contextId, log, backoffStrategy: soon(), ...options },
  });
  open.push(manager);
  return manager;
}

test("[E17, E22, E33] the document's custom manager runs as it stands, as an admin where a token says so", async () => {
  const admin = await tokenOf({ role: "admin", contexts: ["demo"] });
  vi.stubGlobal("WebSocket", route(server, (url) => url.searchParams.set("token", admin)).WebSocket);
  const { manager } = await import("./snippets/manager.ts");
  open.push(manager);
  await manager.connect();
  expect(manager.state).toMatchObject({
    phase: "open",
    client_id: "my-client-id",
    recent_attempts: [{ number: 1 }],
  });
  expect(manager.state.connection_features).toContain("heartbeat");
});

test("[E5, E20, E26, E33] without the token of an admin it is told so, for good, as a failed handshake", async () => {
  const manager = await manage("demo", { role: "admin" });
  await expect(manager.connect()).rejects.toMatchObject({ retryable: false });
  expect(manager.state).toMatchObject({ phase: "fallback", recent_attempts: [{ kind: "handshake" }] });
  expect(manager.state.fallback_reason).toMatch(/admin/);
});

test("[E26, E33] a version and a client id that are none are refused at once, with the reason", async () => {
  for (const [options, id, reason] of [
    [{ version: 2 }, "client-1", /version 2/],
    [{}, "not an id", /invalid client_id/],
  ] as const) {
    const manager = await manage("demo", options, id);
    await expect(manager.connect()).rejects.toMatchObject({ retryable: false });
    expect(manager.state.fallback_reason).toMatch(reason);
  }
});

test("[E19, E33, E38] what one sends all hear, the sender too, with its fields at the top level", async () => {
  const room = server.room();
  const [ann, bob] = [await manage(room), await manage(room, {}, "client-2")];
  const heard: Record<string, unknown>[] = [];
  for (const it of [ann, bob]) it.onMessage((message) => heard.push(message));
  await Promise.all([ann.connect(), bob.connect()]);
  ann.send({ type: "test_message", timestamp: new Date().toISOString(), payload: { test: "data" } });
  await eventually(
    () => heard.length === 2,
    () => JSON.stringify(heard),
  );
  for (const it of heard) expect(it).toMatchObject({ type: "test_message", payload: { test: "data" } });
});

test("[E14, E33, E46] what is said while the connection is away is in the room once it is back, once", async () => {
  const room = server.room();
  const ann = await manage(room);
  await ann.connect();
  await server.harness.getWorker().evictDurableObject("HUBS", { name: room, webSockets: "close" });
  await eventually(
    () => !ann.link.isOpen,
    () => ann.state.phase,
  );
  ann.send({ type: "counted", number: 1 });
  await eventually(
    () => ann.link.isOpen && !ann.link.state.queued,
    () => ann.state.phase,
  );
  const events = async () => (await server.call("GET", `/api/v1/rooms/hub/${room}/events`)).json.events;
  await eventually(
    async () => (await events()).length === 1,
    () => "the event in the log",
  );
  expect((await events())[0]).toMatchObject({ data: { number: 1 } });
  expect(ann.state.stats.successful_connections).toBe(2);
});

test("[E9, E33] the server's pings are answered, so the connection outlives many of them", async () => {
  // Two intervals of silence end a connection: alarms of a busy machine come later than fractions of a second.
  const quick = await start({ WS_HEARTBEAT_INTERVAL_MS: "2000" });
  try {
    const manager = new WebSocketManager(quick.http, "client-1", { log: () => {}, enableHeartbeat: false });
    open.push(manager);
    await manager.connect();
    await eventually(
      () => 4 < manager.state.stats.heartbeats_received,
      () => JSON.stringify(manager.state),
    );
    expect(manager.state).toMatchObject({ phase: "open", stats: { total_attempts: 1 } });
  } finally {
    await quick.stop();
  }
});

test("[E46] a token that expires is renewed without a new connection", async () => {
  const room = server.room();
  const lifetimes = ["6s", "1h"];
  const token = () => tokenOf({ contexts: [room] }, lifetimes.shift());
  const manager = await manage(room, { token });
  const renewed: unknown[] = [];
  manager.link.on("frame", (frame) => frame.type === "auth" && renewed.push(frame.user_id));
  await manager.connect();
  await eventually(
    () => renewed.length === 1,
    () => JSON.stringify(manager.state),
  );
  expect(renewed).toEqual(["ann"]);
  expect(manager.state.stats.total_attempts).toBe(1);
});

test("[A52, C26, E42] frames are compressed by the platform's own extension, where it has one", async () => {
  const its = route(server);
  const manager = await manage(server.room(), { WebSocket: its.WebSocket });
  await manager.connect();
  expect(its.sockets[0]?.extensions).toContain("permessage-deflate");
});

test("[E12, E47] version 2 is refused with its address, where Dormouse speaks it: tokens, channels, acknowledgments", async () => {
  const name = server.room();
  const manager = await manage(name, { version: 2 });
  await expect(manager.connect()).rejects.toMatchObject({
    message: expect.stringContaining("/ws/v2/connect"),
  });
  const client = new Dormouse({ url: server.http, token: await tokenOf({ contexts: [name] }), page: null });
  const room = client.room(`hub:${name}`, { events: ["counted"] });
  await room.connect();
  const heard: unknown[] = [];
  room.on("*", ({ event, offset }) => offset && heard.push(event));
  await room.publish("other", 1);
  expect(await room.publish("counted", 2)).toMatchObject({ offset: 2 });
  expect(heard).toEqual(["counted"]);
  client.close();
});
