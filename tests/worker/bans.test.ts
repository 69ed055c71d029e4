// Users who are kept out of a room: by every door, on a socket that is open, asleep.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Native } from "../support/native.ts";
import { type Server, serve } from "../support/server.ts";
import { Stream } from "../support/stream.ts";

let server: Server;
beforeAll(async () => {
  server = await serve();
});
afterAll(() => server.stop());

const DENIED = "PERMISSION_DENIED";
const MEMBER = ["join", "send", "publish", "history", "presence"];

const rooms = (room: string) => `/api/v1/rooms/hub/${room}`;
const admin = (room: string) =>
  server.token({
    user: "mod",
    claims: {
      caps: [
        { room: `*:${room}`, can: ["admin"] },
        { room: `hub:${room}`, can: ["admin"] },
      ],
    },
  });
const bobs = (room: string) =>
  server.token({ user: "bob", claims: { contexts: room, caps: [{ room: `hub:${room}`, can: MEMBER }] } });

async function ban(room: string, body?: object, user = "bob") {
  return server.call("PUT", `${rooms(room)}/bans/${user}`, body, await admin(room));
}

test("[Z2, Z3] a banned user's connections end, and they return by no door of the room", async () => {
  const room = server.room();
  const token = await bobs(room);
  const native = await Native.join(server.ws, `hub:${room}`, { token });
  const events = await server.open("/api/v1/ws", { token, contextId: room });
  await events.next("connection_established");
  const stream = await Stream.open(`${server.http}${rooms(room)}/stream`, { token });
  await stream.next("dormouse.attached");
  const { status, json } = await ban(room, { seconds: 600, reason: "spam" });
  expect([status, json.user_id, json.kicked]).toEqual([200, "bob", 3]);
  await native.until(() => native.messages.some((it) => it.type === "detached"), "detached");
  expect(native.messages.at(-1)).toMatchObject({ type: "detached", code: DENIED, reattach: false });
  expect((await events.closed()).code).toBe(1008);
  await stream.end();

  for (const [path, query] of [
    ["/ws", { contextId: room }],
    ["/api/v1/ws", { contextId: room }],
    ["/ws/client", { contextId: room, client_id: "c" }],
    ["/ws/v2/connect", { room: `hub:${room}` }],
  ] as const) {
    const back = await server.open(path, { token, ...query });
    expect([path, (await back.closed()).code]).toEqual([path, 1008]);
    expect(JSON.stringify(back.frames)).toContain(DENIED);
  }
  const url = `${server.http}${rooms(room)}`;
  const asked = { headers: { Authorization: `Bearer ${token}` } };
  const refused = await fetch(`${url}/stream`, asked);
  expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining(DENIED)]);
  for (const [method, path, body] of [
    ["POST", `${rooms(room)}/events`, { type: "x" }],
    ["GET", `${rooms(room)}/events`, undefined],
    ["GET", `${rooms(room)}/presence`, undefined],
  ] as const) {
    const call = await server.call(method, path, body, token);
    expect([call.status, call.json.code]).toEqual([403, DENIED]);
    expect(Number(call.headers.get("Retry-After"))).toBeGreaterThan(0);
  }
  const batch = { events: [{ room: `hub:${room}`, type: "x" }] };
  expect((await server.call("POST", "/api/v1/events", batch, token)).text).toContain(DENIED);
  native.send({ type: "attach", id: "again" });
  await native.until(() => native.messages.some((it) => it.id === "again"), "an answer");
  expect(native.messages.find((it) => it.id === "again")).toMatchObject({ type: "error", code: DENIED });
  // Another room is none of its business.
  const elsewhere = server.room();
  await Native.join(server.ws, `hub:${elsewhere}`, { token: await bobs(elsewhere) });
});

test("[Z1, Z4] a ban outlasts sleep and the room's erasure, is listed, and lifted", async () => {
  const room = server.room();
  const [token, mod] = [await bobs(room), await admin(room)];
  expect((await ban(room)).json).toEqual({ user_id: "bob", kicked: 0 });
  await server.sleep(room, "HUBS");
  expect((await server.call("DELETE", `${rooms(room)}?confirm=${room}`, undefined, mod)).status).toBe(204);
  expect((await server.call("GET", `${rooms(room)}/events`, undefined, token)).status).toBe(403);
  const { bans } = (await server.call("GET", `${rooms(room)}/bans`, undefined, mod)).json;
  expect(bans).toMatchObject([{ user_id: "bob", by: "mod" }]);
  const lift = () => server.call("DELETE", `${rooms(room)}/bans/bob`, undefined, mod);
  expect([(await lift()).status, (await lift()).status]).toEqual([204, 404]);
  expect((await server.call("GET", `${rooms(room)}/events`, undefined, token)).status).toBe(200);
});

test("[Z1] bans take the grant admin, and what is no ban is refused", async () => {
  const room = server.room();
  const [token, mod] = [await bobs(room), await admin(room)];
  for (const [method, path] of [
    ["PUT", "bans/ann"],
    ["DELETE", "bans/ann"],
    ["GET", "bans"],
  ] as const) {
    expect((await server.call(method, `${rooms(room)}/${path}`, undefined, token)).status).toBe(403);
  }
  for (const body of [{ seconds: 0 }, { seconds: "1" }, "[", { reason: "r".repeat(257) }]) {
    expect((await ban(room, body as object)).status).toBe(400);
  }
  expect((await ban(room, {}, "mod")).status).toBe(409);
  expect((await server.call("GET", `${rooms(room)}/bans?limit=0`, undefined, mod)).status).toBe(400);
});
