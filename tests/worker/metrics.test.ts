// What an operator sees of all rooms together (A40, A44, A45, X22).
import parse from "parse-prometheus-text-format";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { publish, told, UPDATE, workflow } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";

const HEALTH = "/api/v1/websocket/health";
const METRICS = "/api/v1/websocket/metrics";

/** Rooms that report whatever happens at once. */
const AT_ONCE = { REPORT_INTERVAL_MS: "0", WS_HEARTBEAT_INTERVAL_MS: "0", PRESENCE_GRACE_MS: "60000" };

const health = async (server: Server) => (await server.call("GET", HEALTH, undefined, "")).json;
const metrics = async (server: Server) => (await server.call("GET", METRICS)).json;

/** What a scraper makes of /metrics: a number for each name, and for each breaker. */
async function scrape(server: Server): Promise<Record<string, number>> {
  const { text } = await server.call("GET", "/metrics");
  const samples = parse(text).flatMap(({ name, metrics }) =>
    metrics.map(({ value, labels }) => [
      [name.replace("dormouse_", ""), ...Object.values(labels ?? {})].join(" "),
      Number(value),
    ]),
  );
  return Object.fromEntries(samples);
}

/** Waits for reports, which are on their way when a client has its answer. */
async function shows(server: Server, expected: Record<string, number>): Promise<void> {
  await expect.poll(() => scrape(server), { timeout: 30_000 }).toMatchObject(expected);
}

const bytesOf = (clients: Client[]) =>
  clients.flatMap((it) => it.raw).reduce((sum, it) => sum + Buffer.byteLength(it), 0);

test("[A44, A45, X22] before anything happened, health and metrics have the documented fields and count nothing", async () => {
  const fresh = await serve(AT_ONCE);
  try {
    expect(await health(fresh)).toEqual({
      status: "healthy",
      connections: { total: 0, active: 0, idle: 0 },
      performance: { messages_per_second: 0, average_response_time: 0, error_rate: 0 },
      uptime: expect.any(Number),
    });
    expect(await metrics(fresh)).toEqual({
      connections: {
        total_connections: 0,
        active_connections: 0,
        connection_duration_avg: 0,
        connection_duration_max: 0,
      },
      messages: { total_sent: 0, total_received: 0, messages_per_second: 0, average_message_size: 0 },
      errors: { total_errors: 0, error_rate: 0, recovery_success_rate: 1 },
    });
  } finally {
    await fresh.stop();
  }
});

let server: Server;
let ann: Client;
let bob: Client;
let eve: Client;
beforeAll(async () => {
  server = await serve(AT_ONCE);
});
afterAll(() => server.stop());

test("[A40, A45, X22] what happened in chat and hub rooms is counted to the message", async () => {
  ann = await server.join("c", "ann");
  bob = await server.join("c", "bob");
  eve = await workflow(server, "h");
  await ann.next("user_joined");
  const said = ["one", "two", "three"].map((content) =>
    JSON.stringify({ type: "message", data: { content } }),
  );
  for (const message of said) {
    ann.send(message);
    for (const it of [ann, bob]) await it.next("message");
  }
  const seen = {
    connections: 3,
    connections_active: 3,
    connections_opened_total: 3,
    connections_closed_total: 0,
  };
  // user_joined, and three messages to two sockets.
  await shows(server, {
    ...seen,
    rooms: 2,
    messages_received_total: 3,
    messages_sent_total: 7,
    received_bytes_total: said.join("").length,
    sent_bytes_total: bytesOf([ann, bob]),
    refusals_total: 0,
    failures_total: 0,
  });
  // Two calls, which are received too, and sent on to one socket.
  for (let i = 0; i < 2; i++) await publish(server, "h", { type: "workflow_update", data: UPDATE });
  for (let i = 0; i < 2; i++) await eve.next("workflow_update");
  eve.send("garbage");
  await eve.next("error");
  const all = { messages_received_total: 6, messages_sent_total: 10, refusals_total: 1, failures_total: 0 };
  await shows(server, { ...seen, ...all, sent_bytes_total: bytesOf([ann, bob, eve]) });
  const scraped = await scrape(server);
  const called = (scraped.received_bytes_total ?? 0) - said.join("").length - "garbage".length;
  expect(called).toBeGreaterThanOrEqual(2 * JSON.stringify(UPDATE).length);
  const { connections, messages, errors } = await metrics(server);
  expect(connections).toEqual({
    total_connections: 3,
    active_connections: 3,
    connection_duration_avg: 0,
    connection_duration_max: 0,
  });
  const size = ((scraped.received_bytes_total ?? 0) + (scraped.sent_bytes_total ?? 0)) / 16;
  expect(messages).toEqual({
    total_sent: 10,
    total_received: 6,
    messages_per_second: expect.any(Number),
    average_message_size: Math.round(size),
  });
  // No more than all of them in one second, no less than all in a minute.
  expect(messages.messages_per_second).toBeLessThanOrEqual(6);
  expect(messages.messages_per_second).toBeGreaterThanOrEqual(0.1);
  expect(errors).toEqual({ total_errors: 1, error_rate: 0.166667, recovery_success_rate: 1 });
});

test("[A44] health agrees with it, and anybody may ask", async () => {
  const { connections, performance, status, ...rest } = await health(server);
  expect(status).toBe("healthy");
  expect(connections).toEqual({ total: 3, active: 3, idle: 0 });
  expect(performance).toEqual({
    messages_per_second: expect.any(Number),
    average_response_time: expect.any(Number),
    error_rate: 0.166667,
  });
  expect(performance.messages_per_second).toBeGreaterThan(0);
  // In seconds: a message takes milliseconds.
  expect(performance.average_response_time).toBeGreaterThanOrEqual(0);
  expect(performance.average_response_time).toBeLessThan(1);
  expect(rest).toEqual({ uptime: expect.any(Number) });
  expect(Number.isInteger(rest.uptime)).toBe(true);
  expect(rest.uptime).toBeLessThan(600);
});

