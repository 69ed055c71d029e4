// The workflow protocol on the wire: who gets into /ws, how it is kept alive, how it is refused.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { idOf, publish, RFC_3339, told, UPDATE, workflow } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  // Without the alarms of reports, which would wake what is to sleep.
  server = await serve({ AUTH_TIMEOUT_MS: "6000", REPORT_INTERVAL_MS: "0" });
});
afterAll(() => server.stop());

const SESSION = /^session_[0-9a-f]+$/;

/** The next frame, which must be an error: its code. */
async function refusal(client: Client): Promise<string> {
  return (await client.next("error")).data.error_code;
}

test("[A1, A2, A5] a token in the query lets in; then pings, messages, and a clean goodbye", async () => {
  const room = server.room();
  const ann = await workflow(server, room, await server.token({ room }));
  ann.send({ type: "ping", id: "ping_123", timestamp: "2024-01-01T00:00:00Z" });
  await ann.next("pong");
  await publish(server, room, { type: "workflow_update", data: UPDATE });
  expect((await ann.next("workflow_update")).data).toEqual(UPDATE);
  expect(await ann.leave(1000)).toEqual({ code: 1000, reason: "" });
});

test("[A1] without a token nobody gets in: told so, then 1008", async () => {
  const silent = await server.open("/ws", { contextId: server.room() });
  expect(await refusal(silent)).toBe("AUTHENTICATION_FAILED");
  expect((await silent.closed()).code).toBe(1008);
  const hasty = await server.open("/ws", { contextId: server.room() });
  hasty.send({ type: "ping", id: "ping_1" });
  expect(await refusal(hasty)).toBe("AUTHENTICATION_FAILED");
  expect((await hasty.closed()).code).toBe(1008);
});

test("[A2, A3, A21] an invalid token gets AUTHENTICATION_FAILED and 1008 at once, without a word of the client's", async () => {
  const room = server.room();
  const good = await server.token({ room });
  const [header, payload] = good.split(".");
  for (const token of ["nonsense", `${header}.${payload}.${"A".repeat(43)}`, ""]) {
    const stranger = await workflow(server, room, token);
    const frame = await stranger.next("error");
    expect(frame).toEqual({
      type: "error",
      id: expect.stringMatching(idOf("error")),
      timestamp: expect.stringMatching(RFC_3339),
      data: {
        error_code: "AUTHENTICATION_FAILED",
        error_message: expect.any(String),
        error_details: {},
      },
    });
    expect((await stranger.closed()).code).toBe(1008);
  }
  const late = await workflow(server, room, await server.token({ room, lifetime: "-1s" }));
  expect((await late.next("error")).data.error_message).toContain("expired");
  const lost = await workflow(server, server.room(), good);
  expect(await refusal(lost)).toBe("PERMISSION_DENIED");
  expect((await lost.closed()).code).toBe(1008);
});

test("[A4, R8, W2] an expired token leads to a prompt, and `auth` with a younger one to staying, also across sleep", async () => {
  const room = server.room();
  const ann = await workflow(server, room, await server.token({ room, lifetime: "6s" }));
  // The room asks by itself: nothing was sent.
  const prompt = await ann.next("error");
  expect(prompt.data).toMatchObject({ error_code: "AUTHENTICATION_FAILED" });
  expect(prompt.data.error_message).toContain("send auth");
  await server.sleep(room, "HUBS");
  ann.send({ type: "ping", id: "ping_1" });
  expect(await refusal(ann)).toBe("AUTHENTICATION_FAILED");
  ann.send({ type: "auth", token: "nonsense" });
  expect(await refusal(ann)).toBe("AUTHENTICATION_FAILED");
  // As a top-level field, or in `data` as everything else of this protocol.
  ann.send({ type: "auth", data: { token: await server.token({ room, lifetime: "1h" }) } });
  expect((await ann.next("auth")).data).toEqual({
    user_id: "ann",
    expires_at: expect.stringMatching(RFC_3339),
  });
  ann.send({ type: "auth", token: await server.token({ room, lifetime: "2h" }) });
  await ann.next("auth");
  ann.send({ type: "ping", id: "ping_2" });
  await ann.next("pong");
});

test("[A4, R8] the token of another user, or for another room, renews nothing", async () => {
  const room = server.room();
  const ann = await workflow(server, room, await server.token({ room }));
  ann.send({ type: "auth", token: await server.token({ user: "bob", room, lifetime: "2h" }) });
  expect(await refusal(ann)).toBe("CONFLICT");
  ann.send({ type: "auth", token: await server.token({ room: "elsewhere", lifetime: "2h" }) });
  expect(await refusal(ann)).toBe("PERMISSION_DENIED");
});

