// Conversations: whom they turn away, what they refuse, and in which words (D12, D23, D26 to D28).
import { afterAll, beforeAll, expect, test } from "vitest";
import { RFC_3339 } from "../support/asking.ts";
import type { Client } from "../support/client.ts";
import { answer, ask, back, connect, dial, talk } from "../support/conversation.ts";
import { SECRET, type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ AUTH_TIMEOUT_MS: "6000" });
});
afterAll(() => server.stop());

/** Is turned away: with an error frame first, then the close. */
async function turnedAway(client: Client): Promise<string | undefined> {
  const error = await client.next("error");
  expect(error).toEqual({
    type: "error",
    error: expect.any(String),
    code: expect.any(String),
    timestamp: expect.stringMatching(RFC_3339),
  });
  expect((await client.closed()).code).toBe(1008);
  return error.code;
}

test("[X9, X17, Q2] nobody comes into another's conversation, whatever they show", async () => {
  const [ann, confirm] = await talk(server);
  ask(ann, "m1", "a secret");
  await answer(ann, "m1");
  const [, others] = await talk(server, "bob");
  const { conversationId, resumeToken } = confirm;
  const shown: [string, Record<string, string>][] = [
    ["bob", back(confirm)],
    ["bob", { conversationId }],
    ["bob", { conversationId, resumeToken: others.resumeToken }],
    ["ann", { conversationId }],
    ["ann", { conversationId, resumeToken: "" }],
    ["ann", { conversationId, resumeToken: `${resumeToken.slice(0, -2)}AA` }],
    ["ann", { conversationId, resumeToken: resumeToken.slice(0, 20) }],
    ["ann", { conversationId: others.conversationId, resumeToken }],
    ["ann", back(others)],
    ["ann", { conversationId: "conversation_of-my-own", resumeToken }],
  ];
  for (const [user, query] of shown) {
    expect(await turnedAway(await dial(server, user, query)), JSON.stringify(query)).toBe(
      "PERMISSION_DENIED",
    );
  }
  // The development token is a user like any other here.
  const test = await server.open("/ws/conversation", { token: "test", ...back(confirm) });
  expect(await turnedAway(test)).toBe("PERMISSION_DENIED");
});

test("a first message does not lead further than a query", async () => {
  const [, confirm] = await talk(server);
  const bob = await server.open("/ws/conversation", back(confirm));
  bob.send({ type: "auth", token: await server.token({ user: "bob" }) });
  expect(await turnedAway(bob)).toBe("PERMISSION_DENIED");
});

test("[Q3] no other endpoint leads into a conversation", async () => {
  const [, { conversationId }] = await talk(server);
  const claims = {
    contexts: ["*", conversationId],
    caps: [{ room: "conversation:*", can: ["join", "send"] }],
  };
  const token = await server.token({ user: "bob", claims });
  for (const path of ["/ws", "/api/v1/ws", "/api/chat/ws"]) {
    // A room of the same name, and of another kind.
    const elsewhere = await server.open(path, { token, contextId: conversationId });
    elsewhere.send({ type: "history", id: "h" });
    elsewhere.send({ type: "ping", id: "p" });
    await elsewhere.until(() => elsewhere.frames.some((it) => it.type === "pong"), "the pong");
    expect(JSON.stringify(elsewhere.frames)).not.toMatch(/connect_confirm|"response"/);
  }
});

test.each(["a/b", "", "a b", "ä", "x".repeat(129)])(
  "[Q2] a conversationId %j is none",
  async (conversationId) => {
    const client = await dial(server, "ann", { conversationId, resumeToken: "x" });
    expect(await turnedAway(client)).toBe("INVALID_MESSAGE_FORMAT");
  },
);

test("[D28] bad tokens are refused, and neither they nor resume tokens stand in the log", async () => {
  const expired = await server.token({ lifetime: "-1s" });
  for (const token of ["nonsense", expired]) {
    expect(await turnedAway(await server.open("/ws/conversation", { token }))).toBe("AUTHENTICATION_FAILED");
  }
  const silent = await server.open("/ws/conversation");
  expect(await turnedAway(silent)).toBe("AUTHENTICATION_FAILED");
  const early = await server.open("/ws/conversation");
  early.send({ type: "connect", clientId: "c", timestamp: "", version: "1" });
  expect(await turnedAway(early)).toBe("AUTHENTICATION_FAILED");
  const [client, { resumeToken }] = await talk(server);
  ask(client, "m1", "words that are nobody's business");
  await answer(client, "m1");
  for (const secret of [expired, resumeToken, "nobody's business"])
    expect(server.logs()).not.toContain(secret);
});

