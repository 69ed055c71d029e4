// The HTTP API: publishing, reading, who is there, closing connections.
import { afterAll, beforeAll, expect, test } from "vitest";
import { events, idOf, NOTIFICATION, publish, RFC_3339, told, UPDATE, workflow } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ ALLOWED_ORIGINS: "https://good.example", PRESENCE_GRACE_MS: "0" });
});
afterAll(() => server.stop());

const EPOCH = /^[0-9a-f]{16}$/;
const hub = (room: string, rest = "") => `/api/v1/rooms/hub/${room}${rest}`;

test("[G1] publishing says where the event went", async () => {
  const room = server.room();
  const first = await publish(server, room, { type: "a.b", data: { x: 1 } });
  expect(first.status).toBe(200);
  expect(first.headers.get("Content-Type")).toBe("application/json");
  expect(first.json).toEqual({
    id: expect.stringMatching(idOf("event")),
    offset: 1,
    epoch: expect.stringMatching(EPOCH),
    duplicate: false,
  });
  // Data may be anything, or missing.
  for (const [at, data] of [null, 7, "text", [1, [2]], {}, undefined].entries()) {
    const { json } = await publish(server, room, { type: "a.b", data });
    expect(json).toMatchObject({ offset: at + 2, epoch: first.json.epoch, duplicate: false });
  }
  const { json } = await server.call("GET", hub(room, "/events"));
  expect(json.events.map((it: { data: unknown }) => it.data)).toEqual([
    { x: 1 },
    null,
    7,
    "text",
    [1, [2]],
    {},
    null,
  ]);
});

test("[G1] a resend with the same id is answered with the first offset and said once, also after sleep", async () => {
  const room = server.room();
  const ann = await workflow(server, room);
  const event = { type: "paid", data: { amount: 1 }, id: "order-1" };
  const { json: first } = await publish(server, room, event);
  expect((await publish(server, room, event)).json).toEqual({ ...first, duplicate: true });
  await server.sleep(room, "HUBS");
  expect((await publish(server, room, event)).json).toEqual({ ...first, duplicate: true });
  // Another caller's id is another id; another id is another event.
  const service = await server.token({ user: "service", room, claims: { role: "service" } });
  expect((await publish(server, room, event, service)).json).toMatchObject({ offset: 2, duplicate: false });
  expect((await publish(server, room, { ...event, id: "order-2" })).json.offset).toBe(3);
  expect((await told(ann)).map((it) => it.type)).toEqual(["paid", "paid", "paid"]);
});

test("[G3, H4] with user_id an event reaches that user, with exclude everyone but one session", async () => {
  const room = server.room();
  const token = await server.token({ user: "ann", room });
  const ann = await workflow(server, room, token);
  const bob = await server.open("/api/v1/ws", { token: "test", contextId: room });
  const { session_id } = (await bob.next("connection_established")) as unknown as { session_id: string };
  bob.send({ type: "subscribe", events: ["*"] });
  await publish(server, room, { type: "for.ann", user_id: "ann" });
  await publish(server, room, { type: "not.for.bob", exclude: session_id });
  await server.sleep(room, "HUBS");
  await publish(server, room, { type: "not.for.bob", exclude: session_id });
  await publish(server, room, { type: "for.nobody", user_id: "nobody" });
  await publish(server, room, { type: "for.all" });
  const kinds = ["for.ann", "not.for.bob", "not.for.bob", "for.all"];
  expect((await told(ann)).map((it) => it.type)).toEqual(kinds);
  expect((await told(bob)).flatMap((it) => it.event)).toEqual(["for.all"]);
});

test("[G6] a chat message is everyone's: published for one user it is refused", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  const event = { type: "message", data: { content: "for bob's eyes" }, user_id: "bob" };
  const { status, json } = await server.call("POST", `/api/v1/rooms/chat/${room}/events`, event);
  expect([status, json.faults?.map((it: { field: string }) => it.field)]).toEqual([422, ["user_id"]]);
  expect(await ann.settle()).toEqual([]);
});