test("[A45] who leaves is counted out, and who returns in time was recovered", async () => {
  await bob.leave();
  await shows(server, {
    connections: 2,
    connections_closed_total: 1,
    users_lost_total: 1,
    users_recovered_total: 0,
  });
  expect((await metrics(server)).errors.recovery_success_rate).toBe(0);
  bob = await server.join("c", "bob");
  await shows(server, { connections: 3, connections_opened_total: 4, users_recovered_total: 1 });
  expect((await metrics(server)).errors.recovery_success_rate).toBe(1);
  bob.vanish();
  await shows(server, { connections: 2, connections_closed_total: 2, users_lost_total: 2 });
  expect((await metrics(server)).errors.recovery_success_rate).toBe(0.5);
  // The last to leave a room is lost to nobody.
  await eve.leave();
  await ann.leave();
  await shows(server, { connections: 0, connections_closed_total: 4, users_lost_total: 2 });
  const { connection_seconds_total = 0 } = await scrape(server);
  expect(connection_seconds_total).toBeGreaterThan(0);
  expect((await health(server)).connections).toEqual({ total: 0, active: 0, idle: 0 });
});

test("counts survive the sleep of rooms and directories", async () => {
  const before = await scrape(server);
  for (let shard = 0; shard < 8; shard++) await server.wasAwake(`shard-${shard}`, "DIRECTORY");
  await server.wasAwake("h", "HUBS");
  const { uptime_seconds: _, ...after } = await scrape(server);
  expect(before).toMatchObject(after);
  await publish(server, "h", { type: "workflow_update", data: UPDATE });
  await shows(server, { messages_received_total: (before.messages_received_total ?? 0) + 1 });
});

test("[A40, A45] durations are those of closed connections, in whole seconds", async () => {
  const small = await serve({ ...AT_ONCE, INACTIVITY_TIMEOUT_MS: "4000" });
  try {
    const silent = await workflow(small, "r");
    await told(silent);
    // Its own silence ends it, 4 s after it spoke or more.
    await silent.closed();
    await shows(small, { connections: 0, connections_closed_total: 1 });
    const { connections } = await metrics(small);
    expect(connections.connection_duration_max).toBeGreaterThanOrEqual(4);
    expect(connections.connection_duration_avg).toBe(connections.connection_duration_max);
    const brief = await workflow(small, "r");
    await told(brief);
    await brief.leave();
    await shows(small, { connections_closed_total: 2 });
    const { connections: both } = await metrics(small);
    expect(both.connection_duration_max).toBe(connections.connection_duration_max);
    expect(both.connection_duration_avg).toBeLessThan(connections.connection_duration_max);
  } finally {
    await small.stop();
  }
});

test("[X22] /metrics is the text a Prometheus scraper reads: every family typed, told once, in base units", async () => {
  const { headers, text } = await server.call("GET", "/metrics");
  expect(headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const families = parse(text);
  const names = families.map((it) => it.name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, help, type, metrics } of families) {
    expect(name).toMatch(/^dormouse_[a-z_]+$/);
    expect(help).not.toBe("");
    expect(type, name).toBe(name.endsWith("_total") ? "COUNTER" : "GAUGE");
    expect(metrics.length, name).toBeGreaterThan(0);
    for (const { value } of metrics) expect(Number(value), name).toBeGreaterThanOrEqual(0);
  }
  expect(names.map((it) => it.replace("dormouse_", "")).toSorted()).toEqual([
    "breaker_state",
    "connection_seconds_total",
    "connections",
    "connections_active",
    "connections_closed_total",
    "connections_opened_total",
    "failures_total",
    "handling_seconds_total",
    "messages_received_total",
    "messages_sent_total",
    "received_bytes_total",
    "refusals_total",
    "rooms",
    "sent_bytes_total",
    "uptime_seconds",
    "users_lost_total",
    "users_recovered_total",
  ]);
});

test("in production the numbers are for admins and the scraper's token; health is for all", async () => {
  const METRICS_TOKEN = "a scraper's own secret";
  const production = await serve({ ENVIRONMENT: "production", METRICS_TOKEN });
  try {
    const role = (role: string) => production.token({ claims: { role } });
    const admin = await role("admin");
    for (const path of [METRICS, "/metrics"]) {
      const status = async (token: string) => (await production.call("GET", path, undefined, token)).status;
      expect(await status(METRICS_TOKEN)).toBe(200);
      expect(await status(admin)).toBe(200);
      for (const token of ["", "test", METRICS_TOKEN.slice(0, -1), `${METRICS_TOKEN}x`]) {
        expect(await status(token), token).toBe(401);
      }
      for (const other of ["user", "service"]) expect(await status(await role(other))).toBe(403);
    }
    // The scraper's token opens nothing else.
    expect((await production.call("GET", "/api/v1/rooms", undefined, METRICS_TOKEN)).status).toBe(401);
    expect((await health(production)).status).toBe("healthy");
    expect(production.logs()).not.toContain(METRICS_TOKEN.slice(0, -1));
    expect(production.logs()).not.toContain(admin);
  } finally {
    await production.stop();
  }
});

test("a METRICS_TOKEN that can be guessed, or none, opens nothing", async () => {
  for (const METRICS_TOKEN of ["short", ""]) {
    const production = await serve({ ENVIRONMENT: "production", METRICS_TOKEN });
    try {
      for (const token of ["short", ""]) {
        expect((await production.call("GET", "/metrics", undefined, token)).status).toBe(401);
      }
    } finally {
      await production.stop();
    }
  }
});
