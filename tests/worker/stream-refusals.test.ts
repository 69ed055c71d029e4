// Requests for an event stream that are refused, before a room is woken; and who may read the answer.
import { afterAll, beforeAll, expect, test } from "vitest";
import { QUIET, type Server, serve } from "../support/server.ts";
import { Stream } from "../support/stream.ts";

const PAGE = "https://page.example";

let server: Server;
beforeAll(async () => {
  server = await serve({
    ALLOWED_ORIGINS: PAGE,
    MAX_CONNECTIONS_PER_USER: "1",
    STREAM_HEARTBEAT_MS: "50",
    ...QUIET,
  });
});
afterAll(() => server.stop());

const url = (room: string, query: Record<string, string> = {}) =>
  `/api/v1/rooms/hub/${room}/stream?${new URLSearchParams(query)}`;

test.concurrent("[J11] what is refused is a problem with a status, and wakes no room", async () => {
  const room = server.room();
  const other = await server.token({ room: "other" });
  for (const [token, status, code] of [
    ["", 401, "AUTHENTICATION_FAILED"],
    ["garbage", 401, "AUTHENTICATION_FAILED"],
    [other, 403, "PERMISSION_DENIED"],
  ] as const) {
    const answer = await server.call("GET", url(room), undefined, token);
    expect(answer.json).toMatchObject({ status, code });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
  }
  expect(await server.wasAwake(room, "HUBS")).toBe(false);
  for (const name of ["a%20b", "", "a%2fb", "%ff", "x".repeat(129)]) {
    const { status, json } = await server.call("GET", url(name));
    expect([status, json.code], name).toEqual([400, "INVALID_MESSAGE_FORMAT"]);
  }
  for (const path of ["/api/v1/rooms/nothing/x/stream", "/api/v1/rooms/hub/x/stream/y"]) {
    expect((await server.call("GET", path)).status, path).toBe(404);
  }
});

test.concurrent("[J11] a stream is got, and nothing else", async () => {
  const room = server.room();
  for (const method of ["POST", "HEAD", "DELETE", "PUT"]) {
    const answer = await server.call(method, url(room));
    expect([answer.status, answer.headers.get("Allow")], method).toEqual([405, "GET"]);
  }
});

test.concurrent("[J1] a token stands in the query too, a name may be escaped, and any Accept will do", async () => {
  const room = `team:${server.room()}`;
  const token = await server.token({ room });
  const path = url(encodeURIComponent(room), { token });
  for (const Accept of ["*/*", "application/json"]) {
    const reader = await Stream.open(`${server.http}${path}`, { headers: { Accept } });
    await reader.next("dormouse.attached");
    expect(reader.response.headers.get("Cache-Control")).toBe("no-store");
    const { headers, json } = await server.call("GET", path, undefined, "");
    expect(json).toMatchObject({ status: 429, code: "CONNECTION_LIMIT" });
    expect(headers.get("Content-Type")).toBe("application/problem+json");
    reader.abort();
    // The place is free as soon as the room has heard of it.
    const present = `/api/v1/rooms/hub/${encodeURIComponent(room)}/presence`;
    let members = 1;
    while (members) members = (await server.call("GET", present)).json.members.length;
  }
});

test.concurrent("[J11] pages of allowed origins may read it, and others are refused", async () => {
  const room = server.room();
  const token = await server.token({ room });
  const asks = (Origin: string, method = "GET") =>
    fetch(`${server.http}${url(room, { token })}`, { method, headers: { Origin } });
  const preflight = await asks(PAGE, "OPTIONS");
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("Access-Control-Allow-Headers")).toContain("Last-Event-ID");
  const foreign = await asks("https://other.example");
  expect([foreign.status, foreign.headers.get("Access-Control-Allow-Origin")]).toEqual([403, null]);
  const reader = await Stream.open(`${server.http}${url(room, { token })}`, { headers: { Origin: PAGE } });
  expect(reader.response.headers.get("Access-Control-Allow-Origin")).toBe(PAGE);
  await reader.next("dormouse.attached");
  // A page sees why it is refused.
  const refused = await asks(PAGE);
  expect([refused.status, refused.headers.get("Access-Control-Allow-Origin")]).toEqual([429, PAGE]);
});

test("[J11] streams count as connects do", async () => {
  const strict = await serve({ CONNECTIONS_PER_MINUTE_PER_IP: "10" });
  const room = strict.room();
  const headers = {
    "CF-Connecting-IP": "192.0.2.77",
    Authorization: `Bearer ${await strict.token({ room })}`,
  };
  const statuses = [];
  for (let at = 0; at < 11; at++) {
    const abort = new AbortController();
    const asked = { headers, signal: abort.signal };
    const response = await fetch(`${strict.http}/api/v1/rooms/hub/${room}/stream`, asked);
    statuses.push(response.status);
    if (response.status === 429) {
      expect(response.headers.get("Retry-After")).toBe("60");
      expect(await response.json()).toMatchObject({ code: "RATE_LIMIT_EXCEEDED" });
    }
    abort.abort();
  }
  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(200));
  expect(statuses[10]).toBe(429);
  await strict.stop();
});
