// The events protocol: who gets in, what is heard, what is asked.
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  answer,
  ask,
  command,
  listening,
  opened,
  publish,
  query,
  RFC_3339,
  refused,
  SERVICE,
  UUID_V7,
} from "../support/asking.ts";
import { type Client, unpacked } from "../support/client.ts";
import { QUIET, type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ PRESENCE_GRACE_MS: "300", ...QUIET });
});
afterAll(() => server.stop());

test("[C2, V1] the first frame says what one is connected to", async () => {
  const room = server.room();
  const token = await server.token({ user: "ann", room });
  const ann = await server.open("/api/v1/ws", { token, contextId: room, client_id: "tab-1" });
  const first = await ann.next("connection_established");
  expect(first).toEqual({
    type: "connection_established",
    client_id: "tab-1",
    session_id: expect.any(String),
    user_id: "ann",
    offset: 0,
    epoch: expect.any(String),
    timestamp: expect.stringMatching(RFC_3339),
  });
  await publish(ann, "agent.started");
  const bob = await opened(server, room, "bob");
  const second = await bob.next("connection_established");
  expect(second).toMatchObject({ user_id: "bob", offset: 1, epoch: first.epoch });
  expect(second.client_id).toBe(second.session_id);
  expect(second.session_id).not.toBe(first.session_id);
});

test("[C1, C4, C19] a token comes by query, by header, by sub-protocol, or in the first message", async () => {
  const room = server.room();
  const token = await server.token({ user: "ann", room });
  const query = { contextId: room };
  const ways = [
    await server.open("/api/v1/ws", { token, ...query }),
    await server.open("/api/v1/ws", query, { headers: { Authorization: `Bearer ${token}` } }),
    await server.open("/api/v1/ws", query, { protocols: ["events", `bearer.${token}`] }),
  ];
  for (const way of ways) expect((await way.next("connection_established")).user_id).toBe("ann");
  expect(ways[2]?.socket.protocol).toBe("events");
  const held = await server.open("/api/v1/ws");
  held.send({ type: "auth", token, contextId: room });
  expect((await held.next("connection_established")).user_id).toBe("ann");
  expect(await query_presence(held)).toEqual(["ann"]);
});

const query_presence = async (client: Client): Promise<string[]> =>
  (await query(client, "presence")).members.map((it: { user_id: string }) => it.user_id);

test("[C4, H1] without a contextId one is in the token's first context, else in a room of one's own", async () => {
  const room = server.room();
  const there = await server.open("/api/v1/ws", { token: await server.token({ room }) });
  await there.next("connection_established");
  const [ann, bob] = [await listening(server, room, "bob"), await server.token({ user: "cid" })];
  expect(await query_presence(ann)).toEqual(["ann", "bob"]);
  const cid = await server.open("/api/v1/ws", { token: bob });
  await cid.next("connection_established");
  const other = await server.open("/api/v1/ws", { token: bob, contextId: "user:cid" });
  await other.next("connection_established");
  expect(await query(cid, "stats")).toMatchObject({ connections: 2, users: 1 });
});

test("[C5, C6, V2, C14, C15] a subscription is confirmed under the request's id, and events follow", async () => {
  const room = server.room();
  const ann = await listening(server, room, "ann");
  const bob = await listening(server, room, "bob");
  bob.send({ type: "subscribe", id: "s1", timestamp: "2024-01-01T00:00:00Z", events: ["agent.started"] });
  expect(await bob.next("response")).toEqual({
    type: "response",
    id: "s1",
    timestamp: expect.stringMatching(RFC_3339),
    result: { subscribed: ["agent.started"] },
  });
  const accepted = await publish(ann, "agent.started", { agent: 7 });
  await publish(ann, "agent.stopped", { agent: 7 });
  await publish(ann, "agent.started", { agent: 8 });
  const first = await bob.next("event");
  expect(first).toEqual({
    type: "event",
    event: "agent.started",
    id: accepted.id,
    timestamp: expect.stringMatching(RFC_3339),
    offset: 1,
    data: { agent: 7 },
  });
  expect(accepted).toEqual({
    id: expect.stringMatching(UUID_V7),
    offset: 1,
    epoch: expect.any(String),
    duplicate: false,
  });
  expect(await bob.next("event")).toMatchObject({ offset: 3, data: { agent: 8 } });
  expect(await ann.settle()).toEqual([]);
});

