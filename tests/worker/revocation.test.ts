// Tokens that are taken back, and users who log out: no door is left to return by, and connections
// end wherever they are, in rooms that sleep too.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client, Options } from "../support/client.ts";
import { Native } from "../support/native.ts";
import { type Server, serve } from "../support/server.ts";
import { Stream } from "../support/stream.ts";

let server: Server;
beforeAll(async () => {
  server = await serve();
});
afterAll(() => server.stop());

const FAILED = "AUTHENTICATION_FAILED";
const DENIED = "PERMISSION_DENIED";
const MEMBER = ["join", "send", "publish", "history", "presence"];

let users = 0;
/** Somebody nobody has heard of. */
const somebody = () => {
  users += 1;
  return `u${users}`;
};
const admin = () => server.token({ user: "operator", claims: { role: "admin" } });
const token = (user: string, claims: object = {}, lifetime = "1h") =>
  server.token({
    user,
    lifetime,
    claims: { contexts: "*", caps: [{ room: "hub:*", can: MEMBER }], ...claims },
  });

async function revoke(what: object) {
  const answer = await server.call("POST", "/api/v1/revocations", what, await admin());
  expect(answer.status, answer.text).toBe(200);
  return answer.json;
}

/** How a socket was refused, or closed. */
async function end(client: Client) {
  const { code } = await client.closed();
  const said = JSON.stringify(client.frames);
  return [code, [FAILED, DENIED].filter((it) => said.includes(it))];
}

/** A socket that has said nothing hears of its close late; what is said before it comes at once. */
const closing = (client: Native) =>
  client.until(() => client.messages.some((it) => it.type === "closing"), "its end");

/** All that a token may be shown to, and what each answers. */
async function doors(token: string, room: string): Promise<[string, unknown][]> {
  const found: [string, unknown][] = [];
  const query = { contextId: room, client_id: "c", room: `hub:${room}` };
  const open = async (name: string, path: string, more: object, options?: Options, first?: object) => {
    const client = await server.open(path, { ...query, ...more }, options);
    if (first) client.send(first);
    found.push([name, await end(client)]);
  };
  for (const path of [
    "/ws",
    "/api/v1/ws",
    "/ws/client",
    "/api/chat/ws",
    "/api/analytics/ws",
    "/api/collaboration/ws",
    "/ws/conversation",
    "/ws/v2/connect",
  ]) {
    await open(`${path} query`, path, { token });
    await open(`${path} bearer`, path, {}, { headers: { Authorization: `Bearer ${token}` } });
    // The native protocol is chosen by its own name.
    const spoken = path === "/ws/v2/connect" ? "dormouse.v2.json" : "x";
    await open(`${path} sub-protocol`, path, {}, { protocols: [spoken, `bearer.${token}`] });
  }
  await open("first message", "/api/chat/ws", {}, {}, { type: "auth", token, contextId: room });
  const rooms = `/api/v1/rooms/hub/${room}`;
  for (const [method, path, body] of [
    ["GET", `${rooms}/stream`, undefined],
    ["POST", `${rooms}/events`, { type: "x" }],
    ["GET", `${rooms}/events`, undefined],
    ["GET", `${rooms}/presence`, undefined],
    ["POST", "/api/v1/events", { events: [{ room: `hub:${room}`, type: "x" }] }],
    ["GET", "/api/v1/rooms", undefined],
    ["DELETE", `/api/v1/users/nobody/connections`, undefined],
  ] as const) {
    const { status, json } = await server.call(method, path, body, token);
    found.push([`${method} ${path}`, [status, json?.code]]);
  }
  return found;
}

test.each([
  ["a user", (user: string) => ({ sub: user }), DENIED, 403],
  ["a token", (user: string) => ({ jti: `t-${user}` }), FAILED, 401],
  ["a user until a moment", (user: string) => ({ sub: user, issued_before: 4e9 }), FAILED, 401],
])("[Z6, Z7] %s that is taken back returns by no door", async (_, what, code, status) => {
  const [user, room] = [somebody(), server.room()];
  const shown = await token(user, { jti: `t-${user}` });
  await revoke(what(user));
  for (const [door, answer] of await doors(shown, room)) {
    const expected = typeof (answer as unknown[])[1] === "string" ? [status, code] : [1008, [code]];
    expect([door, answer]).toEqual([door, expected]);
  }
  // Others come in as before.
  await Native.join(server.ws, `hub:${room}`, { token: await token(somebody()) });
});

