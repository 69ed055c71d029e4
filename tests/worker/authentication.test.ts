import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ AUTH_TIMEOUT_MS: "6000" });
});
afterAll(() => server.stop());

const auth = (token: string, contextId?: string) => ({ type: "auth", token, contextId });

test("[B3, P1] a first message with the token leads into the room it names", async () => {
  const room = server.room();
  const bob = await server.join(room, "bob");
  const ann = await server.chat();
  ann.send(auth(await server.token({ room }), room));
  ann.say("said before the room had answered");
  expect((await bob.next("user_joined")).data.userId).toBe("ann");
  expect((await bob.next("message")).data.content).toBe("said before the room had answered");
  expect((await ann.next("message")).data.authorId).toBe("ann");
  bob.say("and back");
  expect((await ann.next("message")).data.content).toBe("and back");
});

test("[B3, R2] the room may stand in the URL, or be the token's first context", async () => {
  const room = server.room();
  const byUrl = await server.chat({ contextId: room });
  byUrl.send(auth(await server.token({ room })));
  byUrl.say("1");
  expect((await byUrl.next("message")).data.offset).toBe(1);
  const byToken = await server.chat();
  byToken.send(auth(await server.token({ claims: { contexts: [room, "another"] } })));
  byToken.say("2");
  expect((await byToken.next("message")).data.offset).toBe(2);
});

test("a held socket hears text and binary, survives the room's sleep, and both ends hear a close", async () => {
  const room = server.room();
  const bob = await server.join(room, "bob");
  const ann = await server.chat();
  ann.send(auth("test", room));
  await bob.next("user_joined");
  ann.send(Buffer.from([1, 2, 3]));
  expect(await ann.refusal()).toBe("INVALID_MESSAGE_FORMAT");
  await server.sleep(room);
  ann.say("still here");
  expect((await ann.next("message")).data.offset).toBe(1);
  expect(await ann.leave(4001)).toEqual({ code: 4001, reason: "" });
  const presence = async () => {
    bob.send({ type: "presence", id: "p" });
    const frames = await bob.settle();
    return frames.find((it) => it.type === "presence")?.data.members.length;
  };
  expect(await presence()).toBe(2); // within its grace
});

test("[P1] 10 s of silence before auth end in an error and 1008", async () => {
  const silent = await server.chat();
  expect(await silent.refusal()).toBe("AUTHENTICATION_FAILED");
  expect(await silent.closed()).toMatchObject({ code: 1008 });
});

const NOT_AUTH: [string, string | Buffer][] = [
  ["a message", JSON.stringify({ type: "message", data: { content: "let me in" } })],
  ["a ping with more in it", JSON.stringify({ type: "ping", id: "1" })],
  ["no JSON", "hello"],
  ["auth without a token", JSON.stringify({ type: "auth" })],
  ["auth with a bad token", JSON.stringify({ type: "auth", token: "nope" })],
  ["auth with an endless token", JSON.stringify({ type: "auth", token: "x".repeat(100_000) })],
  ["1 MiB and more", "x".repeat((1 << 20) + 1)],
  ["binary", Buffer.from('{"type":"auth","token":"test"}')],
  ["deep JSON", `{"type":"auth","token":"test","x":${"[".repeat(40)}${"]".repeat(40)}}`],
];
test.each(NOT_AUTH)("[P1] before auth, %s gets an error and the close", async (_, frame) => {
  const client = await server.chat({ contextId: server.room() });
  client.send(frame);
  const { code } = await client.closed();
  // A frame past the limit is dropped unread; everything else is told why.
  if (typeof frame === "string" && frame.length > 1 << 20) return expect(code).toBe(1009);
  expect([await client.refusal(), code]).toEqual(["AUTHENTICATION_FAILED", 1008]);
});

test("[R1] a room named in a first message is checked as one in the URL", async () => {
  for (const [contextId, code] of [
    ["a/b", "INVALID_MESSAGE_FORMAT"],
    ["secret", "PERMISSION_DENIED"],
  ]) {
    const client = await server.chat();
    client.send(auth(await server.token({ room: "mine" }), contextId));
    expect(await client.refusal()).toBe(code);
    expect((await client.closed()).code).toBe(1008);
  }
});

