// Conversations: the handshake, messages and their responses, the way back.
import { afterAll, beforeAll, expect, test } from "vitest";
import { RFC_3339, UUID_V7 } from "../support/asking.ts";
import { Client } from "../support/client.ts";
import { answer, ask, back, connect, dial, heard, history, talk } from "../support/conversation.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve();
});
afterAll(() => server.stop());

test("[D2, D3, Q1] connect is confirmed, in a conversation of its own", async () => {
  const client = await dial(server);
  client.send({ type: "connect", clientId: "client 1", timestamp: "2024-01-01T12:00:00Z", version: "1.0" });
  const confirm = await client.next("connect_confirm");
  expect(confirm).toEqual({
    type: "connect_confirm",
    clientId: "client 1",
    conversationId: expect.stringMatching(UUID_V7),
    status: "confirmed",
    resumeToken: expect.stringMatching(/^[\w-]{43}$/),
    timestamp: expect.stringMatching(RFC_3339),
  });
  expect(confirm.conversationId).toMatch(/^conversation_/);
  const [, other] = await talk(server);
  expect(other.conversationId).not.toBe(confirm.conversationId);
});

test("[D3, Q4] connect said again is confirmed again, with the same", async () => {
  const [client, first] = await talk(server);
  expect(await connect(client)).toEqual({ ...first, timestamp: expect.any(String) });
});

test("[D5, D16, Q4] before connect all else gets an error, also across sleep, and the socket stays", async () => {
  const [, { conversationId, resumeToken }] = await talk(server);
  const client = await dial(server, "ann", { conversationId, resumeToken });
  ask(client, "m1", "too early");
  expect(await client.next("error")).toMatchObject({
    code: "CONFLICT",
    messageId: "m1",
    error: "connect first",
  });
  await server.sleep(conversationId, "CONVERSATIONS");
  client.send({ type: "ping", timestamp: "now" });
  client.send({ type: "history" });
  for (let i = 0; i < 2; i++) expect(await client.refusal()).toBe("CONFLICT");
  await connect(client);
  await server.sleep(conversationId, "CONVERSATIONS");
  ask(client, "m1", "in time");
  expect(await answer(client, "m1")).toBe("in time");
});

test("[D8, Q7] a ping with a timestamp is answered with one, and a bare ping by the platform", async () => {
  const [client] = await talk(server);
  client.send({ type: "ping", timestamp: new Date().toISOString() });
  expect(await client.next("pong")).toEqual({ type: "pong", timestamp: expect.stringMatching(RFC_3339) });
  client.send('{"type":"ping"}');
  expect(await client.next("pong")).toEqual({ type: "pong" });
});

test("[D10, D11, Q5] a message gets its response", async () => {
  const [client] = await talk(server);
  ask(client, "m1", "Hello!");
  expect(await client.next("response")).toEqual({
    type: "response",
    messageId: "m1",
    content: "Hello!",
    timestamp: expect.stringMatching(RFC_3339),
  });
});

test("[D26, D28, Q14] content is text, returned as it came", async () => {
  const [client] = await talk(server);
  const contents = [
    "",
    "<script>alert(1)</script>",
    "'; DROP TABLE entry; --",
    '{"type":"error"}',
    "\0 \u2028 😀 ä",
  ];
  for (const [at, content] of contents.entries()) {
    ask(client, `m${at}`, content);
    expect(await answer(client, `m${at}`)).toBe(content);
  }
});

test("[D15, D18] what a client has queued is answered in its order, each once", async () => {
  const client = await dial(server);
  client.send({ type: "connect", clientId: "c-1", timestamp: "", version: "1" });
  for (let i = 0; i < 40; i++) ask(client, `m${i}`, `content ${i}`);
  await client.next("connect_confirm");
  for (let i = 0; i < 40; i++) expect(await answer(client, `m${i}`)).toBe(`content ${i}`);
  expect(await heard(client)).toEqual([]);
});

test("[D17, D19, X17, Q2, Q9, Q10] a client that comes back finds everything, and no message is answered twice", async () => {
  const [client, confirm] = await talk(server);
  ask(client, "m1", "one");
  const first = await client.next("response");
  ask(client, "m2", "two");
  client.vanish();
  await server.wasAwake(confirm.conversationId, "CONVERSATIONS");
  const [again, confirmed] = await talk(server, "ann", back(confirm));
  expect(back(confirmed)).toEqual(back(confirm));
  // It does not know what arrived, so it sends all of it again.
  ask(again, "m1", "one");
  expect(await again.next("response"), "the very same").toEqual(first);
  ask(again, "m2", "two");
  expect(await answer(again, "m2")).toBe("two");
  const { messages, hasMore, nextBefore } = await history(again);
  const said = messages.map((it: Record<string, string>) => `${it.role} ${it.messageId} ${it.content}`);
  expect(said).toEqual(["user m1 one", "assistant m1 one", "user m2 two", "assistant m2 two"]);
  expect({ hasMore, nextBefore }).toEqual({ hasMore: false, nextBefore: null });
});

