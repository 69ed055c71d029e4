// The server's own pings on /ws/client (E9): who answers stays, who does not goes, and a room
// without such sockets sleeps.
import { afterAll, beforeAll, expect, test } from "vitest";
import { greeted, heard, listening, RFC_3339 } from "../support/asking.ts";
import type { Client } from "../support/client.ts";
import { type Server, serve } from "../support/server.ts";

/** Long enough for a busy machine to stall for more than a second; the tests run beside each other. */
const INTERVAL_MS = 1000;

let server: Server;
beforeAll(async () => {
  server = await serve({
    WS_HEARTBEAT_INTERVAL_MS: String(INTERVAL_MS),
    MESSAGES_PER_MINUTE: "0",
    // No other reason to wake.
    PRESENCE_GRACE_MS: "0",
    REPORT_INTERVAL_MS: "3600000",
  });
});
afterAll(() => server.stop());

/** Answers every ping. */
function lively(client: Client): Client {
  client.socket.on("message", (frame: Buffer) => {
    if (frame.toString().includes('"ping"') && client.socket.readyState === 1) client.send({ type: "pong" });
  });
  return client;
}

const pings = (client: Client) => client.frames.filter((it) => it.type === "ping").length;

/** Has been pinged so many times more. */
async function pinged(client: Client, times: number): Promise<void> {
  const before = pings(client);
  await client.until(() => before + times <= pings(client), `${times} pings`);
}

test.concurrent("[E7, E36] hello says the interval that is in force", async () => {
  const client = await server.open("/ws/client", { client_id: "c" });
  expect((await client.next("hello")).heartbeat_interval_ms).toBe(INTERVAL_MS);
});

test.concurrent("[E9, K4] the server pings, and whoever answers stays; a pong gets no answer", async () => {
  const ann = lively(await greeted(server, server.room()));
  await pinged(ann, 6);
  expect(ann.close).toBeUndefined();
  expect(ann.frames.at(-1)).toEqual({ type: "ping", timestamp: expect.stringMatching(RFC_3339) });
  expect(new Set(ann.frames.map((it) => it.type))).toEqual(new Set(["hello", "ping"]));
});

test.concurrent("[E9] whatever it says keeps a socket, the plain ping that the platform answers included", async () => {
  const room = server.room();
  const ann = await greeted(server, room);
  const clock = lively(await greeted(server, server.room()));
  const plain = setInterval(() => ann.send('{"type":"ping"}'), INTERVAL_MS / 2);
  try {
    await pinged(clock, 6);
    expect(ann.close).toBeUndefined();
  } finally {
    clearInterval(plain);
  }
});

test.concurrent("[E9, K8] two pings missed end in CONNECTION_TIMEOUT and 1001, for that socket alone", async () => {
  const room = server.room();
  const [ann, bob] = [lively(await greeted(server, room, "ann")), await greeted(server, room, "bob")];
  await heard(bob); // who never spoke sees a close 10 s late
  expect(new Set((await bob.upTo("error")).map((it) => it.type))).toEqual(new Set(["ping"]));
  expect(bob.frames.at(-1)).toEqual({
    type: "error",
    timestamp: expect.stringMatching(RFC_3339),
    code: "CONNECTION_TIMEOUT",
    message: expect.any(String),
  });
  expect((await bob.closed()).code).toBe(1001);
  await pinged(ann, 2);
  expect(ann.close).toBeUndefined();
});

test.concurrent("[E9, K8] pings outlive sleep, and so does what was missed", async () => {
  const room = server.room();
  const [ann, bob] = [lively(await greeted(server, room, "ann")), await greeted(server, room, "bob")];
  await heard(bob);
  for (let i = 0; i < 2; i++) {
    await server.wasAwake(room, "HUBS"); // puts it to sleep if so
    await pinged(ann, 1);
  }
  await bob.upTo("error");
  expect((await bob.closed()).code).toBe(1001);
  await pinged(ann, 2);
  expect(ann.close).toBeUndefined();
});

test.concurrent("[E9] sockets of other protocols in the room are not pinged, nor asked for a pong", async () => {
  const room = server.room();
  const ann = lively(await greeted(server, room, "ann"));
  const bob = await listening(server, room, "bob", ["nothing"]);
  await pinged(ann, 5);
  expect(await bob.settle()).toEqual([]);
  expect(bob.close).toBeUndefined();
});

test.concurrent("[E9, K8] when the last such socket has left, nothing wakes the room any more", async () => {
  const [quiet, awake] = [server.room(), server.room()];
  const clock = lively(await greeted(server, server.room(), "clock"));
  const stays = await listening(server, quiet, "stays", ["nothing"]);
  const ann = lively(await greeted(server, quiet, "ann"));
  lively(await greeted(server, awake, "ann"));
  await pinged(ann, 2);
  await ann.leave();
  await stays.settle();
  // The alarm that was set for the next ping may ring once more.
  await pinged(clock, 2);
  for (const room of [quiet, awake]) await server.wasAwake(room, "HUBS"); // puts it to sleep if so
  await pinged(clock, 4);
  expect(await server.wasAwake(quiet, "HUBS")).toBe(false);
  expect(await server.wasAwake(awake, "HUBS")).toBe(true);
  await stays.settle();
});

test.concurrent("[E9] with an interval of 0 nobody is pinged, and hello says so", async () => {
  const clock = lively(await greeted(server, server.room()));
  const off = await serve({ WS_HEARTBEAT_INTERVAL_MS: "0" });
  try {
    const ann = await off.open("/ws/client", { client_id: "c" });
    expect((await ann.next("hello")).heartbeat_interval_ms).toBe(0);
    await pinged(clock, 4);
    expect(await heard(ann)).toEqual([]);
  } finally {
    await off.stop();
  }
});
