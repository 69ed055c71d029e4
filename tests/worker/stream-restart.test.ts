// Event streams over a server that is killed, and to a client that does not read.
import { get, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mint } from "../../scripts/jwt.mjs";
import { eventually } from "../support/client.ts";
import { SECRET } from "../support/server.ts";
import { Stream } from "../support/stream.ts";
import { Workerd } from "../support/workerd.ts";

const VARIABLES = {
  PRESENCE_GRACE_MS: "1",
  BROADCASTS_PER_MINUTE: "0",
  HTTP_PUBLISHES_PER_MINUTE: "0",
  HTTP_CALLS_PER_MINUTE: "0",
};

const server = new Workerd();
beforeAll(() => server.start(VARIABLES));
afterAll(() => server.stop());

const open = (room: string, lastEventId?: string) =>
  Stream.open(`${server.origin}/api/v1/rooms/hub/${room}/stream`, { token: "test", lastEventId });

async function publish(room: string, data: unknown, count = 1): Promise<Response> {
  const events = Array.from({ length: count }, () => ({ room: `hub:${room}`, type: "a", data }));
  const token = await mint(
    { sub: "backend", caps: [{ room: "hub:*", can: ["publish"] }] },
    { secret: SECRET },
  );
  const headers = { Authorization: `Bearer ${token}` };
  const body = JSON.stringify({ events });
  return fetch(`${server.origin}/api/v1/events`, { method: "POST", headers, body });
}

test("[J5] over a server that is killed a stream is told everything once, in order", async () => {
  const offsets: number[] = [];
  let last: string | undefined;
  for (let round = 0; round < 3; round++) {
    const reader = await open("killed", last);
    const attached = await reader.next("dormouse.attached");
    expect(attached.data.recovered).toBe(round !== 0);
    let isKilled = false;
    const publishing = (async () => {
      while (!isKilled) await publish("killed", "x", 20).catch(() => {});
    })();
    await reader.until(() => 200 <= reader.offsets.length, "some events");
    await server.kill();
    isKilled = true;
    await publishing;
    await reader.end();
    offsets.push(...reader.offsets);
    last = reader.lastEventId;
    await server.start(VARIABLES);
  }
  expect(offsets).toEqual(offsets.map((_, at) => at + 1));
  expect(offsets.length).toBeGreaterThanOrEqual(600);
}, 120_000);

test("[J5] ten thousand entries come from the log, in order, while others are told what happens", async () => {
  for (let at = 0; at < 99; at++) expect((await publish("long", "x".repeat(64), 100)).status).toBe(200);
  const first = await open("long");
  const { epoch } = (await first.next("dormouse.attached")).data;
  const began = performance.now();
  const reader = await open("long", `${epoch}:1`);
  expect((await publish("long", "live")).status).toBe(200);
  await first.next("a");
  await reader.until(() => reader.offsets.length === 9_900, "the whole log");
  console.log(`9,899 entries were told again within ${Math.round(performance.now() - began)} ms`);
  expect(reader.offsets).toEqual(Array.from({ length: 9_900 }, (_, at) => at + 2));
}, 120_000);

test("[J9] a client that does not read is let go, and told so when it does", async () => {
  const room = "slow";
  const url = `${server.origin}/api/v1/rooms/hub/${room}/stream?token=test`;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, resolve).on("error", reject);
  });
  response.pause();
  await eventually(
    async () => (await server.present("hub", room)).length === 1,
    () => "it to be in the room",
  );
  for (let at = 0; (await server.present("hub", room)).length; at++) {
    expect(at, "megabytes that were never read").toBeLessThan(64);
    expect((await publish(room, "x".repeat(1_000_000))).status).toBe(200);
  }
  let end = "";
  for await (const chunk of response) end = `${end}${chunk}`.slice(-300);
  expect(end).toMatch(/\n\nevent: dormouse\.closing\ndata: \{"code":"UNAVAILABLE",[^\n]*\}\n\n$/);
}, 120_000);