const message = { type: "message", clientId: "c-1", content: "x", timestamp: "", messageId: "m" };
const connecting = { type: "connect", clientId: "c-1", timestamp: "", version: "1.0" };
const INVALID = "INVALID_MESSAGE_FORMAT";
const WRONG: [string, unknown, string][] = [
  ["D26: no JSON", "hello", INVALID],
  ["D26: a list", [1], INVALID],
  ["D26: binary", Buffer.from('{"type":"ping"}'), INVALID],
  ["D26: no type", {}, INVALID],
  ["D26: a number for a type", { type: 1 }, INVALID],
  ["D26: an unknown type", { type: "subscribe" }, "UNKNOWN_MESSAGE_TYPE"],
  ["D26: a type of ours", { type: "response", messageId: "m", content: "x" }, "UNKNOWN_MESSAGE_TYPE"],
  ["D28: deep JSON", `{"type":"ping","x":${"[".repeat(40)}${"]".repeat(40)}}`, INVALID],
  ["D2: another version", { ...connecting, version: "2.0" }, INVALID],
  ["D23: connect without a version", { ...connecting, version: undefined }, INVALID],
  ["D27: an empty clientId", { ...connecting, clientId: "" }, INVALID],
  ["D27: an endless clientId", { ...connecting, clientId: "x".repeat(129) }, INVALID],
  ["D27: a clientId with a control character", { ...connecting, clientId: "a\n" }, INVALID],
  ["D23: message without a messageId", { ...message, messageId: undefined }, INVALID],
  ["D23: message without content", { ...message, content: undefined }, INVALID],
  ["D23: message without a clientId", { ...message, clientId: undefined }, INVALID],
  ["D26: an object for content", { ...message, content: { html: "x" } }, INVALID],
  ["D27: another's clientId", { ...message, clientId: "c-2" }, "CONFLICT"],
  ["history of nothing", { type: "history", limit: 0 }, INVALID],
  ["auth without a token", { type: "auth" }, INVALID],
];
test.each(WRONG)("[D12, Q8, Q12] %s is refused, and the socket goes on", async (_, frame, code) => {
  const [client] = await talk(server);
  client.send(typeof frame === "string" || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  const error = await client.next("error");
  expect(error).toMatchObject({
    code,
    error: expect.any(String),
    timestamp: expect.stringMatching(RFC_3339),
  });
  expect(error.messageId).toBe((frame as { messageId?: string }).messageId);
  ask(client, "after", "still here");
  expect(await answer(client, "after")).toBe("still here");
});

test("[D27] too fast is refused with a wait, forgiven twice, then closed", async () => {
  const slow = await serve({ MESSAGES_PER_MINUTE: "2" });
  try {
    const [client] = await talk(slow);
    ask(client, "m1", "1");
    await answer(client, "m1");
    for (let i = 2; i < 5; i++) {
      ask(client, `m${i}`, "too fast");
      const error = await client.next("error");
      expect(error).toMatchObject({ code: "RATE_LIMIT_EXCEEDED", messageId: `m${i}` });
      expect(error.retry_after).toBeGreaterThan(0);
    }
    expect((await client.closed()).code).toBe(1008);
  } finally {
    await slow.stop();
  }
});

test("[D27] a message past the limit is refused, and the socket closed", async () => {
  const [client] = await talk(server);
  ask(client, "m1", "x".repeat(1 << 20));
  expect(await client.refusal()).toBe("MESSAGE_TOO_LARGE");
  expect((await client.closed()).code).toBe(1009);
});

test("an http responder that is not all there answers nobody, and the log says why", async () => {
  const lacking = await serve({
    CONVERSATION_RESPONDER: "http",
    CONVERSATION_URL: "http://127.0.0.1:9/",
    RESUME_SECRET: "short",
  });
  try {
    const [client] = await talk(lacking);
    for (const id of ["m1", "m1", "m2"]) {
      ask(client, id, "anybody?");
      expect(await client.next("error")).toMatchObject({ code: "UNAVAILABLE", messageId: id });
    }
    for (const wrong of ["CONVERSATION_SECRET is missing", "RESUME_SECRET has less"]) {
      expect(lacking.logs().split(wrong).length - 1, wrong).toBe(1);
    }
  } finally {
    await lacking.stop();
  }
});

test("a RESUME_SECRET signs what leads back, whatever signs tokens", async () => {
  const shown: string[] = [];
  for (const JWT_SECRET of [SECRET, "another secret for tests, of more than 32 bytes"]) {
    const own = await serve({ JWT_SECRET, RESUME_SECRET: "a secret for resume tokens, of 32 bytes" });
    try {
      const first = await own.open("/ws/conversation", { token: "test" });
      const confirm = await connect(first);
      shown.push(JSON.stringify(back(confirm)));
      // The one of the server before leads back here, too.
      const again = await own.open("/ws/conversation", { token: "test", ...JSON.parse(shown[0] as string) });
      await connect(again);
    } finally {
      await own.stop();
    }
  }
});

test("production has conversations for signed tokens, and resume tokens without a RESUME_SECRET", async () => {
  const production = await serve({ ENVIRONMENT: "production" });
  try {
    const test = await production.open("/ws/conversation", { token: "test" });
    expect(await turnedAway(test)).toBe("AUTHENTICATION_FAILED");
    const [, confirm] = await talk(production);
    const again = await dial(production, "ann", back(confirm));
    await connect(again);
  } finally {
    await production.stop();
  }
});
