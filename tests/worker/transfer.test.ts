// Large data on /ws: in any order, once, and out again as it came.
import { afterAll, beforeAll, expect, test } from "vitest";
import { client as clientOf, events, idOf, RFC_3339, told, workflow } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";
import { fetchAll, largeData, range, shuffled } from "../support/transfer.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ MESSAGES_PER_MINUTE: "0", CHUNKS_PER_SECOND: "0", MAX_CONNECTIONS_PER_USER: "0" });
});
afterAll(() => server.stop());

const as = async (room: string, user: string) => workflow(server, room, await server.token({ user, room }));

test("[A22, A23, W5, W6] chunks in any order make an object; its sender learns when all are there", async () => {
  const room = server.room();
  const ann = await as(room, "ann");
  const { id, frames, content } = largeData("data_456", 40, 64 * 1024);
  for (const frame of shuffled(frames)) ann.send(frame);
  expect(await ann.next("large_data_received")).toEqual({
    type: "large_data_received",
    id: expect.stringMatching(idOf("large_data_received")),
    timestamp: expect.stringMatching(RFC_3339),
    data: { data_id: id, status: "received", total_size: content.length },
  });
  expect(await told(ann), "nothing else was said").toHaveLength(1);
  const bob = await as(room, "bob");
  const got = await fetchAll(bob, id, 39);
  expect(got.indexes).toEqual(range(0, 40));
  expect(got.content.equals(content)).toBe(true);
  expect(bob.frames[0]).toEqual({
    type: "large_data",
    id: expect.stringMatching(idOf("large_data")),
    timestamp: expect.stringMatching(RFC_3339),
    data: frames[0]?.data,
  });
  expect(await told(ann), "nobody else is told").toHaveLength(1);
});

test("[A22, X19, W5] counted from 1, of one chunk, of none of its bytes: all of it comes out as it came", async () => {
  const room = server.room();
  const [ann, bob] = [await as(room, "ann"), await as(room, "bob")];
  const objects = [
    largeData("from-1", 5, 100, 1),
    largeData("one.0", 1, 1),
    largeData("one.1", 1, 1, 1),
    largeData("empty", 1, 0),
    largeData("whole", 1, 64 * 1024),
  ];
  for (const { id, frames, content } of objects) {
    for (const frame of frames.toReversed()) ann.send(frame);
    expect((await ann.next("large_data_received")).data).toEqual({
      data_id: id,
      status: "received",
      total_size: content.length,
    });
    const last = frames.at(-1)?.data.chunk_index ?? 0;
    const got = await fetchAll(bob, id, last);
    expect(got.indexes).toEqual(frames.map((it) => it.data.chunk_index));
    expect(got.content.equals(content)).toBe(true);
  }
});

test("[A22, W5] padding is optional, a checksum may say what it is, and both come back as one spelling", async () => {
  const room = server.room();
  const ann = await as(room, "ann");
  const frame = largeData("d", 1, 100).frames[0];
  if (!frame) throw new Error("no frame");
  const { chunk_data, checksum } = frame.data;
  const bare = chunk_data.replace(/=+$/, "");
  expect(bare).not.toBe(chunk_data);
  const data = { ...frame.data, chunk_data: bare, checksum: `sha256:${checksum.toUpperCase()}` };
  ann.send({ ...frame, data });
  await ann.next("large_data_received");
  // The same bytes in another spelling are the same chunk.
  ann.send(frame);
  expect((await ann.next("large_data_received")).data.status).toBe("received");
  await fetchAll(ann, "d", 0);
  expect(ann.frames.at(-1)?.data).toEqual({ ...frame.data, chunk_data: bare });
});

test("[W6] a duplicate is harmless, and answered with what is missing", async () => {
  const room = server.room();
  const ann = await as(room, "ann");
  const { frames } = largeData("d", 5);
  for (const at of [3, 0]) ann.send(frames[at] as object);
  ann.send(frames[3] as object);
  const answer = await ann.next("large_data_received");
  expect(answer.data).toEqual({ data_id: "d", status: "incomplete", total_size: 2000, missing: [1, 2, 4] });
  for (const at of [1, 2, 4, 4]) ann.send(frames[at] as object);
  for (let i = 0; i < 2; i++) {
    const { data } = await ann.next("large_data_received");
    expect(data).toEqual({ data_id: "d", status: "received", total_size: 5000 });
  }
  expect(await server.sql(room, "SELECT COUNT(*) AS count FROM chunk", "HUBS")).toEqual([{ count: 5 }]);
});