test("[G4] a batch goes on past what is wrong with some of it: each result in its place, each room in its order", async () => {
  const [one, two] = [server.room(), server.room()];
  const ann = await workflow(server, one);
  const token = await server.token({ claims: { contexts: [one, two], role: "service" } });
  const batch = await server.call(
    "POST",
    "/api/v1/events",
    {
      events: [
        { room: `hub:${one}`, type: "n", data: 1 },
        { room: `hub:${two}`, type: "n", data: 2, id: "same" },
        { room: `hub:${one}`, type: "workflow_update", data: { ...UPDATE, progress: 101 } },
        { room: `hub:${one}`, type: "n", data: 3 },
        { room: "hub:secret", type: "n" },
        { room: "nowhere", type: "n" },
        { room: `castle:${one}`, type: "n" },
        { type: "n" },
        7,
        { room: `hub:${two}`, type: "n", data: 4, id: "same" },
        { room: `hub:${one}`, type: "error" },
        { room: `chat:${one}`, type: "message", data: { content: "hi" } },
        { room: `hub:${one}`, type: "n", data: 5 },
      ],
    },
    token,
  );
  expect(batch.status).toBe(200);
  const code = (it: { error?: { code: string }; offset?: number }) => it.error?.code ?? it.offset;
  const [bad, denied] = ["INVALID_MESSAGE_FORMAT", "PERMISSION_DENIED"];
  expect(batch.json.results.map(code)).toEqual([1, 1, bad, 2, denied, bad, bad, bad, bad, 1, bad, 1, 3]);
  expect(batch.json.results[1]).toMatchObject({ duplicate: false });
  expect(batch.json.results[9]).toEqual({ ...batch.json.results[1], duplicate: true });
  expect(batch.json.results[2].error).toMatchObject({
    type: "about:blank",
    status: 422,
    faults: [{ field: "progress" }],
  });
  expect((await told(ann)).map((it) => it.data)).toEqual([1, 3, 5]);
});

test("[G4] a batch has 1 to 100 events", async () => {
  const room = server.room();
  const batch = (count: number) => {
    const events = Array.from({ length: count }, (_, data) => ({ room: `hub:${room}`, type: "n", data }));
    return server.call("POST", "/api/v1/events", { events });
  };
  expect((await batch(0)).status).toBe(400);
  expect((await batch(101)).status).toBe(400);
  const { status, json } = await batch(100);
  expect(status).toBe(200);
  const offsets = json.results.map((it: { offset: number }) => it.offset);
  expect(offsets).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
});

test("[V7] history pages back from the newest and forth from the first, to the very end", async () => {
  const room = server.room();
  const list = Array.from({ length: 7 }, (_, at) => ({ room: `hub:${room}`, type: "n", data: at + 1 }));
  await server.call("POST", "/api/v1/events", { events: list });
  const page = async (query: string) => {
    const { status, json } = await server.call("GET", hub(room, `/events?${query}`));
    expect(status).toBe(200);
    return { ...json, events: json.events.map((it: { data: number }) => it.data) };
  };
  const newest = await page("limit=3");
  expect(newest).toEqual({
    events: [5, 6, 7],
    has_more: true,
    next_before: 5,
    offset: 7,
    epoch: expect.stringMatching(EPOCH),
  });
  expect(await page("limit=3&before=5")).toMatchObject({ events: [2, 3, 4], has_more: true, next_before: 2 });
  const oldest = await page("limit=3&before=2");
  expect(oldest).toMatchObject({ events: [1], has_more: false });
  expect(oldest).not.toHaveProperty("next_before");
  await server.sleep(room, "HUBS");
  expect(await page("limit=3&after=0")).toMatchObject({ events: [1, 2, 3], has_more: true, next_after: 3 });
  expect(await page("limit=3&after=3")).toMatchObject({ events: [4, 5, 6], has_more: true, next_after: 6 });
  const youngest = await page("limit=3&after=6");
  expect(youngest).toMatchObject({ events: [7], has_more: false });
  expect(await page("after=7")).toMatchObject({ events: [], has_more: false, offset: 7 });
  expect(await page("after=2&before=6")).toMatchObject({ events: [3, 4, 5] });
  expect(await page("limit=1000000")).toMatchObject({ events: [1, 2, 3, 4, 5, 6, 7] });
  expect(await page("before=2099-01-01T00:00:00Z")).toMatchObject({ events: [1, 2, 3, 4, 5, 6, 7] });
  expect(await page("before=2024-01-01T00:00:00Z")).toMatchObject({ events: [] });
});

test("history passes over what is for others, and a page is none the emptier for it", async () => {
  const room = server.room();
  const bob = await server.token({ user: "bob", room });
  const hidden = Array.from({ length: 5 }, () => ({ room: `hub:${room}`, type: "n", user_id: "ann" }));
  const shown = (data: number) => ({ room: `hub:${room}`, type: "n", data });
  const list = [shown(1), ...hidden, shown(2), ...hidden, shown(3), ...hidden];
  await server.call("POST", "/api/v1/events", { events: list });
  const page = async (query: string) => {
    const { json } = await server.call("GET", hub(room, `/events?${query}`), undefined, bob);
    return { ...json, events: json.events.map((it: { data: number }) => it.data) };
  };
  expect(await page("limit=2")).toMatchObject({ events: [2, 3], has_more: true, next_before: 7, offset: 18 });
  expect(await page("limit=2&before=7")).toMatchObject({ events: [1], has_more: false });
  expect(await page("limit=2&after=0")).toMatchObject({ events: [1, 2], has_more: true, next_after: 7 });
  expect(await page("limit=2&after=7")).toMatchObject({ events: [3], has_more: false });
});

