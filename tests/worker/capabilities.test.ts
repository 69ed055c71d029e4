// Capabilities of single things, and those that deny (R10, R11), on sockets and over HTTP.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ MESSAGES_PER_MINUTE: "0", BROADCASTS_PER_MINUTE: "0" });
});
afterAll(() => server.stop());

const DENIED = "PERMISSION_DENIED";
type Capability = { room: string; can: string[]; on?: string[]; deny?: boolean };
const token = (user: string, ...caps: Capability[]) => server.token({ user, claims: { caps } });

let asked = 0;

/** Says it, and gives the code of what it was refused with, or the type of what answers it. */
async function asks(client: Client, frame: { type: string; [field: string]: unknown }): Promise<string> {
  const before = client.frames.length;
  asked += 1;
  const id = `asked-${asked}`;
  client.send({ id, ...frame });
  const answers = () => client.frames.slice(before).filter((it) => it.id === id || it.type === "error");
  await client.until(() => answers().length !== 0, "the answer");
  const [answer] = answers();
  return String(answer?.code ?? answer?.type);
}

test("[R10] keys are set by who may each, and dropped over HTTP", async () => {
  const room = server.room();
  const base = { room: `hub:${room}`, can: ["join", "history"] };
  const on = (key: string, ...can: string[]) => ({ room: "hub:*", on: [`state:${key}`], can });
  const ann = await token("ann", base, on("a*", "send"));
  const keeper = await token("keeper", base, on("a.kept", "publish"));
  const socket = async (token: string) => {
    const client = await server.open("/api/v1/ws", { token, contextId: room });
    await client.next("connection_established");
    const set = (key: string, value: unknown) =>
      asks(client, { type: "command", command: "set_state", params: { key, value } });
    return set;
  };
  const [sets, keeps] = [await socket(ann), await socket(keeper)];
  expect(await sets("a.mine", 1)).toBe("response");
  expect(await sets("b", 1)).toBe(DENIED);
  expect(await keeps("a.kept", 1)).toBe("response");
  await server.sleep(room, "HUBS");
  expect(await sets("a.kept", 2)).toBe(DENIED);
  expect(await keeps("a.mine", 2)).toBe(DENIED);
  const drop = async (key: string, token: string) =>
    (await server.call("DELETE", `/api/v1/rooms/hub/${room}/state/${key}`, undefined, token)).status;
  expect(await drop("a.kept", ann)).toBe(403);
  expect(await drop("a.mine", keeper)).toBe(403);
  expect(await drop("a.mine", ann)).toBe(200);
  expect(await drop("a.kept", keeper)).toBe(200);
});

test("[R10] documents are read, edited and made by who may each, and a younger token may allow less", async () => {
  const room = server.room();
  const base = { room: `collaboration:${room}`, can: ["join", "history", "presence"] };
  const on = (...can: string[]) => ({ room: base.room, on: ["document:d"], can });
  const enter = async (token: string) => server.open("/api/collaboration/ws", { token, contextId: room });
  const joins = (client: Client, sessionId: string, role = "participant") =>
    asks(client, { type: "join_session", data: { sessionId, role } });
  const types = (client: Client, content: string, version: number) =>
    asks(client, { type: "edit", data: { operation: "insert", position: 0, content, version } });
  const edits = [base, on("send")];
  const editor = await enter(await token("editor", ...edits));
  const maker = await enter(await token("maker", base, on("send", "create")));
  const reader = await enter(await token("reader", base));
  expect(await joins(editor, "d")).toBe(DENIED);
  expect(await joins(maker, "other")).toBe(DENIED);
  expect(await joins(maker, "d")).toBe("session_state");
  await types(maker, "hello", 0);
  expect(await joins(reader, "d")).toBe(DENIED);
  expect(await joins(reader, "d", "viewer")).toBe("session_state");
  expect(await joins(editor, "d")).toBe("session_state");
  await types(editor, "!", 1);
  await reader.until(() => reader.frames.filter((it) => it.type === "edit").length === 1, "the edit");
  const denied = { ...on("history", "send"), deny: true };
  const claims = { caps: [base, denied] };
  reader.send({
    type: "auth",
    id: "less",
    token: await server.token({ user: "reader", claims, lifetime: "2h" }),
  });
  await reader.until(() => reader.frames.some((it) => it.id === "less"), "the answer");
  await types(editor, "?", 2);
  expect(await joins(reader, "d", "viewer")).toBe(DENIED);
  expect(reader.frames.filter((it) => it.type === "edit")).toHaveLength(1);
});

test("[R10] a metric is heard and published by who may that one, and its token opens no log", async () => {
  const room = server.room();
  const analytics = `analytics:${room}`;
  const cpu = await token("ann", { room: analytics, on: ["metric:cpu.*"], can: ["join", "publish"] });
  const ann = await server.open("/api/analytics/ws", { token: cpu, contextId: room });
  const subscribes = (metrics: string[]) => asks(ann, { type: "subscribe", data: { metrics } });
  expect(await subscribes(["cpu.1", "load"])).toBe(DENIED);
  expect(await subscribes(["cpu.1"])).toBe("subscribe");
  const path = `/api/v1/rooms/analytics/${room}/events`;
  const event = (metric: string) => ({ type: "metric_update", data: { metric, value: 1 } });
  const publish = async (token: string, metric: string) =>
    (await server.call("POST", path, event(metric), token)).status;
  expect(await publish(cpu, "load")).toBe(403);
  expect(await publish("test", "load")).toBe(200);
  expect(await publish(cpu, "cpu.1")).toBe(200);
  const batch = { events: ["load", "cpu.1"].map((it) => ({ room: analytics, ...event(it) })) };
  const { text, json } = await server.call("POST", "/api/v1/events", batch, cpu);
  expect(text).toContain(DENIED);
  expect(JSON.stringify(json)).toContain("offset");
  await ann.until(() => ann.frames.filter((it) => it.type === "metric_update").length === 2, "both");
  expect(JSON.stringify(ann.frames)).not.toContain("load");
  for (const at of [path, `/api/v1/rooms/analytics/${room}/presence`]) {
    expect((await server.call("GET", at, undefined, cpu)).status).toBe(403);
  }
});

test("[R11] what is denied is denied by every door, to the role `admin` too", async () => {
  const room = server.room();
  const denial = { room: "chat:*", can: ["send", "publish", "history"], deny: true };
  const claims = { role: "admin", contexts: "*", caps: [denial] };
  const root = await server.token({ user: "root", claims });
  const client = await server.open("/api/chat/ws", { token: root, contextId: room });
  expect(await asks(client, { type: "message", data: { content: "hi" } })).toBe(DENIED);
  expect(await asks(client, { type: "history", data: {} })).toBe(DENIED);
  const path = `/api/v1/rooms/chat/${room}/events`;
  expect((await server.call("POST", path, { type: "x" }, root)).status).toBe(403);
  expect((await server.call("GET", path, undefined, root)).status).toBe(403);
  expect((await server.call("POST", `/api/v1/rooms/hub/${room}/events`, { type: "x" }, root)).status).toBe(
    200,
  );
  const out = { room: "chat:*", can: ["fly"], deny: true };
  const lost = await server.open("/api/chat/ws", {
    token: await server.token({ user: "eve", claims: { contexts: "*", caps: [out] } }),
    contextId: room,
  });
  expect((await lost.next("error")).code).toBe(DENIED);
  expect((await lost.closed()).code).toBe(1008);
});