test("[C7, V2] after unsubscribe, confirmed, nothing more comes of it", async () => {
  const room = server.room();
  const ann = await listening(server, room, "ann", ["a", "b"]);
  expect(await ask(ann, { type: "unsubscribe", events: ["a"] })).toEqual({ unsubscribed: ["a"] });
  expect(await query(ann, "subscriptions")).toEqual({ subscriptions: ["b"] });
  await ask(ann, { type: "subscribe", events: ["b*"] });
  expect(await ask(ann, { type: "unsubscribe", events: ["b", "bb"] })).toEqual({ unsubscribed: ["b", "bb"] });
  await publish(ann, "a");
  await publish(ann, "b");
  expect((await ann.settle()).map((it) => it.event)).toEqual(["b"]);
});

test("[C8, V3] a broadcast reaches everyone, whatever they subscribed to; without a subscription nothing else does", async () => {
  const room = server.room();
  const backend = await listening(server, room, "backend", [], SERVICE);
  const deaf = await listening(server, room, "ann");
  const keen = await listening(server, room, "bob", ["*"]);
  await publish(backend, "agent.started");
  await command(backend, "set_state", { key: "k", value: 1 });
  const { id } = await publish(backend, "broadcast", { text: "hear, hear" });
  expect(await deaf.settle()).toEqual([
    {
      type: "broadcast",
      id: id.replace("event_", "broadcast_"),
      timestamp: expect.stringMatching(RFC_3339),
      offset: 3,
      data: { text: "hear, hear" },
    },
  ]);
  const heard = await keen.settle();
  expect(heard.map((it) => it.event ?? it.type)).toEqual(["agent.started", "state.k", "broadcast"]);
  expect((await backend.settle()).map((it) => it.type)).toEqual(["broadcast"]);
});

test("[C28, V2] a topic matches whole, or up to the star at its end", async () => {
  const room = server.room();
  const ann = await listening(server, room, "ann");
  const exact = await listening(server, room, "exact", ["agent.started"]);
  const some = await listening(server, room, "some", ["agent.*", "agent.started", "system*"]);
  const all = await listening(server, room, "all", ["*"]);
  const said = ["agent", "agent.started", "agent.started2", "agents.a", "agent.a.b", "system", "systems.x"];
  for (const event of said) await publish(ann, event);
  const heard = async (client: Client) => (await client.settle()).map((it) => it.event);
  expect(await heard(exact)).toEqual(["agent.started"]);
  expect(await heard(some)).toEqual(["agent.started", "agent.started2", "agent.a.b", "system", "systems.x"]);
  expect((await heard(all)).filter((it) => it !== "user_joined")).toEqual(said);
});

test("[C28, V3] who comes, goes and types is heard of by those who subscribed to that", async () => {
  const room = server.room();
  const ann = await listening(server, room, "ann", ["user_*"]);
  const bob = await listening(server, room, "bob", [], { name: "Bob" });
  expect(await ann.next("event")).toEqual({
    type: "event",
    event: "user_joined",
    id: expect.stringMatching(UUID_V7),
    timestamp: expect.stringMatching(RFC_3339),
    data: { user_id: "bob", username: "Bob" },
  });
  await bob.leave();
  expect(await ann.next("event")).toMatchObject({ event: "user_left", data: { user_id: "bob" } });
});

test("[C23] ping is answered under its own id; the plain one without waking the room", async () => {
  const room = server.room();
  const ann = await listening(server, room);
  ann.send({ type: "ping", id: "p1", timestamp: "2024-01-01T00:00:00" });
  expect(await ann.next("pong")).toEqual({
    type: "pong",
    id: "p1",
    timestamp: expect.stringMatching(RFC_3339),
  });
  await server.sleep(room, "HUBS");
  ann.send('{"type":"ping"}');
  expect(await ann.next("pong")).toEqual({ type: "pong" });
  expect(await server.wasAwake(room, "HUBS")).toBe(false);
});

test("[C5, V5] the queries: presence, stats, subscriptions, state", async () => {
  const room = server.room();
  const ann = await listening(server, room, "ann", ["b", "a", "b"], { name: "Ann" });
  const bob = await listening(server, room, "bob");
  await listening(server, room, "bob");
  await publish(bob, "a");
  expect(await query(bob, "presence")).toEqual({
    members: [
      { user_id: "ann", username: "Ann" },
      { user_id: "bob", username: "bob" },
    ],
  });
  const stats = { connections: 3, users: 2, offset: 1, epoch: expect.any(String) };
  expect(await query(bob, "stats")).toEqual(stats);
  expect(await query(ann, "subscriptions")).toEqual({ subscriptions: ["a", "b"] });
  expect(await query(bob, "subscriptions")).toEqual({ subscriptions: [] });
  expect(await query(bob, "state")).toEqual({ state: [] });
});