test("[P10] publishers at the same time share one order: every offset once, and every socket hears them rising", async () => {
  const room = server.room();
  const ann = await events(server, room);
  const batches = Array.from({ length: 10 }, (_, who) => {
    const list = Array.from({ length: 20 }, (_, at) => ({ room: `hub:${room}`, type: "n", data: [who, at] }));
    return server.call("POST", "/api/v1/events", { events: list });
  });
  const answers = await Promise.all(batches);
  const offsets = answers.map((it) => it.json.results.map((one: { offset: number }) => one.offset));
  for (const own of offsets) expect(own).toEqual(own.toSorted((a: number, b: number) => a - b));
  const all = Array.from({ length: 200 }, (_, at) => at + 1);
  expect(offsets.flat().toSorted((a, b) => a - b)).toEqual(all);
  expect((await told(ann)).map((it) => it.offset)).toEqual(all);
  // The same id at the same time is one event.
  const same = await Promise.all(
    Array.from({ length: 10 }, () => publish(server, room, { type: "n", id: "x" })),
  );
  expect(same.map((it) => it.json.offset)).toEqual(Array(10).fill(201));
  expect(same.filter((it) => !it.json.duplicate)).toHaveLength(1);
});

test("history tells of an event all that was published of it", async () => {
  const room = server.room();
  const { json } = await publish(server, room, { type: "notification", data: NOTIFICATION, user_id: "test" });
  const page = await server.call("GET", hub(room, "/events"));
  expect(page.json.events).toEqual([
    {
      id: json.id,
      type: "notification",
      offset: 1,
      timestamp: expect.stringMatching(RFC_3339),
      author: "test",
      user_id: "test",
      data: NOTIFICATION,
    },
  ]);
});

test("presence lists who is in a room, each once, whatever they speak", async () => {
  const room = server.room();
  expect((await server.call("GET", hub(room, "/presence"))).json).toEqual({ members: [] });
  const token = await server.token({ user: "ann", name: "Ann", room });
  await workflow(server, room, token);
  const tab = await events(server, room, ["*"], token);
  const bob = await workflow(server, room, await server.token({ user: "bob", room }));
  await server.sleep(room, "HUBS");
  expect((await server.call("GET", hub(room, "/presence"))).json).toEqual({
    members: [
      { user_id: "ann", username: "Ann" },
      { user_id: "bob", username: "bob" },
    ],
  });
  await bob.leave();
  await tab.until(() => tab.frames.some((it) => JSON.stringify(it).includes("user_left")), "bob's leaving");
  const { json } = await server.call("GET", hub(room, "/presence"));
  expect(json.members).toEqual([{ user_id: "ann", username: "Ann" }]);
});

test("an administrator closes one connection, or all of a user, and only those", async () => {
  const room = server.room();
  const [ann, bob] = [await server.token({ room }), await server.token({ user: "bob", room })];
  const one = await server.open("/api/v1/ws", { token: ann, contextId: room });
  const { session_id } = (await one.next("connection_established")) as unknown as { session_id: string };
  const [two, three] = [await workflow(server, room, ann), await workflow(server, room, ann)];
  const other = await workflow(server, room, bob);
  await Promise.all([one, two, three].map(told)); // the platform shows a close late to who never spoke
  await server.sleep(room, "HUBS");
  const session = await server.call("DELETE", hub(room, `/connections/${session_id}`));
  expect([session.status, session.json]).toEqual([200, { kicked: 1 }]);
  expect((await one.closed()).code).toBe(1008);
  expect(one.frames.at(-1)).toMatchObject({ type: "error", code: "PERMISSION_DENIED" });
  expect((await server.call("DELETE", hub(room, "/users/ann"))).json).toEqual({ kicked: 2 });
  for (const it of [two, three]) {
    expect((await it.closed()).code).toBe(1008);
    expect(it.frames.at(-1)?.data.error_code).toBe("PERMISSION_DENIED");
  }
  expect(await told(other)).toEqual([]);
  for (const gone of [`/connections/${session_id}`, "/users/ann", "/users/nobody"]) {
    const { status, json } = await server.call("DELETE", hub(room, gone));
    expect([status, json.code]).toEqual([404, "NOT_FOUND"]);
  }
});

