// An operator kills the process while a service is told what happened: after it is back, every
// event arrives, though nobody comes.
import { afterAll, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { Webhooks } from "../support/webhooks.ts";
import { Workerd } from "../support/workerd.ts";

const webhooks = await Webhooks.start();
const server = new Workerd();
afterAll(async () => {
  await server.stop();
  await webhooks.stop();
});

test("[Y3, Y10, Y12] killed while it tells, the server tells again, and that all who were there left", async () => {
  const variables = { ...webhooks.variables("*"), MESSAGES_PER_MINUTE: "0" };
  // It hears of everything, and answers nothing.
  webhooks.manner = () => {};
  await server.start(variables);
  const query = new URLSearchParams({ token: "test", contextId: "room" });
  const client = await Client.open(`${server.url}/api/chat/ws?${query}`);
  await webhooks.untilCalled("chat:room", 1);
  const count = 150;
  for (let n = 0; n < count; n++) client.send({ type: "message", data: { content: String(n) } });
  await client.until(() => client.frames.length === count, "what was said is durable");
  await server.kill();
  expect(webhooks.taken).toEqual([]);
  webhooks.manner = () => "pass";
  await server.start(variables);
  const events = await webhooks.until("chat:room", count + 4);
  expect(events.map((it) => it.type)).toEqual([
    "room.occupied",
    "member.joined",
    ...Array(count).fill("message"),
    "member.left",
    "room.vacated",
  ]);
  const contents = events.filter((it) => it.type === "message").map((it) => it.data.content);
  expect(contents).toEqual([...Array(count).keys()].map(String));
  expect(new Set(webhooks.statuses)).toEqual(new Set([204]));
}, 120_000);
