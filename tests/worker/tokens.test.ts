// Tokens: what of them is not understood, where they come from, and what the log says of a bad one.
import { type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ ENVIRONMENT: "production" });
});
afterAll(() => server.stop());

/** Claims of other systems beside ours. */
const FOREIGN = [
  { role: "authenticated" },
  { role: null, caps: null, name: null, nbf: null, iat: null },
  { caps: [null, { can: ["admin"] }, { room: "chat:*" }, { room: "*", can: "admin" }] },
  { caps: {}, role: { admin: null }, iat: "yesterday", aud: 7, iss: [] },
];

test.each(FOREIGN)(
  "[R5] claims that are not understood grant nothing, and the rest counts: %j",
  async (claims) => {
    const room = server.room();
    const token = await server.token({ user: "ann", room, claims });
    const ann = await server.chat({ token, contextId: room });
    ann.say("hello");
    expect((await ann.next("message")).data).toMatchObject({ author: "ann", content: "hello" });
    // By the first message too, and over HTTP.
    const late = await server.open("/ws");
    late.send({ type: "auth", token, contextId: room });
    late.send({ type: "ping", id: "p" });
    await late.next("pong");
    const rooms = `/api/v1/rooms/chat/${room}`;
    expect((await server.call("GET", `${rooms}/events`, undefined, token)).status).toBe(200);
    const forbidden = await server.call("DELETE", `${rooms}?confirm=${room}`, undefined, token);
    expect([forbidden.status, forbidden.json.code]).toEqual([403, "PERMISSION_DENIED"]);
  },
);

test("[R3] an empty token in the query does not win over a good one in a header", async () => {
  const room = server.room();
  const token = await server.token({ room });
  const url = `${server.ws}/api/chat/ws?contextId=${room}&token=`;
  const ann = await Client.open(url, { headers: { Authorization: `Bearer ${token}` } });
  ann.say("hello");
  await ann.next("message");
  const alone = await Client.open(url);
  expect(await alone.refusal()).toBe("AUTHENTICATION_FAILED");
});

test("[R3] a token that is the only sub-protocol offered lets in, and does not come back", async () => {
  const room = server.room();
  const protocol = `bearer.${await server.token({ room })}`;
  const headers = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol": protocol,
  };
  const url = `${server.http}/ws/client?client_id=c&contextId=${room}`;
  const upgraded = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request(url, { headers });
    asked.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve(response);
    });
    asked.on("response", () => reject(new Error("not upgraded")));
    asked.on("error", reject);
    asked.end();
  });
  expect(upgraded.statusCode).toBe(101);
  expect(upgraded.headers["sec-websocket-protocol"]).toBeUndefined();
  expect(JSON.stringify(upgraded.rawHeaders)).not.toContain(protocol);
});

test("[R4] the log says which claim a token was refused for, never its value, by every door", async () => {
  const room = server.room();
  const bad: [string, { user?: string; lifetime?: string; claims?: object }][] = [
    ["exp", { lifetime: "-1s" }],
    ["sub", { user: "xyzzy\u202Esubject" }],
    ["nbf", { claims: { nbf: "xyzzy" } }],
  ];
  const count = (claim: string) => server.logs().split(`\\"claim\\":\\"${claim}\\"`).length - 1;
  for (const [claim, who] of bad) {
    const token = await server.token({ room, ...who });
    const before = count(claim);
    const byQuery = await server.chat({ token, contextId: room });
    expect(await byQuery.refusal()).toBe("AUTHENTICATION_FAILED");
    expect(JSON.stringify(byQuery.frames)).not.toContain("claim");
    const byMessage = await server.chat();
    byMessage.send({ type: "auth", token, contextId: room });
    expect(await byMessage.refusal()).toBe("AUTHENTICATION_FAILED");
    const answer = await server.call("GET", `/api/v1/rooms/chat/${room}/events`, undefined, token);
    expect(answer.status).toBe(401);
    expect(answer.json.claim).toBeUndefined();
    const ann = await server.join(room, "ann");
    ann.send({ type: "auth", token });
    expect(await ann.refusal()).toBe("AUTHENTICATION_FAILED");
    await ann.leave();
    await server.until(() => before + 4 <= count(claim), `four lines of ${claim}`);
  }
  expect(server.logs()).not.toContain("xyzzy");
});
