import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { type Server, serve } from "../support/server.ts";

const BREACH = { type: "error", error: "Rate limit exceeded", code: "RATE_LIMIT_EXCEEDED" };

/** Speaks until refused; how many messages were served before, and the refusal. */
async function speakUntilRefused(client: Client, before?: (served: number) => Promise<void>) {
  for (let served = 0; served < 200; served++) {
    await before?.(served);
    client.say(String(served));
    await client.until(() => client.frames.length > served || client.close !== undefined, "an answer");
    const answer = client.frames[served];
    if (answer?.type !== "message") return { served, refusal: answer };
  }
  throw new Error("never refused");
}

let server: Server;
beforeAll(async () => {
  server = await serve();
});
afterAll(() => server.stop());

test("[B27, B29, L1] the 101st message within a minute gets the documented error and 1008", async () => {
  const ann = await server.join(server.room(), "ann");
  const { served, refusal } = await speakUntilRefused(ann);
  expect(served).toBe(100);
  expect(refusal).toMatchObject(BREACH);
  expect(refusal?.retry_after).toBeGreaterThan(0);
  expect(refusal?.retry_after).toBeLessThanOrEqual(60);
  expect(await ann.closed()).toEqual({ code: 1008, reason: "Rate limit exceeded" });
});

test("[B27, L1] a sleeping room does not refill a spammer's bucket", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  const sleep = async (served: number) => {
    if (served % 10 === 9) await server.sleep(room);
  };
  expect((await speakUntilRefused(ann, sleep)).served).toBe(100);
});

test("[B27, L1] garbage counts, and so do pings that wake the room", async () => {
  const ann = await server.join(server.room(), "ann");
  for (let i = 0; i < 50; i++) ann.send("garbage");
  for (let i = 0; i < 50; i++) ann.send({ type: "ping", id: "p" });
  await ann.until(() => ann.frames.length === 100, "the answers");
  ann.send({ type: "presence" });
  await ann.until(() => ann.frames.length === 101, "the refusal");
  expect(ann.frames[100]).toMatchObject(BREACH);
});

test("[B28, L2] a room's messages have a rate of their own, which survives sleep and whoever leaves", async () => {
  const small = await serve({ BROADCASTS_PER_MINUTE: "20", USER_SHARE_PERCENT: "0" });
  try {
    const [ann, bob] = [await small.join("r", "ann"), await small.join("r", "bob")];
    await ann.next("user_joined");
    for (let i = 0; i < 19; i++) ann.say(String(i));
    for (let i = 0; i < 19; i++) await bob.next("message");
    await ann.leave();
    await small.sleep("r");
    bob.say("the last");
    await bob.next("message");
    await small.sleep("r");
    bob.say("one too many");
    expect(await bob.next("error")).toMatchObject(BREACH);
    expect(await bob.settle(), "it is not bob's fault").toEqual([]);
    expect(bob.close).toBeUndefined();
  } finally {
    await small.stop();
  }
});

test("[L5] a user has ten sockets in a room, and a room as many as it is allowed", async () => {
  const room = server.room();
  const tabs = await Promise.all(Array.from({ length: 10 }, () => server.join(room, "ann")));
  const refused = async (user: string) => {
    const client = await server.join(room, user);
    const code = await client.refusal();
    return [code, (await client.closed()).code];
  };
  expect(await refused("ann")).toEqual(["CONNECTION_LIMIT", 1013]);
  await server.sleep(room);
  expect(await refused("ann")).toEqual(["CONNECTION_LIMIT", 1013]);
  await tabs[0]?.leave();
  const again = await server.join(room, "ann");
  again.say("room for one more");
  await again.next("message");
});

test("[L5] a room that is full says so, also to a client that comes by first message", async () => {
  const small = await serve({ WS_MAX_CONNECTIONS: "1" });
  try {
    await small.join("r", "ann");
    const bob = await small.join("r", "bob");
    expect([await bob.refusal(), (await bob.closed()).code]).toEqual(["CONNECTION_LIMIT", 1013]);
    const cid = await small.chat({ contextId: "r" });
    cid.send({ type: "auth", token: "test" });
    expect([await cid.refusal(), (await cid.closed()).code]).toEqual(["CONNECTION_LIMIT", 1013]);
  } finally {
    await small.stop();
  }
});

test("[A8, L7] silence ends in CONNECTION_TIMEOUT and 1001, and pings the platform answers are no silence", async () => {
  const small = await serve({ INACTIVITY_TIMEOUT_MS: "6000", PRESENCE_GRACE_MS: "0" });
  try {
    const silent = await small.join("r", "silent");
    const lively = await small.join("r", "lively");
    await silent.next("user_joined");
    await silent.settle(); // to a socket that never spoke, the platform shows a close 10 s late
    await small.sleep("r");
    const pings = setInterval(() => lively.send('{"type":"ping"}'), 200);
    try {
      expect(await silent.refusal()).toBe("CONNECTION_TIMEOUT");
      await lively.until(() => lively.frames.some((it) => it.type === "user_left"), "the other's leaving");
      expect(lively.close).toBeUndefined();
    } finally {
      clearInterval(pings);
    }
    expect((await silent.closed()).code).toBe(1001);
  } finally {
    await small.stop();
  }
});

test("a limit that is no number stays at its default, and the log says so", async () => {
  const small = await serve({ MAX_MESSAGE_BYTES: "a million", MESSAGES_PER_MINUTE: "-1" });
  try {
    const ann = await small.join("r", "ann");
    ann.say("x".repeat(100_000));
    await ann.next("message");
    expect(small.logs()).toContain("MESSAGES_PER_MINUTE is no number");
  } finally {
    await small.stop();
  }
});
