// Whatever is asked over HTTP is answered or refused as a problem a program can read.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { NOTIFICATION, publish, told, UPDATE, workflow } from "../support/hub.ts";
import { type Answer, type Server, serve } from "../support/server.ts";

let server: Server;
let room: string;
beforeAll(async () => {
  server = await serve({ MAX_MESSAGE_BYTES: "10000" });
  room = server.room();
});
afterAll(() => server.stop());

const ROOM = () => `/api/v1/rooms/hub/${room}`;
const INVALID = "INVALID_MESSAGE_FORMAT";

/** All that was answered by the test that runs. */
let answers: Answer[] = [];
async function call(method: string, path: string, body?: unknown, token?: string): Promise<Answer> {
  const answer = await server.call(method, path, body, token);
  answers.push(answer);
  return answer;
}

afterEach(() => {
  // What is refused says nothing of how it is made, here or in the log.
  const said = answers.map((it) => it.text).join("\n");
  answers = [];
  expect(said).not.toMatch(/SELECT|INSERT|SQLITE|panicked|\.rs\b|\.js:\d|at .*:\d+:\d+|stack/);
});

/** Expects a refusal, spelled as RFC 9457 has it. */
async function refused(answer: Promise<Answer>, status: number, code?: string): Promise<Answer> {
  const { headers, json, ...rest } = await answer;
  expect([rest.status, json?.code]).toEqual([status, code]);
  expect(headers.get("Content-Type")).toBe("application/problem+json");
  expect(json).toMatchObject({ type: "about:blank", status, title: expect.any(String) });
  expect(json.detail).toEqual(expect.any(String));
  return { headers, json, ...rest };
}

const post = (event: unknown, token?: string) => call("POST", `${ROOM()}/events`, event, token);

/** The fields at fault. */
async function faults(type: string, data: unknown): Promise<string[]> {
  const { json } = await refused(post({ type, data }), 422, INVALID);
  for (const fault of json.faults) expect(fault.problem).toMatch(/^must be /);
  return json.faults.map((it: { field: string }) => it.field).toSorted();
}

test("[A14, A15, A16, H3] a workflow update is refused with every fault named, and none is published", async () => {
  expect(await faults("workflow_update", {})).toEqual(["progress", "stage", "status", "workflow_id"]);
  const all = { workflow_id: "", status: "done", stage: "testing", progress: 101 };
  const more = { message: 7, estimated_completion: "soon" };
  expect(await faults("workflow_update", { ...all, ...more })).toEqual([
    "estimated_completion",
    "message",
    "progress",
    "stage",
    "status",
    "workflow_id",
  ]);
  for (const progress of [-1, 100.001, "50", null, [50]]) {
    expect(await faults("workflow_update", { ...UPDATE, progress })).toEqual(["progress"]);
  }
  for (const status of ["PENDING", "in-progress", " failed", 1]) {
    expect(await faults("workflow_update", { ...UPDATE, status })).toEqual(["status"]);
  }
  for (const workflow_id of ["", "w".repeat(129), 7]) {
    expect(await faults("workflow_update", { ...UPDATE, workflow_id })).toEqual(["workflow_id"]);
  }
  for (const data of [null, undefined, [], "text", 7]) {
    expect(await faults("workflow_update", data)).toEqual(["data"]);
  }
  const { json } = await call("GET", `${ROOM()}/events`);
  expect(json.events).toEqual([]);
});

test("[A17, A18, A19, H3] a notification is refused with every fault named", async () => {
  expect(await faults("notification", {})).toEqual([
    "category",
    "message",
    "notification_id",
    "priority",
    "title",
  ]);
  for (const [field, values] of Object.entries({
    notification_id: ["", "n".repeat(129), 7],
    user_id: ["", "u".repeat(129), 7],
    title: [7, null],
    message: [{}, null],
    category: ["workflow", "", 1],
    priority: ["urgent", "CRITICAL", 3],
    action: ["https://example.com", {}, { label: "Go" }, { url: "/" }, { label: 1, url: "/" }],
    metadata: ["text", []],
  })) {
    for (const value of values) {
      expect(await faults("notification", { ...NOTIFICATION, [field]: value }), field).toEqual([field]);
    }
  }
});