test("[C5, V7] history pages down by `before` and up by `after`, to either end", async () => {
  const room = server.room();
  const ann = await listening(server, room);
  for (let i = 1; i <= 7; i++) await publish(ann, `n${i}`, { i });
  const page = async (params?: object) => {
    const { events, ...rest } = await query(ann, "history", params);
    return { events: events.map((it: { offset: number }) => it.offset).join(""), ...rest };
  };
  const { events, epoch } = await query(ann, "history", { limit: 1 });
  expect(events).toEqual([
    {
      event: "n7",
      id: expect.stringMatching(UUID_V7),
      timestamp: expect.stringMatching(RFC_3339),
      offset: 7,
      author: "ann",
      data: { i: 7 },
    },
  ]);
  const rest = { offset: 7, epoch };
  expect(await page()).toEqual({ events: "1234567", has_more: false, ...rest });
  expect(await page({ limit: 3 })).toEqual({ events: "567", has_more: true, next_before: 5, ...rest });
  expect(await page({ limit: 4, before: 5 })).toEqual({ events: "1234", has_more: false, ...rest });
  expect(await page({ limit: 3, after: 0 })).toEqual({
    events: "123",
    has_more: true,
    next_after: 3,
    ...rest,
  });
  expect(await page({ limit: 4, after: 3 })).toEqual({ events: "4567", has_more: false, ...rest });
  expect(await page({ after: 2, before: 5 })).toMatchObject({ events: "34" });
  expect(await page({ after: 7 })).toEqual({ events: "", has_more: false, ...rest });
  expect(await page({ before: "2024-01-01T00:00:00Z" })).toMatchObject({ events: "", has_more: false });
});

test("[H4] what is for one user reaches that user's sockets, and is in nobody else's history", async () => {
  const room = server.room();
  const backend = await listening(server, room, "backend", [], SERVICE);
  const tabs = [await listening(server, room, "ann", ["*"]), await listening(server, room, "ann", ["n*"])];
  const bob = await listening(server, room, "bob", ["n*"]);
  await command(backend, "publish", { event: "note", data: "for ann", user_id: "ann" });
  const notification = { notification_id: "n1", title: "t", message: "m", category: "system_alert" };
  const data = { ...notification, priority: "high", user_id: "ann" };
  await publish(backend, "notification", data);
  for (const tab of tabs) {
    const heard = (await tab.settle()).filter((it) => it.event !== "user_joined");
    expect(heard.map((it) => [it.event, it.data])).toEqual([
      ["note", "for ann"],
      ["notification", data],
    ]);
  }
  expect(await bob.settle()).toEqual([]);
  expect((await query(bob, "history")).events).toEqual([]);
  expect((await query(tabs[0] as Client, "history")).events).toHaveLength(2);
});

test("[H5, V6] a resend with the same id is acknowledged with the first offset, and said once", async () => {
  const room = server.room();
  const ann = await listening(server, room, "ann", ["*"]);
  const first = await publish(ann, "agent.started", 1, "mine-1");
  expect(await publish(ann, "agent.started", 1, "mine-1")).toEqual({ ...first, duplicate: true });
  const set = await command(ann, "set_state", { key: "k", value: 1 }, "mine-2");
  await server.sleep(room, "HUBS");
  expect(await command(ann, "set_state", { key: "k", value: 1 }, "mine-2")).toEqual({
    ...set,
    duplicate: true,
  });
  expect((await ann.settle()).map((it) => it.event)).toEqual(["agent.started", "state.k"]);
});

test("[H6] state is told as it changes, and newcomers ask for all of it; null drops a key", async () => {
  const room = server.room();
  const ann = await listening(server, room, "ann");
  const bob = await listening(server, room, "bob", ["state.*"]);
  await command(ann, "set_state", { key: "phase", value: "build" });
  await command(ann, "set_state", { key: "load", value: { cpu: 0.5 } });
  await command(ann, "set_state", { key: "phase", value: "test" });
  expect((await bob.settle()).map((it) => [it.event, it.data])).toEqual([
    ["state.phase", "build"],
    ["state.load", { cpu: 0.5 }],
    ["state.phase", "test"],
  ]);
  const cid = await listening(server, room, "cid");
  expect(await query(cid, "state")).toEqual({
    state: [
      { key: "load", value: { cpu: 0.5 }, offset: 2 },
      { key: "phase", value: "test", offset: 3 },
    ],
  });
  await command(ann, "set_state", { key: "phase", value: null });
  expect(await bob.next("event")).toMatchObject({ event: "state.phase", data: null });
  expect((await query(cid, "state")).state.map((it: { key: string }) => it.key)).toEqual(["load"]);
});