test("[Q6] history is paged back to the beginning", async () => {
  const [client] = await talk(server);
  for (let i = 0; i < 3; i++) ask(client, `m${i}`, `${i}`);
  for (let i = 0; i < 3; i++) await answer(client, `m${i}`);
  const said: string[] = [];
  let before: number | undefined;
  do {
    const page = await history(client, { limit: 4, before });
    said.unshift(...page.messages.map((it: Record<string, string>) => `${it.role}:${it.content}`));
    before = page.nextBefore;
  } while (before);
  expect(said).toEqual(["user:0", "assistant:0", "user:1", "assistant:1", "user:2", "assistant:2"]);
});

test("[Q11] every connection of a conversation hears every response", async () => {
  const [one, confirm] = await talk(server);
  const [other] = await talk(server, "ann", back(confirm));
  const silent = await dial(server, "ann", back(confirm));
  ask(one, "m1", "hello");
  expect(await answer(one, "m1")).toBe("hello");
  expect(await answer(other, "m1")).toBe("hello");
  expect(await connect(silent), "its first frame").toMatchObject(back(confirm));
});

test("conversations do not hear of each other", async () => {
  const [ann] = await talk(server);
  const [bob] = await talk(server, "bob");
  ask(ann, "m1", "for me alone");
  await answer(ann, "m1");
  expect(await heard(bob)).toEqual([]);
  ask(bob, "m1", "another m1");
  expect(await answer(bob, "m1")).toBe("another m1");
});

test("[C19, B3, R3] the token may come by header, sub-protocol or first message", async () => {
  const token = await server.token({});
  const url = `${server.ws}/ws/conversation`;
  const header = await Client.open(url, { headers: { Authorization: `Bearer ${token}` } });
  await connect(header);
  const protocol = await Client.open(url, { protocols: ["chat", `bearer.${token}`] });
  const confirm = await connect(protocol);
  const message = await Client.open(`${url}?${new URLSearchParams(back(confirm))}`);
  message.send({ type: "auth", token });
  expect(back(await connect(message)), "and lead back, too").toEqual(back(confirm));
  ask(message, "m1", "hello");
  expect(await answer(protocol, "m1")).toBe("hello");
});

test("[B37, R8] a younger token of the same user replaces the old one, before connect and after", async () => {
  const token = await server.token({ lifetime: "10m" });
  const client = await server.open("/ws/conversation", { token });
  client.send({ type: "auth", token: await server.token({ lifetime: "20m" }) });
  expect(await client.next("auth")).toMatchObject({
    userId: "ann",
    expiresAt: expect.stringMatching(RFC_3339),
  });
  await connect(client);
  client.send({ type: "auth", token: await server.token({ lifetime: "30m" }) });
  await client.next("auth");
  client.send({ type: "auth", token: await server.token({ user: "bob", lifetime: "40m" }) });
  expect(await client.refusal()).toBe("CONFLICT");
  ask(client, "m1", "still ann");
  await answer(client, "m1");
});

test("a client that takes batches gets what it would have got one by one", async () => {
  const client = await dial(server, "ann", { batch: "1" });
  client.send({ type: "connect", clientId: "c-1", timestamp: "", version: "1" });
  for (let i = 0; i < 30; i++) ask(client, `m${i}`, `${i}`);
  const frames = () => client.frames.flatMap((it) => (it.type === "batch" ? it.data : [it]));
  await client.until(() => frames().length === 31, "all responses");
  expect(frames().map((it) => it.content)).toEqual([
    undefined,
    ...Array.from({ length: 30 }, (_, i) => `${i}`),
  ]);
});

test("[Q3] operators read and erase a conversation by a capability, and by no context", async () => {
  const [client, { conversationId }] = await talk(server);
  ask(client, "m1", "hello");
  await answer(client, "m1");
  const path = `/api/v1/rooms/conversation/${conversationId}`;
  const erase = `?confirm=${conversationId}`;
  const everywhere = await server.token({ user: "op", claims: { contexts: "*", role: "admin" } });
  for (const [method, rest] of [
    ["GET", "/events"],
    ["GET", "/presence"],
    ["DELETE", erase],
  ] as const) {
    expect((await server.call(method, path + rest, undefined, everywhere)).status).toBe(403);
  }
  const caps = [{ room: "conversation:*", can: ["history", "admin"] }];
  const token = await server.token({ user: "op", claims: { caps } });
  const { json } = await server.call("GET", `${path}/events`, undefined, token);
  expect(json.events).toMatchObject([
    { type: "message", author: "ann", data: { content: "hello" } },
    { type: "response", author: "responder", data: { messageId: "m1", content: "hello" } },
  ]);
  expect((await server.call("DELETE", path + erase, undefined, token)).status).toBe(204);
  await client.closed();
});
