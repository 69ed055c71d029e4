// One member against a room: what a user may take of its rate (L2, L11 to L15).
import { expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { collaborator, sits } from "../support/editor.ts";
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

test("[L2, L12] a full room refuses without closing, in every protocol, and takes what a backend says", async () => {
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

test("[L14] an edit counts as many as the operations that go out, and is owed by its author alone", async () => {
  // An edit a second for a user, two at once: what ann owes takes her half a minute.
  const server = await serve({
    EDITS_PER_SECOND: "0",
    ROOM_EDITS_PER_SECOND: "100",
    USER_SHARE_PERCENT: "1",
  });
  try {
    const seated = async (user: string) => {
      const client = await collaborator(server, "r", user);
      await sits(client);
      return client;
    };
    const [ann, bob] = [await seated("ann"), await seated("bob")];
    const others = [];
    for (let at = 0; at < 16; at++) others.push(await seated(`other-${at}`));
    const insert = (position: number, content: string, version: number) => ({
      type: "edit",
      data: { operation: "insert", position, content, version },
    });
    ann.send(insert(0, "x".repeat(100), 0));
    await ann.until(() => of(ann, "edit_ack").length === 1, "the text");
    for (const [at, other] of others.entries()) {
      for (const position of [2 * at + 1, 2 * at + 2]) other.send(insert(position, "y", 1));
      await other.until(() => of(other, "edit_ack").length === 2, "two edits");
    }
    // Made to the text as it was: between its parts stands now what others have put in.
    ann.send({ type: "edit", data: { operation: "delete", position: 0, length: 100, version: 1 } });
    ann.send(insert(0, "z", 1));
    await ann.until(() => of(ann, "error").length === 1, "the refusal");
    expect(of(ann, "edit_ack"), "the delete was admitted").toHaveLength(2);
    expect(of(ann, "error")).toMatchObject([BREACH]);
    expect((await ann.closed()).code, "by this user's own rate").toBe(1008);
    const deletes = () => of(bob, "edit").filter((it) => it.data.operation === "delete");
    await bob.until(() => deletes().length === 33, "as many operations as there are parts");
    await server.sleep("r", "COLLABORATIONS");
    bob.send(insert(0, "mine", 1));
    await bob.until(() => of(bob, "edit_ack").length === 1, "the edit of who owes nothing");
    const back = await seated("ann");
    back.send(insert(0, "z", 1));
    await back.until(() => of(back, "error").length === 1, "the refusal");
    expect(of(back, "error"), "who comes back owes it still").toMatchObject([BREACH]);
  } finally {
    await server.stop();
  }
});

test("[L15] cursors of one user use up neither others' cursors nor anybody's edits, and close nobody", async () => {
  // A cursor a second for a user, two at once.
  const server = await serve({
    EDITS_PER_SECOND: "0",
    ROOM_EDITS_PER_SECOND: "4",
    MESSAGES_PER_MINUTE: "0",
  });
  try {
    const [mallory, bob] = [
      await collaborator(server, "r", "mallory"),
      await collaborator(server, "r", "bob"),
    ];
    for (const it of [mallory, bob]) await sits(it);
    for (let at = 0; at < 300; at++) mallory.send({ type: "cursor", data: { position: at } });
    await mallory.settle();
    await bob.settle();
    const [refused, moved] = [of(mallory, "error"), of(bob, "cursor")];
    expect(refused.length + moved.length).toBe(300);
    expect(moved.length, "two at once").toBeGreaterThanOrEqual(2);
    expect(refused.length, "most were too many").toBeGreaterThan(200);
    for (const it of refused) expect(it).toMatchObject(BREACH);
    bob.send({ type: "cursor", data: { position: 7 } });
    await mallory.until(() => of(mallory, "cursor").length === 1, "the cursor of who has a share left");
    const edit = { operation: "insert", position: 0, content: "x", version: 0 };
    for (const it of [mallory, bob]) {
      it.send({ type: "edit", data: edit });
      await it.until(() => of(it, "edit_ack").length === 1, "an edit, which is no cursor");
    }
    expect([mallory.close, bob.close]).toEqual([undefined, undefined]);
  } finally {
    await server.stop();
  }
});