test("[V2, H6] subscriptions and state outlive sleep", async () => {
  const room = server.room();
  const ann = await listening(server, room, "ann");
  const bob = await listening(server, room, "bob", ["agent.*", "state.*"]);
  await server.sleep(room, "HUBS");
  await command(ann, "set_state", { key: "k", value: [1] });
  await server.sleep(room, "HUBS");
  await publish(ann, "agent.started");
  await publish(ann, "other");
  await server.sleep(room, "HUBS");
  expect(await query(bob, "subscriptions")).toEqual({ subscriptions: ["agent.*", "state.*"] });
  expect((await query(bob, "state")).state).toEqual([{ key: "k", value: [1], offset: 1 }]);
  expect(bob.frames.filter((it) => it.type === "event").map((it) => it.event)).toEqual([
    "state.k",
    "agent.started",
  ]);
});

test("[V6] an administrator closes a user's connections, or one of them", async () => {
  const room = server.room();
  const admin = await server.open("/api/v1/ws", { token: "test", contextId: room });
  await admin.next("connection_established");
  const tabs = [await opened(server, room, "bob"), await opened(server, room, "bob")];
  const first = await tabs[0]?.next("connection_established");
  await tabs[1]?.next("connection_established");
  for (const tab of tabs) await tab.settle(); // who never spoke sees a close 10 s late
  expect(await command(admin, "kick", { session_id: first?.session_id })).toEqual({ kicked: 1 });
  expect(await tabs[0]?.refusal()).toBe("PERMISSION_DENIED");
  expect((await tabs[0]?.closed())?.code).toBe(1008);
  expect(await command(admin, "kick", { user_id: "bob" })).toEqual({ kicked: 1 });
  expect(await tabs[1]?.refusal()).toBe("PERMISSION_DENIED");
  expect((await tabs[1]?.closed())?.code).toBe(1008);
  const gone = await refused(admin, { type: "command", command: "kick", params: { user_id: "bob" } });
  expect(gone.code).toBe("NOT_FOUND");
});

test("[C25, P14] a client that asks for batches may get several frames in one", async () => {
  const room = server.room();
  const ann = await listening(server, room, "ann");
  const token = await server.token({ user: "bob", room });
  const bob = await server.open("/api/v1/ws", { token, contextId: room, batch: "1" });
  await bob.next("connection_established");
  bob.send({ type: "subscribe", id: "s", events: ["n.*"] });
  await bob.next("response");
  for (let i = 0; i < 60; i++) {
    ann.send({ type: "command", command: "publish", params: { event: "n.x", data: i } });
  }
  const heard = () => unpacked(bob).filter((it) => it.type === "event");
  await bob.until(() => heard().length === 60, "sixty events");
  expect(heard().map((it) => it.data)).toEqual(Array.from({ length: 60 }, (_, i) => i));
  const batch = bob.frames.find((it) => it.type === "batch");
  expect(Object.keys(batch ?? {})).toEqual(["type", "data"]);
});

test("[X2, H9] one event, spelled for every protocol in the room", async () => {
  const room = server.room();
  const backend = await listening(server, room, "backend", [], SERVICE);
  const events = await listening(server, room, "ann", ["*"]);
  const token = await server.token({ user: "bob", room });
  const query = { token, contextId: room, client_id: "c1" };
  const workflow = await server.open("/ws", query);
  const client = await server.open("/ws/client", query);
  await client.next("hello");
  const data = { workflow_id: "w", status: "completed", stage: "review", progress: 100 };
  const { id } = await publish(backend, "workflow_update", data);
  const timestamp = expect.stringMatching(RFC_3339);
  const own = id.replace("event_", "workflow_update_");
  expect(await workflow.next("workflow_update")).toEqual({
    type: "workflow_update",
    id: own,
    timestamp,
    data,
  });
  expect(await client.next("workflow_update")).toEqual({ type: "workflow_update", timestamp, ...data });
  expect((await events.settle()).at(-1)).toEqual({
    type: "event",
    event: "workflow_update",
    id,
    timestamp,
    offset: 1,
    data,
  });
});

test("[C5, H8] requests on one socket are answered each under its own id, also without one", async () => {
  const ann = await listening(server, server.room());
  ann.send({ type: "query", query: "stats" });
  expect((await ann.next("response")).id).toBeUndefined();
  const answers = await Promise.all(
    ["a", "b", "c"].map((id) => answer(ann, { id, type: "query", query: "subscriptions" })),
  );
  expect(answers.map((it) => it.id)).toEqual(["a", "b", "c"]);
});