test("[A17] a link that runs a script, or leads out of the web, is refused", async () => {
  for (const url of [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "\u0001javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "ftp://example.com",
    "https:example.com",
    "mailto:a@example.com",
  ]) {
    const action = { label: "Click", url };
    expect(await faults("notification", { ...NOTIFICATION, action }), url).toEqual(["action"]);
  }
});

test("[H4] user_id beside the data is that of the data, or missing", async () => {
  const event = { type: "notification", data: { ...NOTIFICATION, user_id: "ann" } };
  const { json } = await refused(post({ ...event, user_id: "bob" }), 422, INVALID);
  expect(json.faults).toEqual([{ field: "user_id", problem: expect.any(String) }]);
  expect((await post({ ...event, user_id: "ann" })).status).toBe(200);
});

test("[H2] the words of the protocols are no events, and neither is the room's state", async () => {
  for (const type of [
    "ack",
    "auth",
    "batch",
    "connection_established",
    "error",
    "event",
    "hello",
    "large_data",
    "ping",
    "pong",
    "presence",
    "response",
    "state.x",
    "status",
    "subscribe",
    "typing",
    "user_joined",
    "user_left",
  ]) {
    await refused(post({ type, data: {} }), 400, INVALID);
  }
  for (const type of ["", "a b", "a/b", "ä", "x".repeat(129), "a*", "<b>"]) {
    await refused(post({ type, data: {} }), 400, INVALID);
  }
  const room = server.room();
  expect((await publish(server, room, { type: "x".repeat(128) })).json.offset).toBe(1);
});

