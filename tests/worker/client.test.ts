// The client protocol: the handshake, the heartbeat, what is relayed.
import { afterAll, beforeAll, expect, test } from "vitest";
import { command, greeted, heard, listening, publish, query, RFC_3339, UUID_V7 } from "../support/asking.ts";
import type { Client } from "../support/client.ts";
import { QUIET, type Server, serve } from "../support/server.ts";

const timestamp = expect.stringMatching(RFC_3339);

let server: Server;
beforeAll(async () => {
  server = await serve(QUIET);
});
afterAll(() => server.stop());

test("[E2, E6, E7, E8, K7] the first frame is hello, with these fields and no others", async () => {
  const usual = await serve({ WS_HEARTBEAT_INTERVAL_MS: "25000" });
  const client = await usual.open("/ws/client", {
    client_id: "3f2c1e9a-8a53-4c3e-9a55-0c6f5d1f7b10",
    version: "1",
    role: "frontend",
  });
  const hello = await client.next("hello");
  await usual.stop();
  expect(hello).toEqual({
    type: "hello",
    server_time: timestamp,
    accepted_version: 1,
    features: ["heartbeat", "structured_messages", "error_codes", "graceful_reconnect"],
    request_id: expect.stringMatching(UUID_V7),
    client_id: "3f2c1e9a-8a53-4c3e-9a55-0c6f5d1f7b10",
    heartbeat_interval_ms: 25_000,
  });
});

test("[E3, E4, E5] version and role may be missing; every client id of 1 to 64 letters is taken", async () => {
  for (const client_id of ["a", "A-Z_0-9", "_", "-", "x".repeat(64)]) {
    const client = await server.open("/ws/client", { client_id });
    expect(await client.next("hello")).toMatchObject({ client_id, accepted_version: 1 });
  }
});

test("[E7, K7] every hello has a request_id of its own, also for the same client id", async () => {
  const ids = new Set<unknown>();
  for (let i = 0; i < 3; i++) {
    const client = await server.open("/ws/client", { client_id: "same" });
    ids.add((await client.next("hello")).request_id);
  }
  expect(ids.size).toBe(3);
});

test("[E10, K3] the client may ping at any time; the plain ping does not wake the room", async () => {
  const room = server.room();
  const ann = await greeted(server, room);
  ann.send({ type: "ping", timestamp: "2024-01-01T00:00:00Z" });
  expect(await ann.next("pong")).toEqual({ type: "pong", timestamp });
  await server.sleep(room, "HUBS");
  ann.send('{"type":"ping"}');
  expect(await ann.next("pong")).toEqual({ type: "pong" });
  expect(await server.wasAwake(room, "HUBS")).toBe(false);
});

test("[E18, K5] status is answered with the connection's own counters, which outlive sleep", async () => {
  const room = server.room();
  const ann = await greeted(server, room);
  const bob = await greeted(server, room, "bob");
  ann.send({ type: "status" });
  const status = await ann.next("status");
  expect(status).toEqual({
    type: "status",
    timestamp,
    session_id: expect.stringMatching(/^session_/),
    client_id: "ann-1",
    connected_at: timestamp,
    uptime_ms: expect.any(Number),
    messages_received: 1,
    messages_this_minute: 1,
    limit_per_minute: 100,
  });
  const uptime = Date.parse(status.timestamp as string) - Date.parse(status.connected_at);
  expect(status.uptime_ms).toBe(uptime);
  for (const frame of ["garbage", { type: "pong" }, { type: "custom" }]) ann.send(frame);
  bob.send({ type: "status" });
  await bob.upTo("status");
  await heard(ann);
  await server.sleep(room, "HUBS");
  ann.send({ type: "status" });
  expect(await ann.next("status")).toMatchObject({
    session_id: status.session_id,
    connected_at: status.connected_at,
    messages_received: 6,
    messages_this_minute: 6,
  });
  bob.send({ type: "status" });
  await bob.upTo("status");
  expect(bob.frames.at(-1)).toMatchObject({ client_id: "bob-1", messages_received: 2 });
});

