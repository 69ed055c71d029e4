// Webhooks: a service is told what happens in rooms, by the receiver of docs/OPERATIONS.md.
import parse from "parse-prometheus-text-format";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { RFC_3339 } from "../support/asking.ts";
import { reply } from "../support/responder.ts";
import { type Server, serve } from "../support/server.ts";
import { passes, Webhooks } from "../support/webhooks.ts";

let webhooks: Webhooks;
let server: Server;
const LIMITS = {
  MESSAGES_PER_MINUTE: "0",
  BROADCASTS_PER_MINUTE: "0",
  USER_SHARE_PERCENT: "0",
  PRESENCE_GRACE_MS: "200",
  REPORT_INTERVAL_MS: "100",
};
beforeAll(async () => {
  webhooks = await Webhooks.start();
  server = await serve({ ...webhooks.variables("*"), ...LIMITS });
});
afterAll(async () => {
  await server.stop();
  await webhooks.stop();
});
beforeEach(() => {
  webhooks.manner = passes;
});

const says = (content: string) => ({ type: "message", data: { content } });

const of = (metric: string, text: string): number | undefined => {
  const found = parse(text).find((it) => it.name === `dormouse_webhook_${metric}`);
  return found && Number(found.metrics[0]?.value);
};

test("[Y2, Y3, Y12] a service is told of all that happens in a chat room, in its order", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann", { name: "Ann Ä" });
  ann.send(says("Grüße 😀"));
  await ann.next("message");
  ann.socket.close();
  const events = await webhooks.until(`chat:${room}`, 5);
  expect(events.map((it) => it.type)).toEqual([
    "room.occupied",
    "member.joined",
    "message",
    "member.left",
    "room.vacated",
  ]);
  const member = { user: "ann", data: { username: "Ann Ä" } };
  expect(events[0]).toEqual({
    id: expect.stringMatching(/^event_/),
    room: `chat:${room}`,
    type: "room.occupied",
    at: expect.stringMatching(RFC_3339),
  });
  for (const it of [events[1], events[3]]) expect(it).toMatchObject(member);
  const [logged] = (await server.call("GET", `/api/v1/rooms/chat/${room}/events`)).json.events;
  expect(events[2]).toEqual({
    id: logged.id,
    room: `chat:${room}`,
    type: "message",
    at: logged.timestamp,
    offset: 1,
    user: "ann",
    data: logged.data,
  });
});

test("[Y3] an event that a backend publishes is told by its name, and to whom it went", async () => {
  const room = server.room();
  const path = `/api/v1/rooms/hub/${room}/events`;
  await server.call("POST", path, { type: "order.paid", data: { total: 7.5 } });
  await server.call("POST", path, { type: "note", data: null, user_id: "bob" });
  const events = await webhooks.until(`hub:${room}`, 2);
  expect(events).toMatchObject([
    { type: "order.paid", offset: 1, data: { total: 7.5 } },
    { type: "note", offset: 2, to: "bob", data: null },
  ]);
  expect(events[0]).not.toHaveProperty("to");
});

test("[Y4] many events are told a hundred at a time, each once and in the order of the log", async () => {
  const room = server.room();
  const ann = await server.join(room);
  for (let n = 0; n < 450; n++) ann.send(says(String(n)));
  const events = await webhooks.until(`chat:${room}`, 452);
  expect(events.slice(2).map((it) => it.data.content)).toEqual([...Array(450).keys()].map(String));
  const sizes = webhooks.callsOf(`chat:${room}`).map((it) => it.events.length);
  expect(Math.max(...sizes)).toBe(100);
  expect(sizes.length).toBeLessThan(60);
});

test("[Y5] calls are POSTs of JSON with a signature that the receiver verifies", async () => {
  const room = server.room();
  await server.call("POST", `/api/v1/rooms/hub/${room}/events`, { type: "a" });
  const [call] = await webhooks.untilCalled(`hub:${room}`, 1);
  expect(call).toMatchObject({
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-dormouse-timestamp": expect.stringMatching(/^\d{10}$/),
      "x-dormouse-signature": expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
      "idempotency-key": expect.stringMatching(new RegExp(`^hub:${room}/\\d+/1$`)),
    },
  });
  await webhooks.until(`hub:${room}`, 1);
  // The same call with another word in it, or of another time, is none of ours.
  const forged = { ...call, body: call?.body.replace('"a"', '"b"') ?? "" } as NonNullable<typeof call>;
  expect(await webhooks.pass(forged)).toBe(401);
  const headers = { ...call?.headers, "x-dormouse-timestamp": "1704110400" };
  expect(await webhooks.pass({ ...forged, headers, body: call?.body ?? "" })).toBe(401);
  expect(await webhooks.pass(call as NonNullable<typeof call>), "taken before").toBe(204);
  expect(webhooks.of(`hub:${room}`)).toHaveLength(1);
});