const nested = (depth: number) => `{"type":"n","data":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;

test("a body that is no event is refused, and the room goes on", async () => {
  for (const body of [
    "",
    "hello",
    "[]",
    "null",
    '"text"',
    '{"type":"n"',
    '{"type":7}',
    "{}",
    '{"data":1}',
    '{"type":"n","type":"m"}',
    '{"type":"n","id":""}',
    `{"type":"n","id":"${"i".repeat(129)}"}`,
    '{"type":"n","id":7}',
    '{"type":"n","exclude":"somebody"}',
    '{"type":"n","user_id":7}',
    '{"type":"n","data":01}',
    nested(26),
    nested(33),
    nested(3000),
  ]) {
    await refused(post(body), 400, INVALID);
  }
  for (const body of ["{}", '{"events":7}', '{"events":{}}', "[]", '{"events":[]']) {
    await refused(call("POST", "/api/v1/events", body), 400, INVALID);
  }
  expect((await post(nested(25))).status).toBe(200);
});

test("a body that is no UTF-8 is refused", async () => {
  const headers = { Authorization: "Bearer test" };
  const body = new Uint8Array([...Buffer.from('{"type":"n","data":"'), 0xff, 0xfe, ...Buffer.from('"}')]);
  const answer = await fetch(`${server.http}${ROOM()}/events`, { method: "POST", headers, body });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ code: INVALID });
});

test("[G5] data past MAX_MESSAGE_BYTES is 413; what just fits is published", async () => {
  const data = (bytes: number) => "x".repeat(bytes - 2);
  const room = server.room();
  expect((await publish(server, room, { type: "n", data: data(10_000) })).status).toBe(200);
  await refused(post({ type: "n", data: data(10_001) }), 413, "MESSAGE_TOO_LARGE");
  await refused(post({ type: "n", data: data(1_000_000) }), 413, "MESSAGE_TOO_LARGE");
  const events = [10_001, 10_000].map((bytes) => ({ room: `hub:${room}`, type: "n", data: data(bytes) }));
  const { json } = await call("POST", "/api/v1/events", { events });
  expect(json.results).toMatchObject([{ error: { status: 413 } }, { offset: 2 }]);
});

test("without a good token everything is 401, and says how to get in", async () => {
  const late = await server.token({ room, lifetime: "-1s" });
  for (const token of ["", "nonsense", late, "x".repeat(9000)]) {
    for (const [method, path] of [
      ["POST", `${ROOM()}/events`],
      ["GET", `${ROOM()}/events`],
      ["GET", `${ROOM()}/presence`],
      ["DELETE", `${ROOM()}/users/ann`],
      ["DELETE", `${ROOM()}/connections/session_00000000000001`],
      ["DELETE", `${ROOM()}?confirm=${room}`],
      ["POST", "/api/v1/events"],
      ["GET", "/api/v1/rooms"],
    ] as const) {
      const body = method === "POST" ? { type: "n", events: [] } : undefined;
      const { headers } = await refused(call(method, path, body, token), 401, "AUTHENTICATION_FAILED");
      expect(headers.get("WWW-Authenticate")).toBe("Bearer");
    }
  }
  // A token in the query is for browsers' sockets; in a call it would stand in logs.
  await refused(call("GET", `${ROOM()}/events?token=test`, undefined, ""), 401, "AUTHENTICATION_FAILED");
  const basic = await fetch(`${server.http}${ROOM()}/events`, { headers: { Authorization: "Basic test" } });
  expect(basic.status).toBe(401);
  // Nothing of it in the log but that it was so.
  expect(server.logs()).toContain('\\"event\\":\\"refuse\\"');
  expect(server.logs()).not.toContain(late);
});

test("each capability opens its own calls and no others", async () => {
  const own = server.room();
  const calls = {
    publish: [["POST", "/events"]],
    history: [["GET", "/events"]],
    presence: [["GET", "/presence"]],
    admin: [
      ["DELETE", "/users/nobody"],
      ["DELETE", "/connections/session_00000000000001"],
      ["DELETE", `?confirm=${own}`],
    ],
  } as const;
  for (const can of Object.keys(calls)) {
    const token = await server.token({ claims: { caps: [{ room: `hub:${own}`, can: [can] }] } });
    for (const [capability, ones] of Object.entries(calls)) {
      for (const [method, rest] of ones) {
        const body = method === "POST" ? { type: "n" } : undefined;
        const answer = call(method, `/api/v1/rooms/hub/${own}${rest}`, body, token);
        if (capability === can) expect([200, 204, 404]).toContain((await answer).status);
        else await refused(answer, 403, "PERMISSION_DENIED");
        // Nowhere else, and in no room of another kind.
        for (const other of [`hub/${own}x`, `chat/${own}`]) {
          const path = `/api/v1/rooms/${other}${rest.replace(own, other.replace(/.*[/]/, ""))}`;
          await refused(call(method, path, body, token), 403, "PERMISSION_DENIED");
        }
      }
    }
  }
  // A member may read and not publish; a service may, where its token leads.
  const member = await server.token({ room: own });
  await refused(
    call("POST", `/api/v1/rooms/hub/${own}/events`, { type: "n" }, member),
    403,
    "PERMISSION_DENIED",
  );
  const service = await server.token({ room: own, claims: { role: "service" } });
  expect((await publish(server, own, { type: "n" }, service)).status).toBe(200);
  await refused(
    call("POST", `/api/v1/rooms/hub/${own}x/events`, { type: "n" }, service),
    403,
    "PERMISSION_DENIED",
  );
  const erase = `/api/v1/rooms/hub/${own}?confirm=${own}`;
  await refused(call("DELETE", erase, undefined, service), 403, "PERMISSION_DENIED");
});

test("other methods get 405 and the methods there are; other paths 404", async () => {
  for (const [path, allow] of [
    [`${ROOM()}/events`, "GET, HEAD, POST"],
    [`${ROOM()}/presence`, "GET, HEAD"],
    [`${ROOM()}/users/ann`, "DELETE"],
    [ROOM(), "DELETE"],
    ["/api/v1/events", "POST"],
    ["/api/v1/rooms", "GET, HEAD"],
    ["/api/v1/websocket/health", "GET, HEAD"],
    ["/api/v1/websocket/metrics", "GET, HEAD"],
    ["/metrics", "GET, HEAD"],
  ] as const) {
    for (const method of ["PUT", "PATCH"]) {
      const { headers } = await refused(call(method, path), 405);
      expect(headers.get("Allow")).toBe(allow);
    }
  }
  for (const path of [
    "/api/v1/",
    "/api/v1/rooms/",
    "/api/v1/rooms/hub",
    `${ROOM()}/`,
    `${ROOM()}/events/1`,
    `${ROOM()}/secrets`,
    `${ROOM()}/users`,
    "/api/v2/rooms",
  ]) {
    expect((await call("GET", path)).status, path).toBe(404);
  }
  await refused(call("GET", "/api/v1/rooms/castle/x/events"), 404, "NOT_FOUND");
  await refused(call("GET", "/api/v1/rooms?kind=castle"), 404, "NOT_FOUND");
});

test("names and numbers that are none are refused before an object is woken", async () => {
  for (const name of ["a%2Fb", "%20", "%C3%A4", "a".repeat(129), "%FF", "a%00"]) {
    await refused(call("GET", `/api/v1/rooms/hub/${name}/events`), 400, INVALID);
  }
  for (const user of ["", "a%00", "%E2%80%AE", "a".repeat(129)]) {
    await refused(call("DELETE", `${ROOM()}/users/${user}`), 400, INVALID);
  }
  for (const query of [
    "limit=0",
    "limit=-1",
    "limit=ten",
    "limit=1.5",
    "before=yesterday",
    "before=-1",
    "after=x",
    "after=-1",
  ]) {
    await refused(call("GET", `${ROOM()}/events?${query}`), 400, INVALID);
  }
  await refused(call("GET", "/api/v1/rooms?limit=x"), 400, INVALID);
  await refused(call("DELETE", `${ROOM()}/connections/nobody`), 400, INVALID);
});

test("[R7] a WebSocket path over plain HTTP gets 426", async () => {
  for (const path of [
    "/ws",
    "/ws/demo",
    "/ws/client",
    "/ws/someone",
    "/api/v1/ws",
    "/api/v1/ws/demo",
    "/api/v1/ws/dev",
    "/api/chat/ws",
  ]) {
    for (const method of ["GET", "POST"]) {
      const { json } = await refused(call(method, path), 426);
      expect(json.title).toBe("Upgrade Required");
    }
  }
});

test("[G5] past the room's broadcasts a publisher gets 429 and Retry-After, each item of a batch too; a resend is free", async () => {
  const small = await serve({ BROADCASTS_PER_MINUTE: "3" });
  try {
    const ann = await workflow(small, "r");
    for (const id of ["1", "2"]) expect((await publish(small, "r", { type: "n", id })).status).toBe(200);
    await small.sleep("r", "HUBS");
    const events = [3, 4].map((data) => ({ room: "hub:r", type: "n", data }));
    const { json } = await small.call("POST", "/api/v1/events", { events });
    expect(json.results).toMatchObject([{ offset: 3 }, { error: { status: 429 } }]);
    const limited = await refused(publish(small, "r", { type: "n" }), 429, "RATE_LIMIT_EXCEEDED");
    const seconds = Number(limited.headers.get("Retry-After"));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(limited.json.retry_after).toBe(seconds);
    expect((await publish(small, "r", { type: "n", id: "1" })).json).toMatchObject({
      offset: 1,
      duplicate: true,
    });
    // Nobody else pays for it.
    expect((await publish(small, "other", { type: "n" })).status).toBe(200);
    expect(await told(ann)).toHaveLength(3);
  } finally {
    await small.stop();
  }
});
