// Bindings that a deployment may have or lack: neither is an error.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { type Server, serve } from "../support/server.ts";

/** Beside wrangler.toml, because its paths are relative to where it stands. */
const CONFIG = "wrangler.bindings-test.toml";
const running: Server[] = [];

async function serveWith(change: (config: string) => string, variables = {}): Promise<Server> {
  writeFileSync(CONFIG, change(readFileSync("wrangler.toml", "utf8")));
  const server = await serve(variables, CONFIG);
  running.push(server);
  return server;
}
afterAll(async () => {
  for (const server of running) await server.stop();
  rmSync(CONFIG, { force: true });
});

test("[C20, C22, B26] without the platform's rate limit, a room counts connects by address", async () => {
  const server = await serveWith((config) => config.replace(/\[\[ratelimits\]\][^[]*/, ""), {
    CONNECTIONS_PER_MINUTE_PER_IP: "3",
  });
  const from = (address: string, contextId: string) =>
    server.open("/ws", { token: "test", contextId }, { headers: { "CF-Connecting-IP": address } });
  for (let i = 0; i < 3; i++) await from("192.0.2.1", "a");
  const fourth = await from("192.0.2.1", "a");
  expect((await fourth.next("error")).data).toMatchObject({
    error_code: "RATE_LIMIT_EXCEEDED",
    error_details: { retry_after: expect.any(Number) },
  });
  expect((await fourth.closed()).code).toBe(1008);
  for (const other of [await from("192.0.2.2", "a"), await from("192.0.2.1", "b")]) {
    other.send({ type: "ping", id: "p" });
    await other.next("pong");
  }
});

test("with an Analytics Engine dataset, every report of a room is written to it", async () => {
  const server = await serveWith(
    (config) => `${config}\n[[analytics_engine_datasets]]\nbinding = "METRICS"\n`,
    { REPORT_INTERVAL_MS: "20" },
  );
  const ann = await server.open("/ws", { token: "test", contextId: "a" });
  ann.send({ type: "ping", id: "p" });
  await ann.next("pong");
  const counted = async () =>
    (await server.call("GET", "/api/v1/websocket/metrics")).json.messages.total_received;
  await expect.poll(counted, { timeout: 30_000 }).toBe(1);
  expect(server.logs()).not.toContain('\\"event\\":\\"error\\"');
});
