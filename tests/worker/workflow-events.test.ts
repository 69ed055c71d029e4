// What a backend publishes, as /ws tells it: workflow updates and notifications.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Client, type Frame, unpacked } from "../support/client.ts";
import {
  client,
  events,
  idOf,
  NOTIFICATION,
  type Published,
  publish,
  RFC_3339,
  told,
  UPDATE,
  workflow,
} from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ MESSAGES_PER_MINUTE: "0", WS_HEARTBEAT_INTERVAL_MS: "0" });
});
afterAll(() => server.stop());

const update = (more: object = {}): Published => ({ type: "workflow_update", data: { ...UPDATE, ...more } });
const notification = (more: object = {}): Published => ({
  type: "notification",
  data: { ...NOTIFICATION, ...more },
});

const batch = (room: string, events: Published[]) =>
  server.call("POST", "/api/v1/events", { events: events.map((it) => ({ ...it, room: `hub:${room}` })) });

test("[A11, A14] a workflow update comes in the documented envelope, field by field as it was published", async () => {
  const room = server.room();
  const ann = await workflow(server, room);
  const { json } = await publish(server, room, update());
  const frame = await ann.next("workflow_update");
  expect(frame).toEqual({
    type: "workflow_update",
    id: expect.stringMatching(idOf("workflow_update")),
    timestamp: expect.stringMatching(RFC_3339),
    data: UPDATE,
  });
  // The same name as the publisher's, but for the type before it.
  expect(frame.id?.replace("workflow_update_", "event_")).toBe(json.id);
  await publish(server, room, update());
  expect((await ann.next("workflow_update")).id).not.toBe(frame.id);
});

test("[A14] progress goes from 0 to 100, and what nobody promised is passed on", async () => {
  const room = server.room();
  const ann = await workflow(server, room);
  for (const progress of [0, 33.3, 100]) {
    expect((await publish(server, room, update({ progress }))).status).toBe(200);
    expect((await ann.next("workflow_update")).data.progress).toBe(progress);
  }
  const { message: _, estimated_completion: __, ...least } = UPDATE;
  await publish(server, room, { type: "workflow_update", data: least });
  expect((await ann.next("workflow_update")).data).toEqual(least);
  await publish(server, room, update({ region: { zone: ["a", null] } }));
  expect((await ann.next("workflow_update")).data).toEqual({ ...UPDATE, region: { zone: ["a", null] } });
});

const STATUSES = ["pending", "in_progress", "completed", "failed", "cancelled"];
const STAGES = [
  "requirements_analysis",
  "architecture_design",
  "component_generation",
  "validation",
  "review",
];
test("[A15, A16] every status and every stage there is", async () => {
  const room = server.room();
  const ann = await workflow(server, room);
  const pairs = STATUSES.flatMap((status) => STAGES.map((stage) => ({ status, stage })));
  await batch(room, pairs.map(update));
  for (const pair of pairs) expect((await ann.next("workflow_update")).data).toMatchObject(pair);
});

const CATEGORIES = ["workflow_update", "workflow_complete", "workflow_failed", "system_alert", "user_action"];
test("[A11, A17, A18, A19] a notification of every category and priority comes as it was published", async () => {
  const room = server.room();
  const ann = await workflow(server, room);
  for (const category of CATEGORIES) {
    for (const priority of ["low", "normal", "high", "critical"]) {
      await publish(server, room, notification({ category, priority }));
      expect(await ann.next("notification")).toEqual({
        type: "notification",
        id: expect.stringMatching(idOf("notification")),
        timestamp: expect.stringMatching(RFC_3339),
        data: { ...NOTIFICATION, category, priority },
      });
    }
  }
});

test("[A17] a link is a path or a URL of the web, and metadata any object", async () => {
  const room = server.room();
  const ann = await workflow(server, room);
  for (const url of [
    "/a:b",
    "./x",
    "https://example.com/x?y#z",
    "HTTP://example.com",
    "?a=javascript:1",
    "",
  ]) {
    const action = { label: "Go", url };
    expect((await publish(server, room, notification({ action, metadata: { any: [{}] } }))).status).toBe(200);
    expect((await ann.next("notification")).data).toMatchObject({ action, metadata: { any: [{}] } });
  }
});