test("[Z8] connections end in rooms awake and asleep, and the next token is good where it may be", async () => {
  const [user, here, there] = [somebody(), server.room(), server.room()];
  const first = await token(user, { jti: "first" });
  const awake = await Native.join(server.ws, `hub:${here}`, { token: first });
  const asleep = await server.open("/api/v1/ws", { token: first, contextId: there });
  await asleep.next("connection_established");
  const stream = await Stream.open(`${server.http}/api/v1/rooms/hub/${here}/stream`, { token: first });
  await stream.next("dormouse.attached");
  const other = await Native.join(server.ws, `hub:${here}`, { token: await token(somebody()) });
  // So that the directory knows them.
  await server.until(async () => {
    const { rooms } = (await server.call("GET", "/api/v1/rooms?kind=hub", undefined, await admin())).json;
    return [here, there].every((it) => rooms.some((room: { room: string }) => room.room === `hub:${it}`));
  }, "the directory to know both rooms");
  await server.sleep(there, "HUBS");
  await revoke({ jti: "first" });
  await closing(awake);
  expect(awake.messages.slice(-2)).toMatchObject([
    { type: "error", code: FAILED },
    { type: "closing", reconnect: "auth" },
  ]);
  expect(await end(asleep)).toEqual([1008, [FAILED]]);
  await stream.end();
  expect(other.close).toBeUndefined();
  await Native.join(server.ws, `hub:${here}`, { token: await token(user, { jti: "second" }) });
});

test("[Z8] a token that was taken back renews no connection", async () => {
  const [user, room] = [somebody(), server.room()];
  const client = await server.open("/api/chat/ws", { token: await token(user), contextId: room });
  await client.settle();
  await revoke({ jti: `renewal-${user}` });
  const later = await token(user, { jti: `renewal-${user}` }, "2h");
  client.send({ type: "auth", id: "a", token: later });
  const said = await client.next("error");
  expect(JSON.stringify(said)).toContain(FAILED);
  client.send({ type: "auth", id: "b", token: await token(user, { jti: `good-${user}` }, "2h") });
  await client.next("auth");
  const native = await Native.join(server.ws, `hub:${room}`, { token: await token(user) });
  native.send({ type: "attach", id: "again", token: later });
  await native.until(() => native.messages.some((it) => it.id === "again"), "an answer");
  expect(native.messages.find((it) => it.id === "again")).toMatchObject({ type: "error", code: FAILED });
});

test("[Z9] what is taken back is listed, lifted, and no secret of a token's is in the log", async () => {
  const user = somebody();
  const shown = await token(user, { jti: `secret-${user}` });
  const kept = await revoke({ jti: `secret-${user}`, expires_at: "2999-01-01T00:00:00Z" });
  const path = `/api/v1/revocations`;
  const list = async () =>
    (await server.call("GET", `${path}?limit=200`, undefined, await admin())).json.revocations;
  expect(await list()).toContainEqual(kept);
  const before = await server.call("GET", "/api/v1/rooms/hub/x/events", undefined, shown);
  expect(before.status).toBe(401);
  const lift = async () =>
    (await server.call("DELETE", `${path}/${kept.id}`, undefined, await admin())).status;
  expect([await lift(), await lift()]).toEqual([204, 404]);
  expect(await list()).not.toContainEqual(kept);
  await server.until(
    async () => (await server.call("GET", "/api/v1/rooms/hub/x/events", undefined, shown)).status === 200,
    "the token to be good again",
  );
  expect(server.logs()).not.toContain(`secret-${user}`);
  expect(server.logs()).not.toContain(shown);
});

test("[Z6] taking back takes the role admin and one of four forms", async () => {
  const nobody = await token(somebody(), { role: "service" });
  for (const [method, path] of [
    ["POST", "/api/v1/revocations"],
    ["GET", "/api/v1/revocations"],
    ["DELETE", "/api/v1/revocations/x"],
  ] as const) {
    const body = method === "POST" ? { sub: "x" } : undefined;
    expect((await server.call(method, path, body, nobody)).status).toBe(403);
    expect((await server.call(method, path, body, "")).status).toBe(401);
  }
  for (const body of [{}, { sub: "a", jti: "b" }, { sub: 7 }, "[", { jti: "" }, { issued_before: -1 }]) {
    expect((await server.call("POST", "/api/v1/revocations", body, await admin())).status).toBe(400);
  }
});

test("[Z11] a log-out closes a user's connections in all rooms; tokens stay good", async () => {
  const [user, here, there] = [somebody(), server.room(), server.room()];
  const shown = await token(user);
  const first = await Native.join(server.ws, `hub:${here}`, { token: shown });
  const second = await server.open("/api/chat/ws", { token: shown, contextId: there });
  await second.settle();
  const other = await Native.join(server.ws, `hub:${here}`, { token: await token(somebody()) });
  const path = `/api/v1/users/${user}/connections`;
  expect((await server.call("DELETE", path, undefined, await token(somebody()))).status).toBe(403);
  // Not even oneself: each has all rooms told.
  expect((await server.call("DELETE", path, undefined, shown)).status).toBe(403);
  expect((await server.call("DELETE", path, undefined, await admin())).status).toBe(204);
  await closing(first);
  expect(first.messages.at(-1)).toMatchObject({ type: "closing", reconnect: "auth" });
  expect(await end(second)).toEqual([1008, [FAILED]]);
  expect(other.close).toBeUndefined();
  const back = await Native.join(server.ws, `hub:${here}`, { token: shown });
  expect(back.close).toBeUndefined();
});