test("[A8, A21, A35, L7] silence ends in CONNECTION_TIMEOUT and 1001, and takes nobody along who pings", async () => {
  const small = await serve({ INACTIVITY_TIMEOUT_MS: "6000" });
  try {
    const [silent, lively] = [await workflow(small, "r"), await workflow(small, "r")];
    await told(silent); // to a socket that never spoke, the platform shows a close 10 s late
    await small.sleep("r", "HUBS");
    const pings = setInterval(() => lively.send('{"type":"ping"}'), 200);
    try {
      const { data } = await silent.next("pong").then(() => silent.next("error"));
      expect(data).toMatchObject({
        error_code: "CONNECTION_TIMEOUT",
        error_details: { session_id: expect.stringMatching(SESSION) },
      });
      expect((await silent.closed()).code).toBe(1001);
    } finally {
      clearInterval(pings);
    }
    expect(await told(lively)).toEqual([]);
    const { json } = await small.call("GET", "/api/v1/rooms/hub/r/presence");
    expect(json.members).toHaveLength(1);
  } finally {
    await small.stop();
  }
});

test("[A9, A12, A13, W1] a ping with fields of its own gets a pong with an id of its own", async () => {
  const ann = await workflow(server, server.room());
  ann.send({ type: "ping", id: "msg_1704067200000_abc123def", timestamp: "2024-01-01T00:00:00Z", data: {} });
  const first = await ann.next("pong");
  expect(first).toEqual({
    type: "pong",
    id: expect.stringMatching(idOf("pong")),
    timestamp: expect.stringMatching(RFC_3339),
  });
  // As some clients write it: no zone.
  ann.send({ type: "ping", id: "msg_1", timestamp: "2024-01-01T00:00:00.000000", data: {} });
  expect((await ann.next("pong")).id).not.toBe(first.id);
});

test("[A9] a plain ping is answered without waking the room", async () => {
  const room = server.room();
  const ann = await workflow(server, room);
  await told(ann);
  await ann.next("pong");
  await server.sleep(room, "HUBS");
  ann.send('{"type":"ping"}');
  expect(await ann.next("pong")).toEqual({ type: "pong" });
  expect(await server.wasAwake(room, "HUBS")).toBe(false);
  ann.send({ type: "ping", id: "ping_1" });
  expect((await ann.next("pong")).id).toMatch(idOf("pong"));
  expect(await server.wasAwake(room, "HUBS")).toBe(true);
});

test("[A20, A21, A47, A48, W3, W4] what makes no sense gets a typed error that names the session, and the socket stays", async () => {
  const room = server.room();
  const ann = await workflow(server, room);
  const sessions = new Set<string>();
  for (const [sent, code] of [
    ["garbage", "INVALID_MESSAGE_FORMAT"],
    ['["ping"]', "INVALID_MESSAGE_FORMAT"],
    ['{"type":7}', "INVALID_MESSAGE_FORMAT"],
    [Buffer.from('{"type":"ping"}'), "INVALID_MESSAGE_FORMAT"],
    [JSON.stringify({ type: "auth" }), "INVALID_MESSAGE_FORMAT"],
    [`{"type":"ping","x":${"[".repeat(32)}${"]".repeat(32)}}`, "INVALID_MESSAGE_FORMAT"],
    [JSON.stringify({ type: "teleport", data: {} }), "UNKNOWN_MESSAGE_TYPE"],
    // Users do not forge what the server says.
    [JSON.stringify({ type: "workflow_update", data: UPDATE }), "UNKNOWN_MESSAGE_TYPE"],
  ] as const) {
    ann.send(sent);
    const { data, ...envelope } = await ann.next("error");
    expect(envelope).toEqual({
      type: "error",
      id: expect.stringMatching(idOf("error")),
      timestamp: expect.stringMatching(RFC_3339),
    });
    const session_id = expect.stringMatching(SESSION);
    expect(data).toEqual({
      error_code: code,
      error_message: expect.any(String),
      error_details: { session_id },
    });
    sessions.add(data.error_details.session_id);
  }
  ann.send({ type: "teleport", id: "msg_7" });
  const { error_details } = (await ann.next("error")).data;
  expect(error_details.request_id).toBe("msg_7");
  // It is the session an operator can act on.
  expect([...sessions]).toEqual([error_details.session_id]);
  const path = `/api/v1/rooms/hub/${room}/connections/${error_details.session_id}`;
  expect((await server.call("DELETE", path)).json).toEqual({ kicked: 1 });
  expect(await refusal(ann)).toBe("PERMISSION_DENIED");
  expect((await ann.closed()).code).toBe(1008);
});