test("[R8] a second auth with the same token is a conflict, with a younger one a renewal", async () => {
  const room = server.room();
  const ann = await server.chat();
  const token = await server.token({ room });
  ann.send(auth(token, room));
  ann.send({ ...auth(token, room), id: "again" });
  const conflict = await ann.next("error");
  expect(conflict).toMatchObject({ id: "again", code: "CONFLICT" });
  ann.send({ ...auth(await server.token({ room, lifetime: "2h" })), id: "younger" });
  expect(await ann.next("auth")).toMatchObject({ id: "younger", data: { userId: "ann" } });
  for (const other of [{ user: "bob", room }, { room: "elsewhere" }]) {
    ann.send(auth(await server.token({ ...other, lifetime: "3h" })));
    expect(["CONFLICT", "PERMISSION_DENIED"]).toContain(await ann.refusal());
  }
  ann.send(auth(await server.token({ room, lifetime: "3h" }), "elsewhere"));
  expect(await ann.refusal()).toBe("CONFLICT");
  ann.say("still ann");
  expect((await ann.next("message")).data.authorId).toBe("ann");
});

test("[A4, B37, R8] an expired token is refused on every message until a younger one comes, also across sleep", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann", { lifetime: "6s" });
  ann.say("in time");
  await ann.next("message");
  // The alarm prompts a client that says nothing.
  const prompt = await ann.next("error");
  expect(prompt).toMatchObject({ code: "AUTHENTICATION_FAILED" });
  await server.sleep(room);
  ann.say("too late");
  expect(await ann.refusal()).toBe("AUTHENTICATION_FAILED");
  ann.send(auth(await server.token({ room })));
  await ann.next("auth");
  ann.say("in time again");
  expect((await ann.next("message")).data.offset).toBe(2);
});

test("[C19, R3] the token may come in a header or as a sub-protocol, which does not come back", async () => {
  const room = server.room();
  const token = await server.token({ room });
  const url = `${server.ws}/api/chat/ws?contextId=${room}`;
  const header = await Client.open(url, { headers: { Authorization: `Bearer ${token}` } });
  header.say("by header");
  await header.next("message");
  const protocol = await Client.open(url, { protocols: ["chat", `bearer.${token}`] });
  expect(protocol.socket.protocol).toBe("chat");
  protocol.say("by sub-protocol");
  await protocol.next("message");
});

test("[P13] what a token does not grant is refused, and the socket stays", async () => {
  const room = server.room();
  const claims = { caps: [{ room: `chat:${room.slice(0, -1)}*`, can: ["join", "history"] }] };
  const reader = await server.join(room, "ann", { room: undefined, claims });
  for (const message of [
    { type: "message", data: { content: "x" } },
    { type: "typing", data: { isTyping: true } },
    { type: "presence" },
  ]) {
    reader.send(message);
    expect(await reader.refusal()).toBe("PERMISSION_DENIED");
  }
  reader.send({ type: "history" });
  await reader.next("history");
});

test("[R7] bad tokens are refused in words a browser can read, and stand in no log", async () => {
  const room = server.room();
  const good = await server.token({ room });
  const [header, payload] = good.split(".");
  const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
  const bad = [
    `${header}.${payload}.${"A".repeat(43)}`,
    none,
    await server.token({ room, lifetime: "-1s" }),
    await server.token({ user: "" }),
    "x".repeat(9000),
  ];
  for (const token of bad) {
    const client = await server.chat({ token, contextId: room });
    expect(await client.refusal()).toBe("AUTHENTICATION_FAILED");
    expect((await client.closed()).code).toBe(1008);
    expect(server.logs()).not.toContain(token);
  }
  expect(server.logs()).not.toContain(good);
});

test("production without a key lets nobody in, and says why in the log", async () => {
  const production = await serve({ ENVIRONMENT: "production", JWT_SECRET: "short" });
  try {
    for (const token of ["test", await server.token({ room: "r" })]) {
      const client = await production.chat({ token, contextId: "r" });
      expect(await client.refusal()).toBe("AUTHENTICATION_FAILED");
    }
    expect(production.logs()).toContain("no usable JWT_SECRET");
  } finally {
    await production.stop();
  }
});

test("production takes signed tokens and not the word `test`", async () => {
  const production = await serve({ ENVIRONMENT: "production" });
  try {
    const test = await production.chat({ token: "test", contextId: "r" });
    expect(await test.refusal()).toBe("AUTHENTICATION_FAILED");
    const ann = await production.join("r", "ann");
    ann.say("hello");
    await ann.next("message");
  } finally {
    await production.stop();
  }
});
