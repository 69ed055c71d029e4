// The documented manager of `/api/v1/ws`, against the real server.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { publish } from "../../../../tests/support/hub.ts";
import type { Server } from "../../../../tests/support/server.ts";
import { EventsManager, type EventsOptions } from "../../src/faces/events.ts";
import { BackoffStrategy } from "../../src/index.ts";
import { eventually, start, tokenOf } from "./documented.ts";

let server: Server;
const open: EventsManager[] = [];
beforeAll(async () => {
  server = await start({ DEMO: "on" });
});
afterEach(() => {
  for (const it of open.splice(0)) it.disconnect();
});
afterAll(() => server.stop());

async function manage(contextId: string, options: EventsOptions = {}) {
  const token = await tokenOf({ contexts: [contextId] });
  const backoff = new BackoffStrategy({ baseDelaysMs: [20, 50] });
  const url = `${server.http}/api/v1/ws`;
  const manager = new EventsManager({ url, token, contextId, backoff, ...options });
  open.push(manager);
  return manager;
}

test("[C11] the demo is found by the page's server alone, and is open without a token", async () => {
  const env = { NEXT_PUBLIC_WS_URL: "", WS_AUTH_REQUIRED: "false", WS_ENDPOINT: "/api/v1/ws/demo" };
  Object.defineProperty(globalThis, "location", { value: new URL(server.http), configurable: true });
  const manager = EventsManager.fromEnvironment(env, { contextId: server.room(), clientId: "visitor" });
  Reflect.deleteProperty(globalThis, "location");
  open.push(manager);
  await manager.connect();
  expect(await manager.query("presence")).toMatchObject({ members: [{ user_id: "visitor" }] });
});

test("[C12] development has an endpoint of its own", async () => {
  const env = { NEXT_PUBLIC_WS_URL: `${server.ws}/api/v1/ws/dev`, WS_AUTH_REQUIRED: "true" };
  const manager = EventsManager.fromEnvironment(env, { token: await tokenOf({}) });
  open.push(manager);
  await manager.connect();
  expect(manager.state).toBe("OPEN");
});

test("[C9, C24] the parts of a dashboard are fed by one connection", async () => {
  const room = server.room();
  const manager = await manage(room);
  const { agentMonitor, systemMetrics, beliefState } = manager;
  await manager.connect();
  await manager.command("set_state", { key: "goal", value: "win" });
  for (const it of [agentMonitor, systemMetrics, beliefState]) it.subscribe(() => {});
  await manager.query("subscriptions");
  await publish(server, room, { type: "agent.started", data: { agent_id: "a1" } });
  await publish(server, room, { type: "metric_update", data: { metric: "load", value: 0.5 } });
  await manager.command("set_state", { key: "mood", value: "calm" });
  const shown = () =>
    [agentMonitor, systemMetrics, beliefState].map((it) => Object.fromEntries<unknown>(it.getSnapshot()));
  await eventually(
    () => Object.keys(Object.assign({}, ...shown())).length === 4,
    () => JSON.stringify(shown()),
  );
  expect(shown()).toMatchObject([
    { a1: { event: "agent.started", data: { agent_id: "a1" } } },
    { load: { value: 0.5 } },
    { goal: "win", mood: "calm" },
  ]);
});

test("[C9] after a cut no event is missing and none comes twice, and a command is done once", async () => {
  const room = server.room();
  const manager = await manage(room);
  const heard: unknown[] = [];
  manager.subscribe(["order.*"], ({ data }) => heard.push(data));
  await manager.connect();
  await publish(server, room, { type: "order.made", data: 1 });
  await eventually(
    () => heard.length === 1,
    () => JSON.stringify(heard),
  );
  await server.harness.getWorker().evictDurableObject("HUBS", { name: room, webSockets: "close" });
  await eventually(
    () => manager.state !== "OPEN",
    () => manager.state,
  );
  manager.disconnect();
  await publish(server, room, { type: "order.made", data: 2 });
  await publish(server, room, { type: "other", data: 0 });
  const done = manager.command("publish", { event: "order.paid", data: 3 });
  await manager.connect();
  expect(await done).toMatchObject({ duplicate: false });
  await publish(server, room, { type: "order.made", data: 4 });
  await eventually(
    () => heard.length === 4,
    () => JSON.stringify(heard),
  );
  expect(heard).toEqual([1, 2, 3, 4]);
});
