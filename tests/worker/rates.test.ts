// How much may be asked over HTTP, and what is written of refusals.
import { afterAll, beforeAll, expect, test } from "vitest";
import { publish } from "../support/hub.ts";
import { QUIET, type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({
    ...QUIET,
    HTTP_CALLS_PER_MINUTE: "40",
    HTTP_PUBLISHES_PER_MINUTE: "60",
    HTTP_FAILURES_PER_MINUTE: "5",
    BROADCASTS_PER_MINUTE: "0",
    MESSAGES_PER_MINUTE: "0",
  });
});
afterAll(() => server.stop());

const reader = (user: string) => server.token({ user, room: "r" });
const backend = (user: string) => server.token({ user, room: "r", claims: { role: "service" } });
const presence = (token: string) => server.call("GET", "/api/v1/rooms/chat/r/presence", undefined, token);
const history = (token: string) =>
  server.call("GET", "/api/v1/rooms/hub/r/events?limit=200", undefined, token);

test("[G20] calls are counted by `sub`, before a room is woken", async () => {
  const ann = await reader("ann");
  for (let i = 0; i < 40; i++) expect((await presence(ann)).status).toBe(200);
  await server.wasAwake("r");
  const { status, json, headers } = await presence(ann);
  expect([status, json.code]).toEqual([429, "RATE_LIMIT_EXCEEDED"]);
  expect(Number(headers.get("Retry-After"))).toBeGreaterThan(0);
  expect(headers.get("Content-Type")).toBe("application/problem+json");
  expect(await server.wasAwake("r")).toBe(false);
  // Another token of the same user is the same user; another user is not.
  expect((await presence(await server.token({ user: "ann", room: "r", lifetime: "2h" }))).status).toBe(429);
  expect((await presence(await reader("bob"))).status).toBe(200);
});

test("[G20] pages of history are counted by their bytes", async () => {
  const half = "x".repeat(500_000);
  const token = await backend("pages");
  for (let i = 0; i < 2; i++) await publish(server, "r", { type: "n", data: half }, token);
  const carol = await reader("carol");
  const statuses = [];
  for (let i = 0; i < 5; i++) statuses.push((await history(carol)).status);
  // Some 16 calls' worth each, of 40.
  expect(statuses).toEqual([200, 200, 429, 429, 429]);
  const dave = await reader("dave");
  const at = "/api/v1/rooms/hub/empty/events";
  const short = await server.token({ user: "dave", room: "empty" });
  for (let i = 0; i < 24; i++) expect((await server.call("GET", at, undefined, short)).status).toBe(200);
  expect((await presence(dave)).status).toBe(200);
});

test("[G20] publishing has a budget of its own, of events, in batches or not", async () => {
  const token = await backend("erin");
  const events = Array.from({ length: 30 }, () => ({ room: "hub:r2", type: "n" }));
  const granted = await server.token({
    user: "erin",
    claims: { caps: [{ room: "hub:r*", can: ["publish"] }] },
  });
  const batch = () => server.call("POST", "/api/v1/events", { events }, granted);
  expect((await batch()).status).toBe(200);
  for (let i = 0; i < 30; i++) expect((await publish(server, "r", { type: "n" }, token)).status).toBe(200);
  expect((await publish(server, "r", { type: "n" }, token)).status).toBe(429);
  expect((await batch()).status).toBe(429);
  expect((await presence(token)).status).toBe(200);
});

test("[G20] calls that fail are counted by address, and harm nobody with a token", async () => {
  const at = "/api/v1/rooms/chat/r/presence";
  const call = async (address: string, token: string) => {
    const headers = { "CF-Connecting-IP": address, Authorization: `Bearer ${token}` };
    return (await fetch(`${server.http}${at}`, { headers })).status;
  };
  const of = async (addresses: string[]) => {
    const statuses = [];
    for (const address of addresses) statuses.push(await call(address, "wrong"));
    return statuses;
  };
  expect(await of(Array(7).fill("192.0.2.1"))).toEqual([401, 401, 401, 401, 401, 429, 429]);
  expect(await call("192.0.2.1", await reader("fred"))).toBe(200);
  expect(await call("192.0.2.2", "wrong")).toBe(401);
  // Whoever has a /64 has all of it; a /56 has four times as much.
  expect(await of(Array.from({ length: 6 }, (_, at) => `2001:db8::${at}`))).toEqual([
    401, 401, 401, 401, 401, 429,
  ]);
  const home = await of(Array.from({ length: 20 }, (_, at) => `2001:db8:0:${(at + 1).toString(16)}::1`));
  expect(home.filter((it) => it === 401)).toHaveLength(15);
});

test("[G20] of like refusals the first are written and the rest summed", async () => {
  const late = await server.token({ user: "gus", lifetime: "-1s" });
  const lines = () => server.logs().split("the token has expired").length - 1;
  const before = lines();
  const addresses = Array.from({ length: 30 }, (_, at) => `198.51.100.${at}`);
  for (const address of addresses) {
    const headers = { "CF-Connecting-IP": address, Authorization: `Bearer ${late}` };
    const response = await fetch(`${server.http}/api/v1/rooms/chat/r/presence`, { headers });
    expect(response.status).toBe(401);
  }
  await server.until(() => lines() - before >= 6, "five lines and the tenth");
  expect(lines() - before).toBe(6);
  expect(server.logs()).toContain('\\"count\\":5');
  // An address stands there only as a hash.
  expect(server.logs()).toMatch(/\\"address\\":\\"[0-9a-f]{16}\\"/);
  for (const address of ["192.0.2.1", "2001:db8", "198.51.100"]) expect(server.logs()).not.toContain(address);
});
