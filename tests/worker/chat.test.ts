import { afterAll, beforeAll, expect, test } from "vitest";
import { QUIET, type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ TYPING_TIMEOUT_MS: "3600000", PRESENCE_GRACE_MS: "3000", ...QUIET });
});
afterAll(() => server.stop());

const UUID_V7 = /^[a-z_]+_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

test("[B40, P7] with the token `test` and nothing else, a message comes back on the same socket", async () => {
  const client = await server.chat({ token: "test" });
  client.send({ type: "message", data: { content: "Test message" } });
  const { data, ...envelope } = await client.next("message");
  expect(envelope).toEqual({
    type: "message",
    id: expect.stringMatching(UUID_V7),
    timestamp: expect.stringMatching(RFC_3339),
  });
  expect(data).toEqual({
    id: envelope.id,
    content: "Test message",
    messageType: "text",
    author: "test",
    authorId: "test",
    timestamp: envelope.timestamp,
    offset: 1,
  });
});

test("[B11, P2] a message reaches everyone in the room and nobody in another", async () => {
  const [room, other] = [server.room(), server.room()];
  const ann = await server.join(room, "ann", { name: "Ann" });
  const bob = await server.join(room, "bob");
  const cid = await server.join(other, "cid");
  await ann.next("user_joined");
  ann.say("hello");
  const heard = await bob.next("message");
  expect(heard.data).toMatchObject({ content: "hello", author: "Ann", authorId: "ann", offset: 1 });
  expect(await ann.next("message")).toEqual(heard);
  expect(await cid.settle()).toEqual([]);
});

test("[B8, P10] offsets are consecutive and the same for everyone, whoever speaks", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  const bob = await server.join(room, "bob");
  await ann.next("user_joined");
  for (let i = 0; i < 40; i++) (i % 2 ? ann : bob).say(String(i));
  const hear = async (client: typeof ann) => {
    const heard: string[] = [];
    for (let i = 0; i < 40; i++) {
      const { data } = await client.next("message");
      expect(data.offset).toBe(i + 1);
      heard.push(data.content);
    }
    return heard;
  };
  expect(await hear(ann)).toEqual(await hear(bob));
});

test("[B9, B12, P3] typing reaches the others, and expires by itself", async () => {
  const brief = await serve({ TYPING_TIMEOUT_MS: "300" });
  try {
    const [ann, bob] = [await brief.join("r", "ann"), await brief.join("r", "bob")];
    await ann.next("user_joined");
    ann.send({ type: "typing", data: { isTyping: true } });
    expect((await bob.next("typing")).data).toEqual({ userId: "ann", isTyping: true });
    expect((await bob.next("typing")).data).toEqual({ userId: "ann", isTyping: false });
    expect(await ann.settle()).toEqual([]);
  } finally {
    await brief.stop();
  }
});

test("[P3] typing ends with the socket", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  const bob = await server.join(room, "bob");
  await ann.next("user_joined");
  ann.send({ type: "typing", data: { isTyping: true } });
  await bob.next("typing");
  ann.vanish();
  expect((await bob.next("typing")).data.isTyping).toBe(false);
  expect((await bob.next("user_left")).data).toEqual({ userId: "ann", username: "ann" });
});

test("[B13, B14, P9] users come and go once, however many tabs they have", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  const tab1 = await server.join(room, "bob", { name: "Bob" });
  const tab2 = await server.join(room, "bob", { name: "Bob" });
  expect((await ann.next("user_joined")).data).toEqual({ userId: "bob", username: "Bob" });
  await tab1.leave();
  expect(await ann.settle()).toEqual([]);
  await tab2.leave();
  expect((await ann.next("user_left")).data).toEqual({ userId: "bob", username: "Bob" });
});

test("[P9] a user who returns within the grace never left", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  const bob = await server.join(room, "bob");
  await ann.next("user_joined");
  await bob.leave();
  const again = await server.join(room, "bob");
  expect(await ann.settle()).toEqual([]);
  // The grace is over when the next departure's is.
  const cid = await server.join(room, "cid");
  await cid.leave();
  expect((await ann.next("user_joined")).data.userId).toBe("cid");
  expect((await ann.next("user_left")).data.userId).toBe("cid");
  expect(await again.settle()).toMatchObject([{ type: "user_joined" }, { type: "user_left" }]);
});

