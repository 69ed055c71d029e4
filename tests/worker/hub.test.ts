// One room, every protocol: where a socket goes, and what all of them hear of one event.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { client, events, idOf, publish, RFC_3339, told, UPDATE, workflow } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  // No pings of the server's own in between.
  server = await serve({ WS_HEARTBEAT_INTERVAL_MS: "0" });
});
afterAll(() => server.stop());

/** Whether what is published to this hub room reaches this socket. */
async function isIn(room: string, socket: Client, data: unknown): Promise<boolean> {
  expect((await publish(server, room, { type: "where", data })).status).toBe(200);
  return (await told(socket)).some((it) => it.type === "where" && it.data === data);
}

test("[H1] /ws leads to the contextId of the query, else to the token's first context, else to the user's own room", async () => {
  const [named, first] = [server.room(), server.room()];
  const token = await server.token({ user: "dora", claims: { contexts: [first, named] } });
  const byQuery = await server.open("/ws", { token, contextId: named });
  expect(await isIn(named, byQuery, 1)).toBe(true);
  const byToken = await server.open("/ws", { token });
  expect(await isIn(first, byToken, 2)).toBe(true);
  expect(await isIn(named, byToken, 3)).toBe(false);
  const own = await server.open("/ws", { token: await server.token({ user: "dora" }) });
  expect(await isIn("user:dora", own, 4)).toBe(true);
  // The development token leads everywhere, and has no first context.
  expect(await isIn("user:test", await server.open("/ws", { token: "test" }), 5)).toBe(true);
});

test("[R5] a user's own room is nobody else's", async () => {
  const token = await server.token({ user: "eve", room: "somewhere" });
  const eve = await server.open("/ws", { token, contextId: "user:dora" });
  expect((await eve.next("error")).data.error_code).toBe("PERMISSION_DENIED");
  expect((await eve.closed()).code).toBe(1008);
  const answer = await server.call("GET", "/api/v1/rooms/hub/user:dora/events", undefined, token);
  expect(answer.status).toBe(403);
});

test("[H9] one publish is heard by sockets of all protocols at once, each in its own spelling", async () => {
  const room = server.room();
  const [updates, browser] = [await workflow(server, room), await client(server, room)];
  const exact = await events(server, room, ["workflow_update"]);
  const wildcard = await events(server, room, ["workflow*"]);
  const elsewhere = await events(server, room, ["agent.*"]);
  const { json } = await publish(server, room, { type: "workflow_update", data: UPDATE });
  const uuid = json.id.replace("event_", "");
  const timestamp = expect.stringMatching(RFC_3339);
  const type = "workflow_update";
  expect(await told(updates)).toEqual([{ type, id: `workflow_update_${uuid}`, timestamp, data: UPDATE }]);
  expect(await told(browser)).toEqual([{ type, timestamp, ...UPDATE }]);
  const event = { type: "event", event: type, id: json.id, timestamp, offset: 1, data: UPDATE };
  expect(await told(exact)).toEqual([event]);
  expect(await told(wildcard)).toEqual([event]);
  expect(await told(elsewhere)).toEqual([]);
});

test("[C8, H9] a broadcast reaches everyone, whatever they subscribed to", async () => {
  const room = server.room();
  const [updates, browser] = [await workflow(server, room), await client(server, room)];
  const unsubscribed = await events(server, room, []);
  const { json } = await publish(server, room, { type: "broadcast", data: { text: "hear" } });
  const timestamp = expect.stringMatching(RFC_3339);
  const id = json.id.replace("event_", "broadcast_");
  expect(await told(updates)).toEqual([{ type: "broadcast", id, timestamp, data: { text: "hear" } }]);
  expect(await told(browser)).toEqual([{ type: "broadcast", timestamp, text: "hear" }]);
  expect(await told(unsubscribed)).toEqual([
    { type: "broadcast", id, timestamp, offset: 1, data: { text: "hear" } },
  ]);
});

test("[H2] what a client of one protocol says reaches the others, and cannot be what only backends say", async () => {
  const room = server.room();
  const ann = await client(server, room, await server.token({ user: "ann", room }));
  const [updates, other] = [await workflow(server, room), await events(server, room, ["cursor.moved"])];
  ann.send({ type: "cursor.moved", id: "1", x: 7, nested: { y: [1] } });
  const data = { x: 7, nested: { y: [1] } };
  await told(ann);
  expect(await told(updates)).toMatchObject([{ type: "cursor.moved", data }]);
  expect(await told(other)).toMatchObject([{ type: "event", event: "cursor.moved", offset: 1, data }]);
  for (const type of ["notification", "metric_update", "broadcast", "workflow_update"]) {
    ann.send({ type, id: type, ...UPDATE });
    await ann.until(() => ann.frames.at(-1)?.id === type, "a refusal");
    // Misshapen, or not theirs to say.
    const code = type === "notification" ? "INVALID_MESSAGE_FORMAT" : "PERMISSION_DENIED";
    expect(ann.frames.at(-1)).toMatchObject({ type: "error", code });
  }
  expect(await told(updates)).toHaveLength(1);
});