test("[E19, E28, K6] any other type is relayed to everyone, its fields at the top level", async () => {
  const room = server.room();
  const [ann, bob] = [await greeted(server, room, "ann"), await greeted(server, room, "bob")];
  ann.send({
    type: "test_message",
    timestamp: "1999-12-31T23:59:59Z",
    payload: { test: "data" },
    list: [1, null, "x"],
  });
  const relayed = {
    type: "test_message",
    timestamp: expect.stringMatching(/^20[2-9]/),
    payload: { test: "data" },
    list: [1, null, "x"],
  };
  expect(await bob.next("test_message")).toEqual(relayed);
  expect(await ann.next("test_message")).toEqual(relayed);
});

test("[E19, X2] a custom message is an event of its type in other protocols, and in history", async () => {
  const room = server.room();
  const [ann, bob] = [await greeted(server, room, "ann"), await listening(server, room, "bob", ["score*"])];
  const token = await server.token({ user: "cid", room });
  const workflow = await server.open("/ws", { token, contextId: room });
  ann.send({ type: "score", id: "mine", home: 2, away: 1 });
  const data = { home: 2, away: 1 };
  expect(await bob.next("event")).toMatchObject({ event: "score", offset: 1, data });
  expect(await workflow.next("score")).toMatchObject({ data });
  const { events } = await query(bob, "history");
  expect(events[0]).toMatchObject({ event: "score", author: "ann", offset: 1, data });
});

test("[H5] a resend with the same id is not relayed again, also after sleep", async () => {
  const room = server.room();
  const [ann, bob] = [await greeted(server, room, "ann"), await greeted(server, room, "bob")];
  ann.send({ type: "score", id: "mine", home: 2 });
  ann.send({ type: "score", id: "mine", home: 2 });
  await heard(ann);
  await server.sleep(room, "HUBS");
  ann.send({ type: "score", id: "mine", home: 2 });
  bob.send({ type: "score", id: "mine", home: 3 });
  await heard(ann);
  expect((await heard(bob)).map((it) => it.home)).toEqual([2, 3]);
});

test("[E28, K9] nothing in the data of an event stands for the envelope's own", async () => {
  const room = server.room();
  const [bob, ann] = [await greeted(server, room, "bob"), await listening(server, room, "ann")];
  await publish(ann, "score", { type: "hello", timestamp: "never", id: "i", accepted_version: 9 });
  expect(await bob.next("score")).toEqual({ type: "score", timestamp, id: "i", accepted_version: 9 });
  bob.send('{"type":"score","__proto__":{"type":"hello"},"constructor":"x"}');
  expect(await bob.next("score")).toMatchObject({ type: "score", constructor: "x" });
  expect(bob.raw.at(-1)).toContain('"__proto__":{"type":"hello"}');
});

test("[E28, K9] what is no object becomes the field `data`, and a message of many letters stays as it is", async () => {
  const room = server.room();
  const [bob, ann] = [await greeted(server, room, "bob"), await listening(server, room, "ann")];
  for (const data of ["text", 7, [1, 2], null, true]) {
    await publish(ann, "note", data);
    expect(await bob.next("note")).toEqual({ type: "note", timestamp, data });
  }
  const said = "\0 \u{feff} 😀 ‮ \" \\ </script> '; DROP TABLE entry;-- {{7*7}}";
  bob.send({ type: "note", said });
  expect((await bob.next("note")).said).toBe(said);
});

test("[E28, H2] an event with a number of thirty digits is passed on as it came, by whomever", async () => {
  const fields = '"long":123456789012345678901234567890,"n":1';
  const room = server.room();
  const [bob, ann] = [await greeted(server, room, "bob"), await listening(server, room, "ann")];
  ann.send(`{"type":"command","command":"publish","params":{"event":"odd","data":{${fields}}}}`);
  bob.send(`{"type":"odd","id":"b1",${fields}}`);
  for (let i = 0; i < 2; i++) expect((await bob.next("odd")).n).toBe(1);
  for (const raw of bob.raw.slice(-2)) {
    const own = String(raw).replace(/"(type|timestamp)":"[^"]*",?/g, "");
    expect(own.slice(1, -1).split(",").toSorted()).toEqual(fields.split(",").toSorted());
  }
});

test("[H6, H9] state reaches the client protocol under its own name", async () => {
  const room = server.room();
  const [bob, ann] = [await greeted(server, room, "bob"), await listening(server, room, "ann")];
  await command(ann, "set_state", { key: "phase", value: { name: "build" } });
  expect(await bob.next("state.phase")).toEqual({ type: "state.phase", timestamp, name: "build" });
});