test("[P5] presence lists users, once each", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann", { name: "Ann" });
  await server.join(room, "bob");
  await server.join(room, "bob");
  await ann.next("user_joined");
  ann.send({ type: "presence", id: "p" });
  const presence = await ann.next("presence");
  expect(presence.id).toBe("p");
  expect(presence.data.members).toEqual([
    { userId: "ann", username: "Ann" },
    { userId: "bob", username: "bob" },
  ]);
});

test("[B10, P4] history pages back by offset and by time to the very first message", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  let third = "";
  for (let i = 1; i <= 7; i++) {
    // The fourth is of a later millisecond, so that time tells the first three apart from it.
    if (i === 4) await server.until(() => Date.parse(third) < Date.now(), "the next millisecond");
    ann.say(String(i));
    const { data } = await ann.next("message");
    if (i === 3) third = data.timestamp;
  }
  const page = async (data: object) => {
    ann.send({ type: "history", id: "h", data });
    const { data: page } = await ann.next("history");
    return { ...page, contents: page.messages.map((it: { content: string }) => it.content).join("") };
  };
  const newest = await page({ limit: 3 });
  expect(newest).toMatchObject({ contents: "567", hasMore: true, nextBefore: 5, offset: 7 });
  const older = await page({ limit: 3, before: newest.nextBefore });
  expect(older).toMatchObject({ contents: "234", hasMore: true, nextBefore: 2, epoch: newest.epoch });
  const oldest = await page({ limit: 3, before: older.nextBefore });
  expect(oldest).toMatchObject({ contents: "1", hasMore: false, nextBefore: null });
  expect(await page({ before: "2024-01-01T00:00:00Z" })).toMatchObject({ contents: "", hasMore: false });
  expect(await page({ before: "2099-01-01T00:00:00" })).toMatchObject({ contents: "1234567" });
  const fourth = older.messages[2];
  expect(fourth.content).toBe("4");
  expect(await page({ before: fourth.timestamp })).toMatchObject({ contents: "123", hasMore: false });
});

test("[P12] a resend with the same id is answered with the first offset, and said once", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  const bob = await server.join(room, "bob");
  await ann.next("user_joined");
  ann.say("once", "mine-1");
  const first = await ann.next("message");
  expect(first.id).toBe("mine-1");
  ann.say("once", "mine-1");
  expect((await ann.next("message")).data).toEqual(first.data);
  bob.say("another's", "mine-1");
  expect((await ann.next("message")).data).toMatchObject({ content: "another's", offset: 2 });
  expect((await bob.settle()).map((it) => it.data.content)).toEqual(["once", "another's"]);
});

test("[B30, B31, P6] a plain ping is answered without waking the room, one with more in it by the room", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  await ann.settle();
  await server.sleep(room);
  ann.send('{"type":"ping"}');
  expect(await ann.next("pong")).toEqual({ type: "pong" });
  expect(await server.wasAwake(room)).toBe(false);
  ann.send({ type: "ping", id: "p1", timestamp: "2024-01-01T00:00:00Z" });
  expect((await ann.next("pong")).id).toBe("p1");
  expect(await server.wasAwake(room)).toBe(true);
});

test("what is said comes back as it was said, also after sleep", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  const said = "\0 \u{feff} 😀 ‮ \" \\ </script><img src=x onerror=alert(1)> '; DROP TABLE entry;-- {{7*7}}";
  ann.say(said);
  expect((await ann.next("message")).data.content).toBe(said);
  await server.sleep(room);
  ann.send({ type: "history" });
  expect((await ann.next("history")).data.messages[0].content).toBe(said);
});

test("[L8] what is kept is bounded by count, and offsets go on", async () => {
  const small = await serve({ HISTORY_MAX_ENTRIES: "5" });
  try {
    const ann = await small.join("r", "ann");
    for (let i = 1; i <= 12; i++) {
      ann.say(String(i));
      await ann.next("message");
    }
    ann.send({ type: "history", data: { limit: 200 } });
    const { data } = await ann.next("history");
    expect(data.messages.map((it: { offset: number }) => it.offset)).toEqual([8, 9, 10, 11, 12]);
    expect(data).toMatchObject({ hasMore: false, offset: 12 });
    // The alarm deletes what is hidden.
    await expect
      .poll(() => small.sql("r", "SELECT COUNT(*) AS n FROM entry"), { timeout: 30_000 })
      .toEqual([{ n: 5 }]);
    await small.sleep("r");
    ann.say("13");
    expect((await ann.next("message")).data.offset).toBe(13);
  } finally {
    await small.stop();
  }
});
