// One member against a room: what a user may take of its rate (L2, L11 to L15).
import { expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { serve } from "../support/server.ts";

const BREACH = { code: "RATE_LIMIT_EXCEEDED", retry_after: expect.any(Number) };

const CRITICAL = {
  notification_id: "n",
  title: "t",
  message: "m",
  category: "system_alert",
  priority: "critical",
};

const of = (client: Client, type: string) => client.frames.filter((it) => it.type === type);

test("[L12, L13] ten connections of one user that type use up neither messages nor a backend's notifications", async () => {
  const server = await serve({ MESSAGES_PER_MINUTE: "0" });
  try {
    const ann = await server.join("r", "ann");
    const tabs = await Promise.all(Array.from({ length: 10 }, () => server.join("r", "mallory")));
    // More than all that a room takes in a minute.
    for (const tab of tabs)
      for (let i = 0; i < 101; i++) tab.send({ type: "typing", data: { isTyping: true } });
    for (const tab of tabs) await tab.settle();
    ann.say("my first");
    await ann.until(() => of(ann, "message").length === 1, "the message");
    const event = { type: "notification", data: { ...CRITICAL, user_id: "ann" } };
    expect((await server.call("POST", "/api/v1/rooms/chat/r/events", event)).status).toBe(200);
    expect(await ann.settle()).toBeDefined();
    expect(of(ann, "error")).toEqual([]);
    expect(of(ann, "typing").length, "a quarter of a thousand").toBe(250);
    for (const tab of tabs) expect(tab.close).toBeUndefined();
  } finally {
    await server.stop();
  }
});

test("[L11] a user has a share over all connections, which sleep and coming back do not renew", async () => {
  const server = await serve({ BROADCASTS_PER_MINUTE: "16" });
  try {
    const ann = await server.join("r", "ann");
    const tabs = [await server.join("r", "mallory"), await server.join("r", "mallory")] as const;
    for (const [said, tab] of [...tabs, ...tabs].entries()) {
      tab.say("x");
      await tab.until(() => of(tab, "message").length === said + 1, "the message");
    }
    await server.sleep("r");
    for (const tab of tabs) await tab.leave();
    await server.sleep("r");
    const back = await server.join("r", "mallory");
    back.say("one too many");
    await back.until(() => of(back, "error").length === 1, "the refusal");
    expect(of(back, "error")).toMatchObject([BREACH]);
    expect((await back.closed()).code, "by this user's own rate").toBe(1008);
    ann.say("mine");
    await ann.until(() => of(ann, "message").length === 5, "the message");
  } finally {
    await server.stop();
  }
});

test("[L2, L12] a full room refuses without closing, in every dialect, and takes what a backend says", async () => {
  const server = await serve({
    BROADCASTS_PER_MINUTE: "4",
    USER_SHARE_PERCENT: "0",
    MESSAGES_PER_MINUTE: "0",
  });
  try {
    const token = await server.token({ user: "ann", room: "r" });
    const client = await server.open("/ws/client", { token, contextId: "r", client_id: "c" });
    const events = await server.open("/api/v1/ws", { token, contextId: "r" });
    await events.next("connection_established");
    for (let i = 0; i < 4; i++) client.send({ type: "custom", i });
    await client.until(() => of(client, "custom").length === 4, "what was published");
    for (let i = 0; i < 5; i++) {
      client.send({ type: "custom", i });
      events.send({ type: "command", command: "publish", id: `${i}`, params: { event: "x" } });
    }
    await client.until(() => of(client, "error").length === 5, "the refusals");
    await events.until(() => of(events, "error").length === 5, "the refusals");
    expect(of(events, "error")).toMatchObject(Array(5).fill({ code: "RATE_LIMIT_EXCEEDED" }));
    expect([client.close, events.close]).toEqual([undefined, undefined]);
    await server.sleep("r", "HUBS");
    const event = { type: "notification", data: { ...CRITICAL, user_id: "ann" } };
    expect((await server.call("POST", "/api/v1/rooms/hub/r/events", event)).status).toBe(200);
    await client.until(() => of(client, "notification").length === 1, "the notification");
  } finally {
    await server.stop();
  }
});
