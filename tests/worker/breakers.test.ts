// Circuit breakers, as those see them who are in front of one (A28 to A30).
import parse from "parse-prometheus-text-format";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publish, told, workflow } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ REPORT_INTERVAL_MS: "0" });
});
afterAll(() => server.stop());

/** 0 closed, 1 half-open, 2 open. */
async function breakers(): Promise<Record<string, number>> {
  const { text } = await server.call("GET", "/metrics");
  const state = parse(text).find((it) => it.name === "dormouse_breaker_state");
  return Object.fromEntries((state?.metrics ?? []).map((it) => [it.labels?.breaker, Number(it.value)]));
}

const failures = async () => {
  const { text } = await server.call("GET", "/metrics");
  return Number(parse(text).find((it) => it.name === "dormouse_failures_total")?.metrics[0]?.value);
};

const status = async () => (await server.call("GET", "/api/v1/websocket/health", undefined, "")).json.status;

const CLOSED = { connect: 0, storage: 0, outbound: 0 };

test("[A29, A30, A56] breakers are closed while nothing fails, refusals or not", async () => {
  const ann = await workflow(server, "well");
  for (let i = 0; i < 10; i++) {
    ann.send("garbage");
    await ann.next("error");
    await publish(server, "well", { type: "error" });
    await workflow(server, "well", "nonsense").then((it) => it.closed());
  }
  expect(await breakers()).toEqual(CLOSED);
  expect(await status()).toBe("healthy");
});

test("[A28, A29, A30] a room whose storage fails is left alone, alone, and comes back when it works again", async () => {
  const well = await workflow(server, "well");
  const ill = await workflow(server, "ill");
  expect((await publish(server, "ill", { type: "before" })).json.offset).toBe(1);
  await told(ill);
  await server.sql("ill", "ALTER TABLE entry RENAME TO lost", "HUBS");
  await server.sleep("ill", "HUBS");
  for (let i = 0; i < 10; i++) {
    const { status, json, text } = await publish(server, "ill", { type: "n" });
    expect([status, json.code]).toEqual([503, "UNAVAILABLE"]);
    expect(text).not.toMatch(/lost|entry|SQL/);
  }
  // By now nobody asks it any more, and is told when to ask again.
  const wait = async () => Number((await publish(server, "ill", { type: "n" })).headers.get("Retry-After"));
  await expect.poll(wait, { timeout: 30_000, interval: 1 }).toBeGreaterThan(0);
  expect(Math.max(...Object.values(await breakers()))).toBeGreaterThan(0);
  expect(await status()).toBe("degraded");
  const newcomer = await workflow(server, "ill");
  expect((await newcomer.next("error")).data.error_code).toBe("UNAVAILABLE");
  expect((await newcomer.closed()).code).toBe(1013);
  // Other rooms do not notice: those awake, those asleep, those that never were.
  await server.sleep("well", "HUBS");
  expect((await publish(server, "well", { type: "n" })).status).toBe(200);
  expect(await told(well)).toHaveLength(1);
  await told(await workflow(server, "new"));
  expect(server.logs()).toContain("no such table: entry");
  await server.sql("ill", "ALTER TABLE lost RENAME TO entry", "HUBS");
  const publishes = async () => (await publish(server, "ill", { type: "after", id: "1" })).json.offset;
  await expect.poll(publishes, { timeout: 30_000, interval: 100 }).toBe(2);
  await expect.poll(breakers, { timeout: 30_000 }).toEqual(CLOSED);
  expect(await status()).toBe("healthy");
  await expect.poll(failures, { timeout: 30_000 }).toBeGreaterThan(0);
  const back = await workflow(server, "ill");
  await publish(server, "ill", { type: "last" });
  expect((await told(back)).map((it) => it.type)).toEqual(["last"]);
});

test("a breaker that closed is shown as closed, whoever reported it open meanwhile", async () => {
  expect(await breakers()).toEqual(CLOSED);
  await publish(server, "ill-2", { type: "n" });
  await server.sql("ill-2", "ALTER TABLE entry RENAME TO lost", "HUBS");
  await server.sleep("ill-2", "HUBS");
  for (let i = 0; i < 5; i++) await publish(server, "ill-2", { type: "n" });
  await publish(server, "witness", { type: "n" });
  await server.sql("ill-2", "ALTER TABLE lost RENAME TO entry", "HUBS");
  const publishes = async () => (await publish(server, "ill-2", { type: "n", id: "1" })).json.offset;
  await expect.poll(publishes, { timeout: 30_000, interval: 100 }).toBe(2);
  await expect.poll(breakers, { timeout: 3_000 }).toEqual(CLOSED);
});