test("[A17, H4] with user_id a notification reaches all sockets of that user, no others, and nobody else's history", async () => {
  const room = server.room();
  const as = (user: string) => server.token({ user, room });
  const [ann, bob] = [await as("ann"), await as("bob")];
  const tabs = [await workflow(server, room, ann), await client(server, room, ann)];
  tabs.push(await events(server, room, ["*"], ann));
  const others = [await workflow(server, room, bob), await client(server, room, bob)];
  others.push(await events(server, room, ["*"], bob));
  // In the data, where the document has it, or beside it.
  await publish(server, room, notification({ user_id: "ann" }));
  await publish(server, room, { ...notification(), user_id: "ann" });
  await publish(server, room, { type: "custom", data: 1, user_id: "ann" });
  await server.sleep(room, "HUBS");
  await publish(server, room, notification({ user_id: "ann" }));
  const heard = async (client: Client) => (await told(client)).filter((it) => it.event !== "user_joined");
  for (const tab of tabs) expect(await heard(tab)).toHaveLength(4);
  for (const other of others) expect(await heard(other)).toEqual([]);
  const path = `/api/v1/rooms/hub/${room}/events`;
  const read = async (token: string) => (await server.call("GET", path, undefined, token)).json;
  expect((await read(ann)).events.map((it: Frame) => it.type)).toEqual([
    "notification",
    "notification",
    "custom",
    "notification",
  ]);
  expect((await read(ann)).events[1]).toMatchObject({ user_id: "ann", offset: 2 });
  expect(await read(bob)).toMatchObject({ events: [], has_more: false, offset: 4 });
  others[2]?.send({ type: "query", id: "h", query: "history" });
  await others[2]?.until(() => others[2]?.frames.at(-1)?.id === "h", "the page");
  expect(others[2]?.frames.at(-1)).toMatchObject({ result: { events: [] } });
});

test("[A37, H4] what is critical overtakes what waits; a socket that shows offsets keeps their order", async () => {
  const room = server.room();
  const ann = await workflow(server, room);
  const other = await client(server, room);
  const ordered = await events(server, room);
  const critical = notification({ priority: "critical", title: "Fire" });
  await batch(room, [update({ progress: 1 }), update({ progress: 2 }), update({ progress: 3 }), critical]);
  const what = (it: Frame) => it.data?.title ?? it.data?.progress;
  expect((await told(ann)).map(what)).toEqual(["Fire", 1, 2, 3]);
  expect((await told(other)).map((it) => it.title ?? it.progress)).toEqual(["Fire", 1, 2, 3]);
  expect((await told(ordered)).map((it) => [it.offset, what(it)])).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, "Fire"],
  ]);
  // Nothing else than critical overtakes, and the log knows no lanes.
  await batch(room, [update({ progress: 5 }), notification({ priority: "high", title: "High" })]);
  expect((await told(ann)).slice(4).map(what)).toEqual([5, "High"]);
  const { json } = await server.call("GET", `/api/v1/rooms/hub/${room}/events`);
  expect(json.events.map(what)).toEqual([1, 2, 3, "Fire", 5, "High"]);
});

test("[A38, A51, P14] with batch=1 what is said together comes in one frame, in its order", async () => {
  const room = server.room();
  const ann = await workflow(server, room, "test", { batch: "1" });
  await publish(server, room, update({ progress: 1 }));
  // One alone comes as it is.
  expect((await ann.next("workflow_update")).data.progress).toBe(1);
  await batch(
    room,
    [2, 3, 4].map((progress) => update({ progress })),
  );
  const { data } = await ann.next("batch");
  expect(data.map((it: Frame) => it.data.progress)).toEqual([2, 3, 4]);
  expect(data[0]).toEqual({
    type: "workflow_update",
    id: expect.stringMatching(idOf("workflow_update")),
    timestamp: expect.stringMatching(RFC_3339),
    data: { ...UPDATE, progress: 2 },
  });
  await batch(room, [update({ progress: 5 }), notification({ priority: "critical" })]);
  expect((await ann.next("batch")).data.map((it: Frame) => it.type)).toEqual([
    "notification",
    "workflow_update",
  ]);
});