test("[A21, A27, H7] too fast gets retry_after, is forgiven twice, and then closed with 1008", async () => {
  const small = await serve({ MESSAGES_PER_MINUTE: "5" });
  try {
    const ann = await workflow(small, "r");
    for (let i = 0; i < 5; i++) {
      ann.send({ type: "ping", id: String(i) });
      await ann.next("pong");
    }
    for (let breach = 1; breach <= 3; breach++) {
      expect(ann.close, `breach ${breach}`).toBeUndefined();
      await small.sleep("r", "HUBS");
      ann.send({ type: "ping", id: "too fast" });
      const { error_code, error_details } = (await ann.next("error")).data;
      expect(error_code).toBe("RATE_LIMIT_EXCEEDED");
      expect(error_details.retry_after).toBeGreaterThan(0);
      expect(error_details.retry_after).toBeLessThanOrEqual(60);
    }
    expect((await ann.closed()).code).toBe(1008);
  } finally {
    await small.stop();
  }
});

test("[A21, A31, L3] past 1 MiB a message gets MESSAGE_TOO_LARGE and 1009; 1 MiB is read", async () => {
  const room = server.room();
  const [ann, bob] = [await workflow(server, room), await workflow(server, room)];
  const ping = (bytes: number) => `{"type":"ping","x":"${"x".repeat(bytes - 22)}"}`;
  expect(ping(1 << 20)).toHaveLength(1 << 20);
  ann.send(ping(1 << 20));
  await ann.next("pong");
  ann.send(ping((1 << 20) + 1));
  expect(await refusal(ann)).toBe("MESSAGE_TOO_LARGE");
  expect((await ann.closed()).code).toBe(1009);
  expect(await told(bob)).toEqual([]);
});

test("[A7, A54, L5] a full room says so, and 1013", async () => {
  const small = await serve({ WS_MAX_CONNECTIONS: "2" });
  try {
    const ann = await workflow(small, "r");
    await workflow(small, "r");
    const late = await workflow(small, "r");
    expect(await refusal(late)).toBe("CONNECTION_LIMIT");
    expect((await late.closed()).code).toBe(1013);
    await ann.leave();
    await told(await workflow(small, "r"));
  } finally {
    await small.stop();
  }
});

test("[A21, A25, A28] a fault of ours is SYSTEM_ERROR to the client, and all of it stands in the log", async () => {
  const broken = await serve();
  try {
    await publish(broken, "r", { type: "n" });
    const ann = await workflow(broken, "r");
    await told(ann);
    await ann.next("pong");
    await broken.sql("r", "DROP TABLE entry", "HUBS");
    await broken.sleep("r", "HUBS");
    ann.send({ type: "ping", id: "ping_1" });
    const frame = await ann.next("error");
    expect(frame.data).toMatchObject({
      error_code: "SYSTEM_ERROR",
      error_details: { session_id: expect.stringMatching(SESSION) },
    });
    expect(JSON.stringify(frame)).not.toMatch(/entry|SQL|\.rs/);
    expect(broken.logs()).toMatch(
      /\\"event\\":\\"error\\",[^}]*\\"room\\":\\"hub:r\\"[^}]*no such table: entry/,
    );
  } finally {
    await broken.stop();
  }
});

test("[A1, R3, W2] the token may come by header, sub-protocol or first message too", async () => {
  const room = server.room();
  const token = await server.token({ room });
  const url = `${server.ws}/ws?contextId=${room}`;
  await told(await Client.open(url, { headers: { Authorization: `Bearer ${token}` } }));
  await told(await Client.open(url, { protocols: ["workflow", `bearer.${token}`] }));
  const late = await Client.open(url);
  late.send({ type: "auth", token });
  await told(late);
  const { json } = await server.call("GET", `/api/v1/rooms/hub/${room}/presence`);
  expect(json.members).toEqual([{ user_id: "ann", username: "ann" }]);
});

test("[A20, A21, A27] too many connects, or a foreign page, are refused as this protocol spells it", async () => {
  const origins = { ALLOWED_ORIGINS: "https://good.example", CONNECTIONS_PER_MINUTE_PER_IP: "10" };
  const small = await serve(origins);
  try {
    const open = (headers: Record<string, string>) =>
      small.open("/ws", { token: "test", contextId: "r" }, { headers });
    const foreign = await open({ Origin: "https://evil.example" });
    expect(await refusal(foreign)).toBe("PERMISSION_DENIED");
    expect((await foreign.closed()).code).toBe(1008);
    await told(await open({ Origin: "https://good.example" }));
    const refused: Client[] = [];
    // The binding's windows are aligned to the clock: at most two of them see these.
    for (let i = 0; i < 21; i++) {
      const client = await open({ "CF-Connecting-IP": "192.0.2.8" });
      client.send({ type: "ping", id: "p" });
      await client.until(() => client.frames.length > 0, "the pong or the refusal");
      if (client.frames[0]?.type === "error") refused.push(client);
      else await client.leave();
    }
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThanOrEqual(11);
    for (const client of refused) {
      const { error_code, error_details } = client.frames[0]?.data ?? {};
      expect([error_code, error_details]).toEqual([
        "RATE_LIMIT_EXCEEDED",
        { retry_after: expect.any(Number) },
      ]);
      expect((await client.closed()).code).toBe(1008);
    }
  } finally {
    await small.stop();
  }
});