test("what was kicked may come back, and what it says in between reaches nobody", async () => {
  const room = server.room();
  const [ann, bob] = [await server.join(room, "ann"), await server.join(room, "bob")];
  await bob.settle();
  await ann.settle();
  await server.call("DELETE", `/api/v1/rooms/chat/${room}/users/bob`);
  bob.say("from beyond");
  expect((await bob.closed()).code).toBe(1008);
  const again = await server.join(room, "bob");
  again.say("back");
  await again.next("message");
  expect((await ann.settle()).map((it) => it.type)).toEqual(["user_left", "user_joined", "message"]);
});

test("[P8] erasing closes every socket, forgets every event and id, and begins another log", async () => {
  const room = server.room();
  const ann = await workflow(server, room);
  const bob = await events(server, room);
  await told(ann);
  const event = { type: "a", data: 1, id: "mine" };
  const { json: before } = await publish(server, room, event);
  bob.send({ type: "command", id: "s", command: "set_state", params: { key: "k", value: 1 } });
  await told(bob);
  const erased = await server.call("DELETE", hub(room, `?confirm=${room}`));
  expect([erased.status, erased.text]).toEqual([204, ""]);
  await ann.closed();
  await bob.closed();
  expect(ann.frames.at(-1)?.data.error_code).toBe("NOT_FOUND");
  // A room that nobody is in and nothing is left in is deleted, and begins another log each time.
  const late = await events(server, room);
  const empty = await server.call("GET", hub(room, "/events"));
  expect(empty.json).toMatchObject({ events: [], has_more: false, offset: 0 });
  expect(empty.json.epoch).not.toBe(before.epoch);
  await server.sleep(room, "HUBS");
  const { json: after } = await publish(server, room, event);
  expect(after).toMatchObject({ offset: 1, duplicate: false, epoch: empty.json.epoch });
  expect(after.id).not.toBe(before.id);
  expect(await late.next("event")).toMatchObject({ offset: 1 });
  late.send({ type: "query", id: "q", query: "state" });
  expect(await late.next("response")).toMatchObject({ result: { state: [] } });
  expect((await server.call("GET", hub(room, "/presence"))).json.members).toHaveLength(1);
});

test("[G8] erasing a room takes its name twice, so that no other path becomes it", async () => {
  const room = server.room();
  await publish(server, room, { type: "kept" });
  // Whoever resolves `..` before the request is sent asks for the first of these.
  for (const path of ["", "/", "?confirm=", `?confirm=${room}x`, "?confirm=true", "/users/.."]) {
    const { status, json } = await server.call("DELETE", hub(room, path));
    const atRoom = !path.startsWith("/");
    expect([path, status, json?.code]).toEqual([
      path,
      atRoom ? 400 : 404,
      atRoom ? "INVALID_MESSAGE_FORMAT" : undefined,
    ]);
    if (atRoom) expect(json.detail).toContain("confirm");
  }
  expect((await server.call("GET", hub(room, "/events"))).json.events).toHaveLength(1);
  expect((await server.call("DELETE", hub(room, `?confirm=${room}`))).status).toBe(204);
  expect((await server.call("GET", hub(room, "/events"))).json.events).toHaveLength(0);
});

test("names in a path may be percent-encoded, users' too", async () => {
  const room = `A-Z.a_z:0~${server.room()}`;
  const ann = await workflow(server, room, await server.token({ user: "ann/ä b", room }));
  await told(ann);
  const encoded = [...room].map((it) => `%${it.charCodeAt(0).toString(16)}`).join("");
  expect((await publish(server, encoded, { type: "a" })).json.offset).toBe(1);
  expect(await told(ann)).toHaveLength(1);
  const kicked = await server.call("DELETE", hub(room, `/users/${encodeURIComponent("ann/ä b")}`));
  expect(kicked.json).toEqual({ kicked: 1 });
});

test("pages of an allowed origin may call and read the answer, also a refusal; others may not", async () => {
  const path = `${server.http}${hub(server.room(), "/events")}`;
  const preflight = (Origin: string) =>
    fetch(path, { method: "OPTIONS", headers: { Origin, "Access-Control-Request-Method": "POST" } });
  const allowed = await preflight("https://good.example");
  expect(allowed.status).toBe(204);
  expect(Object.fromEntries(allowed.headers)).toMatchObject({
    "access-control-allow-origin": "https://good.example",
    "access-control-allow-methods": expect.stringContaining("DELETE"),
    "access-control-allow-headers": expect.stringContaining("Authorization"),
    vary: expect.stringContaining("Origin"),
  });
  const other = await preflight("https://evil.example");
  expect(other.headers.get("Access-Control-Allow-Origin")).toBeNull();
  for (const [Authorization, status] of [
    ["Bearer test", 200],
    ["Bearer nope", 401],
  ] as const) {
    const answer = await fetch(path, { headers: { Origin: "https://good.example", Authorization } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("https://good.example");
    expect(answer.headers.get("Access-Control-Allow-Credentials")).toBeNull();
  }
});