/** Frames without what differs from run to run: our ids, times, the epoch, sessions. */
function comparable(frames: Frame[]): unknown {
  const text = JSON.stringify(frames.filter((it) => it.type !== "pong"))
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}/g, "UUID")
    .replace(/"\d{4}-\d\d-\d\dT[^"]+Z"/g, '"TIME"')
    .replace(/"epoch":"[0-9a-f]+"/g, '"epoch":"E"')
    .replace(/session_[0-9a-f]+/g, "SESSION");
  return JSON.parse(text);
}

type Step = (room: string, sockets: { ann: Client; bob: Client; cid: Client }) => unknown;

const SCRIPT: Step[] = [
  (room) => publish(server, room, { ...update(), id: "mine-1" }),
  (room) => publish(server, room, { ...update(), id: "mine-1" }),
  (_, { ann }) => ann.send("garbage"),
  (_, { ann }) => ann.send({ type: "teleport", id: "t1" }),
  (_, { bob }) => bob.send({ type: "unsubscribe", id: "u1", events: ["notification"] }),
  (room) => publish(server, room, notification()),
  (room) => publish(server, room, notification({ user_id: "cid" })),
  (_, { bob }) =>
    bob.send({ type: "command", id: "s1", command: "set_state", params: { key: "k", value: 1 } }),
  (_, { cid }) => cid.send({ type: "cursor.moved", x: 1 }),
  (room) => batch(room, [update(), notification({ priority: "critical" }), { type: "error" }]),
  (_, { bob }) => bob.send({ type: "query", id: "q1", query: "state" }),
  (_, { bob }) => bob.send({ type: "query", id: "q2", query: "history" }),
  (_, { bob }) => bob.send({ type: "query", id: "q3", query: "stats" }),
  (_, { cid }) => cid.leave(1000),
  (room) => publish(server, room, { type: "last" }),
];

async function play(pause: (room: string) => Promise<unknown>): Promise<unknown> {
  const room = server.room();
  const ann = await workflow(server, room);
  const bob = await events(server, room, ["workflow_update", "notification", "cursor.*", "state.*", "last"]);
  const cid = await client(server, room, await server.token({ user: "cid", room }));
  for (const step of SCRIPT) {
    await pause(room);
    await step(room, { ann, bob, cid });
    for (const it of [ann, bob, cid]) if (it.socket.readyState === it.socket.OPEN) await told(it);
  }
  const { json } = await server.call("GET", `/api/v1/rooms/hub/${room}/events`);
  return comparable([...[ann, bob, cid].flatMap((it) => it.frames), json]);
}

test("sleep is invisible: eviction between every two steps of a script changes no frame of any protocol", async () => {
  const awake = await play(async () => {});
  expect(JSON.stringify(awake)).toContain('"cursor.moved"');
  expect(await play((room) => server.sleep(room, "HUBS"))).toEqual(awake);
});

test("[A38, P14] several frames of one socket's own come in one too, and each once", async () => {
  const room = server.room();
  const ann = await workflow(server, room, "test", { batch: "1" });
  const plain = await workflow(server, room);
  await batch(
    room,
    Array.from({ length: 100 }, (_, progress) => update({ progress })),
  );
  const heard = (await told(plain)).map((it) => it.data.progress);
  expect(heard).toEqual(Array.from({ length: 100 }, (_, at) => at));
  ann.send({ type: "ping", id: "p" });
  await ann.until(() => unpacked(ann).some((it) => it.type === "pong"), "a pong");
  expect(unpacked(ann).flatMap((it) => it.data?.progress ?? [])).toEqual(heard);
  expect(ann.frames.length).toBeLessThan(10);
});