test("[Y6] what is refused, redirected or answered by 500 is told again with the same key, others wait", async () => {
  const room = server.room();
  let redirected = 0;
  webhooks.manner = (call, response, nth) => {
    if (call.events[0]?.room !== `hub:${room}` || call.events[0].type !== "first") return "pass";
    if (nth === 1) return reply(response, 500, "oops");
    if (nth === 2) {
      redirected += 1;
      return response.writeHead(307, { Location: webhooks.url }).end();
    }
    if (nth === 3) return reply(response, 404, "<!doctype html><p>Not here", "text/html");
    return "pass";
  };
  const path = `/api/v1/rooms/hub/${room}/events`;
  await server.call("POST", path, { type: "first" });
  await webhooks.untilCalled(`hub:${room}`, 1);
  await server.call("POST", path, { type: "second" });
  const events = await webhooks.until(`hub:${room}`, 2);
  expect(events.map((it) => it.type)).toEqual(["first", "second"]);
  const calls = webhooks.callsOf(`hub:${room}`);
  expect(calls.map((it) => it.events.map(({ type }) => type))).toEqual([
    ["first"],
    ["first"],
    ["first"],
    ["first"],
    ["second"],
  ]);
  const keys = calls.map((it) => it.headers["idempotency-key"]);
  expect(new Set(keys.slice(0, 4)).size).toBe(1);
  expect(redirected, "a redirect is not followed").toBe(1);
});

test("[Y6] any 2xx will do, whatever its body", async () => {
  const room = server.room();
  webhooks.manner = (call, response) => {
    if (call.events[0]?.room !== `hub:${room}`) return "pass";
    reply(response, 200, `<!doctype html>${"x".repeat(100_000)}`, "text/html");
  };
  for (const type of ["one", "two"]) {
    await server.call("POST", `/api/v1/rooms/hub/${room}/events`, { type });
    await webhooks.untilCalled(`hub:${room}`, type === "one" ? 1 : 2);
  }
  const calls = webhooks.callsOf(`hub:${room}`);
  expect(calls.map((it) => it.events[0]?.type)).toEqual(["one", "two"]);
});

test("[Y6, Y8] a service that hangs holds up no message, and is told again", async () => {
  const room = server.room();
  webhooks.manner = (call, _, nth) => {
    if (call.events[0]?.room !== `chat:${room}` || 1 < nth) return "pass";
  };
  const ann = await server.join(room);
  await webhooks.untilCalled(`chat:${room}`, 1);
  for (let n = 0; n < 20; n++) {
    ann.send(says(String(n)));
    await ann.next("message");
  }
  expect(webhooks.of(`chat:${room}`)).toEqual([]);
  const events = await webhooks.until(`chat:${room}`, 22);
  expect(events.slice(2).map((it) => it.data.content)).toEqual([...Array(20).keys()].map(String));
});

test("[Y10] a room that sleeps wakes to tell what waits", async () => {
  const room = server.room();
  await server.call("POST", `/api/v1/rooms/hub/${room}/events`, { type: "before" });
  await server.sleep(room, "HUBS");
  expect(await webhooks.until(`hub:${room}`, 1)).toMatchObject([{ type: "before", offset: 1 }]);
});

test("[Y9] erasing a room erases what waits, and tells that its members left", async () => {
  const room = server.room();
  const ann = await server.join(room);
  await webhooks.until(`chat:${room}`, 2);
  ann.send(says("secret"));
  await ann.next("message");
  await server.call("DELETE", `/api/v1/rooms/chat/${room}?confirm=${room}`);
  const events = await webhooks.until(`chat:${room}`, 4);
  expect(events.slice(2).map((it) => it.type)).toEqual(["member.left", "room.vacated"]);
});

test("[Y7, Y8] what was sent, failed and waits is counted", async () => {
  const room = server.room();
  const metrics = async () => (await server.call("GET", "/metrics")).text;
  let release = false;
  webhooks.manner = (call, response) => {
    if (release || call.events[0]?.room !== `hub:${room}`) return "pass";
    reply(response, 503, "");
  };
  const failures = of("failures_total", await metrics()) ?? 0;
  await server.call("POST", `/api/v1/rooms/hub/${room}/events`, { type: "a" });
  await expect.poll(async () => of("events_waiting", await metrics()), { timeout: 30_000 }).toBe(1);
  await expect
    .poll(async () => (of("failures_total", await metrics()) ?? 0) - failures, { timeout: 30_000 })
    .toBeGreaterThan(0);
  release = true;
  await webhooks.until(`hub:${room}`, 1);
  await expect.poll(async () => of("events_waiting", await metrics()), { timeout: 30_000 }).toBe(0);
  expect(of("events_sent_total", await metrics())).toBeGreaterThan(0);
  expect(of("events_dropped_total", await metrics())).toBe(0);
});

test("[Y5] the log shows neither the secret, nor the URL's query, nor what was said", async () => {
  const logs = server.logs();
  expect(logs).toContain("it answered 500, to no avail");
  for (const hidden of ["hidden", "a secret of the receiver", "secret"]) expect(logs).not.toContain(hidden);
});
