// What a connection subscribed to is in its attachment while the room sleeps, whatever
// letters its user's name has: on the real platform, which bounds it at 16 KiB.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ MESSAGES_PER_MINUTE: "5" });
});
afterAll(() => server.stop());

/** One letter past Latin-1, and JavaScript keeps a string with two bytes a character. */
const NAMES = ["Zoe", "Zoë", "Zoë 名", "😀".repeat(32)];
const names = Array.from({ length: 100 }, (_, at) => `${at}`.padStart(81, "t"));

test.each(NAMES)("[V4] a hundred topics and the rate of %s are there after sleep", async (name) => {
  const room = server.room();
  const token = await server.token({ user: "zoe", name, room });
  const zoe = await server.open("/api/v1/ws", { token, contextId: room });
  await zoe.next("connection_established");
  zoe.send({ type: "subscribe", events: names });
  await zoe.next("response");
  zoe.send({ type: "ping", id: "1" });
  await zoe.next("pong");
  await server.sleep(room, "HUBS");
  zoe.send({ type: "query", query: "subscriptions", id: "s" });
  const { result } = await zoe.next("response");
  expect(result.subscriptions).toEqual(names.toSorted());
  for (const id of ["4", "5"]) {
    zoe.send({ type: "ping", id });
    await zoe.next("pong");
  }
  zoe.send({ type: "ping", id: "6" });
  expect(await zoe.refusal()).toBe("RATE_LIMIT_EXCEEDED");
});

test.each(NAMES)("[M1] a hundred metrics of %s are there after sleep", async (name) => {
  const room = server.room();
  const token = await server.token({ user: "zoe", name, room });
  const zoe = await server.open("/api/analytics/ws", { token, contextId: room });
  zoe.send({ type: "subscribe", data: { metrics: names } });
  await zoe.next("subscribe");
  await server.sleep(room, "ANALYTICS");
  zoe.send({ type: "unsubscribe", data: { metrics: [names[0]] } });
  const { data } = await zoe.next("unsubscribe");
  expect(data.metrics.map((it: { metric: string }) => it.metric)).toEqual(names.slice(1).toSorted());
});