test("[H9] who comes, goes and types elsewhere is none of the listeners' messages", async () => {
  const room = server.room();
  const ann = await greeted(server, room, "ann");
  const bob = await greeted(server, room, "bob");
  await bob.leave();
  await listening(server, room, "cid");
  expect(await heard(ann)).toEqual([]);
});

test("[C25, P14] with batch=1 several frames may come in one", async () => {
  const room = server.room();
  const token = await server.token({ user: "ann", room });
  const ann = await server.open("/ws/client", { token, contextId: room, client_id: "a", batch: "1" });
  await ann.next("hello");
  for (let i = 0; i < 60; i++) ann.send({ type: "n", i });
  const said = () => ann.frames.flatMap((it) => (it.type === "batch" ? it.data : [it])).map((it) => it.i);
  await ann.until(() => said().filter((it) => it !== undefined).length === 60, "sixty messages");
  expect(said().filter((it) => it !== undefined)).toEqual(Array.from({ length: 60 }, (_, i) => i));
  expect(ann.frames.some((it) => it.type === "batch")).toBe(true);
});

test("[E5, E43, X9] the role admin is for a token of that role; test is for development", async () => {
  const room = server.room();
  const admin = await server.token({ user: "root", room, claims: { role: "admin" } });
  const ways: Record<string, string>[] = [
    { role: "admin", token: admin },
    { role: "test" },
    { role: "test", token: "test" },
    { role: "frontend", token: admin },
  ];
  for (const query of ways) {
    const client = await server.open("/ws/client", { client_id: "c", contextId: room, ...query });
    await client.next("hello");
  }
});

test("[E27] a close is answered with its own code, and leaves the others alone", async () => {
  const room = server.room();
  const [ann, bob] = [await greeted(server, room, "ann"), await greeted(server, room, "bob")];
  expect((await ann.leave(1000)).code).toBe(1000);
  bob.send({ type: "still_here" });
  await bob.next("still_here");
});

async function anonymous(client_id: string): Promise<Client> {
  const client = await server.open("/ws/client", { client_id });
  await client.next("hello");
  return client;
}

test("[E43, K2] whoever brings no token is in the lobby, hears what is published there, and says nothing", async () => {
  const [ann, bob] = [await anonymous("ann"), await anonymous("bob")];
  ann.send({ type: "score", home: 2 });
  expect(await ann.refusal()).toBe("PERMISSION_DENIED");
  const event = { type: "score", data: { home: 3 } };
  expect((await server.call("POST", "/api/v1/rooms/hub/lobby/events", event)).status).toBe(200);
  for (const client of [ann, bob]) {
    expect(await client.next("score")).toEqual({ type: "score", timestamp, home: 3 });
  }
});

test("[X9, K2] an anonymous client is nobody else's user, whatever it calls itself", async () => {
  const alice = await anonymous("alice");
  const real = await server.open("/ws/client", {
    token: await server.token({ user: "alice", room: "lobby" }),
    contextId: "lobby",
    client_id: "alice",
  });
  await real.next("hello");
  const notification = { notification_id: "n", title: "t", message: "m", category: "user_action" };
  const data = { ...notification, priority: "low", user_id: "alice" };
  const published = await server.call("POST", "/api/v1/rooms/hub/lobby/events", {
    type: "notification",
    data,
  });
  expect(published.status).toBe(200);
  expect((await real.next("notification")).notification_id).toBe("n");
  expect(await heard(alice)).toEqual([]);
});

test("[X9] a token alone says whose a socket is: not the client id", async () => {
  const room = server.room();
  const token = await server.token({ user: "bob", room });
  const bob = await server.open("/ws/client", { token, contextId: room, client_id: "alice" });
  await bob.next("hello");
  const events = await listening(server, room, "cid");
  expect((await query(events, "presence")).members).toEqual([
    { user_id: "bob", username: "bob" },
    { user_id: "cid", username: "cid" },
  ]);
});

test("[E11] the echo at /ws/{client_id} is what it was", async () => {
  const echo = await server.echo("abc-123");
  for (const text of ['{"type":"ping"}', '{"type":"hello"}', "anything"]) {
    echo.send(text);
    await echo.until(() => echo.raw.at(-1) === text, "the same text");
  }
  expect(echo.raw).toHaveLength(3);
});