test("[W6] after a reconnect, and an eviction, any chunk brings what is missing, and the object is finished", async () => {
  const room = server.room();
  const ann = await as(room, "ann");
  const { id, frames, content } = largeData("d", 30, 10_000, 1);
  for (const frame of frames.slice(0, 10)) ann.send(frame);
  await told(ann);
  await server.sleep(room, "HUBS");
  for (const frame of frames.slice(10, 20)) ann.send(frame);
  expect(await told(ann), "the same connection goes on without a word").toEqual([]);
  ann.vanish();
  await server.sleep(room, "HUBS");
  const again = await as(room, "ann");
  // One that is there, or one that is not.
  again.send(frames[7] as object);
  const { data } = await again.next("large_data_received");
  expect(data).toEqual({ data_id: id, status: "incomplete", total_size: 200_000, missing: range(21, 31) });
  const third = await as(room, "ann");
  third.send(frames[29] as object);
  expect((await third.next("large_data_received")).data.missing).toEqual(range(21, 30));
  for (const at of data.missing.slice(0, -1)) third.send(frames[at - 1] as object);
  expect((await third.next("large_data_received")).data.status).toBe("received");
  const got = await fetchAll(await as(room, "bob"), id, 30);
  expect(got.content.equals(content)).toBe(true);
});

test("[W9, W10] an interrupted download goes on from a chunk", async () => {
  const room = server.room();
  const ann = await as(room, "ann");
  const { id, frames, content } = largeData("d", 20, 5000, 1);
  for (const frame of frames) ann.send(frame);
  await ann.next("large_data_received");
  const got = await fetchAll(ann, id, 20, 15);
  expect(got.indexes).toEqual(range(15, 21));
  expect(got.content.equals(content.subarray(14 * 5000))).toBe(true);
});

test("[W8] an hour after its last chunk an abandoned transfer is gone, and its name is free", async () => {
  const room = server.room();
  const ann = await as(room, "ann");
  const old = largeData("d", 3);
  ann.send(old.frames[0] as object);
  await told(ann);
  await server.sleep(room, "HUBS");
  await server.sql(room, `UPDATE transfer SET at = at - 3600000`, "HUBS");
  // Whoever wakes the room sets its alarm.
  await told(ann);
  const rows = async () => (await server.sql(room, "SELECT COUNT(*) AS count FROM chunk", "HUBS"))[0]?.count;
  await expect.poll(rows, { timeout: 30_000 }).toBe(0);
  const bob = await as(room, "bob");
  const { frames } = largeData("d", 2);
  for (const frame of frames) bob.send(frame);
  expect((await bob.next("large_data_received")).data.status).toBe("received");
});

test("sockets of other protocols hear nothing of it and know no such words", async () => {
  const room = server.room();
  const ann = await workflow(server, room);
  const others = [await events(server, room), await clientOf(server, room)];
  const { id, frames } = largeData("d", 1);
  ann.send(frames[0] as object);
  await ann.next("large_data_received");
  await fetchAll(ann, id, 0);
  for (const other of others) expect(await told(other)).toEqual([]);
  others[0]?.send(frames[0] as object);
  expect((await told(others[0] as never))[0]?.code).toBe("UNKNOWN_MESSAGE_TYPE");
});

test("an erased room has no large data", async () => {
  const room = server.room();
  const ann = await workflow(server, room);
  ann.send(largeData("d", 1).frames[0] as object);
  await ann.next("large_data_received");
  const erase = `/api/v1/rooms/hub/${room}?confirm=${room}`;
  expect((await server.call("DELETE", erase)).status).toBe(204);
  for (const table of ["chunk", "transfer"]) {
    // With nobody in it and nothing kept, its tables go too, in a moment.
    const count = server.sql(room, `SELECT COUNT(*) AS count FROM ${table}`, "HUBS").catch(String);
    expect(JSON.stringify(await count)).toMatch(/"count":0|no such table/);
  }
});