test("[G6] a message published to a chat room is a message of that chat", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  const token = await server.token({ user: "bot", name: "Robot", room, claims: { role: "service" } });
  const event = { type: "message", data: { content: "Hello, all", messageType: "greeting" } };
  const { json } = await server.call("POST", `/api/v1/rooms/chat/${room}/events`, event, token);
  const { data } = await ann.next("message");
  expect(data).toEqual({
    id: json.id.replace("event_", "message_"),
    content: "Hello, all",
    messageType: "greeting",
    author: "Robot",
    authorId: "bot",
    timestamp: expect.stringMatching(RFC_3339),
    offset: 1,
  });
  ann.send({ type: "history" });
  expect((await ann.next("history")).data.messages).toEqual([data]);
  const { json: page } = await server.call("GET", `/api/v1/rooms/chat/${room}/events`);
  expect(page.events).toMatchObject([{ type: "message", author: "bot", data: event.data }]);
});

test("[G2] an event published to a room nobody is in is kept, and found by whoever comes later", async () => {
  const room = server.room();
  const { json } = await publish(server, room, { type: "workflow_update", data: UPDATE });
  expect(json).toMatchObject({ offset: 1, duplicate: false });
  await server.sleep(room, "HUBS");
  const late = await events(server, room);
  expect(await told(late)).toEqual([]);
  late.send({ type: "query", id: "h", query: "history" });
  const { result } = (await late.next("pong").then(() => late.next("response"))) as unknown as {
    result: unknown;
  };
  expect(result).toMatchObject({
    events: [{ event: "workflow_update", id: json.id, offset: 1, author: "test", data: UPDATE }],
    epoch: json.epoch,
    offset: 1,
    has_more: false,
  });
});

test("[R1] rooms of the same name and another kind have nothing to do with each other", async () => {
  const room = server.room();
  const [updates, chat] = [await workflow(server, room), await server.join(room, "ann")];
  await publish(server, room, { type: "only.hub", data: 1 });
  await server.call("POST", `/api/v1/rooms/chat/${room}/events`, {
    type: "message",
    data: { content: "only chat" },
  });
  expect((await told(updates)).map((it) => it.type)).toEqual(["only.hub"]);
  expect((await chat.settle()).map((it) => it.data)).toMatchObject([{ content: "only chat", offset: 1 }]);
});

test("[C3, V9] a demo room is reached without a token, and by nothing else", async () => {
  const name = server.room();
  const demo = await server.open("/ws/demo", { contextId: name, client_id: "guest" });
  expect(await demo.next("connection_established")).toMatchObject({ client_id: "guest", user_id: "guest" });
  const same = await server.open("/api/v1/ws/demo", { contextId: name });
  await same.next("connection_established");
  same.send({ type: "subscribe", events: ["demo.*"] });
  await same.next("response");
  demo.send({ type: "command", id: "1", command: "publish", params: { event: "demo.hi", data: 1 } });
  expect(await same.next("event")).toMatchObject({ event: "demo.hi", data: 1, offset: 1 });
  // Not with the token of all rooms, nor with one that names it.
  const claims = { role: "admin", contexts: "*", caps: [{ room: "*", can: ["join", "publish", "admin"] }] };
  for (const token of ["test", await server.token({ claims })]) {
    const stranger = await workflow(server, `demo-${name}`, token);
    expect((await stranger.next("error")).data.error_code).toBe("PERMISSION_DENIED");
    const path = `/api/v1/rooms/hub/demo-${name}`;
    for (const [method, rest] of [
      ["POST", "/events"],
      ["GET", "/events"],
      ["GET", "/presence"],
      ["DELETE", "/users/guest"],
      ["DELETE", `?confirm=demo-${name}`],
    ] as const) {
      const body = method === "POST" ? { type: "x" } : undefined;
      expect((await server.call(method, path + rest, body, token)).status).toBe(403);
    }
  }
  // A chat room of such a name is a room like any other.
  const chat = await server.chat({ token: "test", contextId: `demo-${name}` });
  chat.say("hello");
  expect((await chat.next("message")).id).toMatch(idOf("message"));
});

test("[K2] whoever says nothing of themselves hears what is published to the lobby, and can say nothing there", async () => {
  const guest = await server.open("/ws/client", { client_id: "guest" });
  await guest.next("hello");
  const { json } = await publish(server, "lobby", { type: "announcement", data: { text: "welcome" } });
  expect(json.offset).toBe(1);
  expect(await guest.next("announcement")).toMatchObject({ text: "welcome" });
  guest.send({ type: "shout", id: "s" });
  expect(await guest.next("error")).toMatchObject({ id: "s", code: "PERMISSION_DENIED" });
});

test("data that JSON allows and no string can hold is lost in no protocol", async () => {
  for (const value of ['"\\ud800"', "1e400"]) {
    const room = server.room();
    const [updates, browser] = [await workflow(server, room), await client(server, room)];
    const body = `{"type":"odd","data":{"value":${value},"other":1}}`;
    const { status } = await server.call("POST", `/api/v1/rooms/hub/${room}/events`, body);
    // Taken, everybody hears of it; refused, nobody does.
    expect([200, 400]).toContain(status);
    expect(await told(updates)).toMatchObject(status === 200 ? [{ data: { other: 1 } }] : []);
    expect(await told(browser)).toMatchObject(status === 200 ? [{ other: 1 }] : []);
  }
});
