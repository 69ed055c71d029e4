// How long an event stream lasts, and what comes while nothing happens: the room sleeps meanwhile.
import { afterAll, beforeAll, expect, test } from "vitest";
import { QUIET, type Server, serve } from "../support/server.ts";
import { Stream } from "../support/stream.ts";

let server: Server;
let strict: Server;
let short: Server;
beforeAll(async () => {
  server = await serve({ STREAM_HEARTBEAT_MS: "40", ...QUIET });
  strict = await serve({ STREAM_HEARTBEAT_MS: "40", INACTIVITY_TIMEOUT_MS: "1000" });
  short = await serve({ STREAM_MAX_MS: "2000" });
});
afterAll(() => Promise.all([server.stop(), strict.stop(), short.stop()]));

const open = async (where: Server, room: string, lastEventId?: string) =>
  Stream.open(`${where.http}/api/v1/rooms/hub/${room}/stream`, {
    token: await where.token({ room }),
    lastEventId,
  });

const publish = (where: Server, room: string, type: string) =>
  where.call("POST", `/api/v1/rooms/hub/${room}/events`, { type });

test.concurrent("[J8] a stream shows that it lives, and its room sleeps all the while", async () => {
  const room = server.room();
  const reader = await open(server, room);
  await reader.next("dormouse.attached");
  await server.sleep(room, "HUBS");
  const before = reader.comments;
  await reader.until(() => before + 5 <= reader.comments, "signs of life");
  expect(await server.wasAwake(room, "HUBS")).toBe(false);
  await publish(server, room, "a");
  await reader.next("a");
});

test.concurrent("[J8] a stream that shows that it lives outlasts the silence that a room allows", async () => {
  const room = strict.room();
  const reader = await open(strict, room);
  await reader.next("dormouse.attached");
  // The room wakes to ask the platform who was heard, and lets nobody go who was.
  await reader.until(() => 40 <= reader.comments, "longer than the room would wait in silence");
  expect(reader.hasEnded).toBe(false);
  await publish(strict, room, "b");
  await reader.next("b");
});

test.concurrent("[J8] a stream ends before the platform ends it, and goes on with its last id", async () => {
  const room = short.room();
  const offsets: number[] = [];
  let last: string | undefined;
  for (let round = 0; round < 3; round++) {
    const reader = await open(short, room, last);
    const { data } = await reader.next("dormouse.attached");
    expect(data.recovered).toBe(round !== 0);
    expect((await publish(short, room, "live")).status).toBe(200);
    await reader.end();
    expect((await publish(short, room, "between")).status).toBe(200);
    offsets.push(...reader.offsets);
    last = reader.lastEventId;
    expect(reader.events.some((it) => it.event === "dormouse.closing")).toBe(false);
  }
  expect(offsets).toEqual(offsets.map((_, at) => at + 1));
  expect(offsets.length).toBeGreaterThanOrEqual(4);
});
