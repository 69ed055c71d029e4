// An operator kills the process in the middle of a transfer: after the restart its sender
// sends any chunk, learns what is missing, and finishes; what was there is byte for byte so.
import { afterAll, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { fetchAll, largeData, range, shuffled } from "../support/transfer.ts";
import { Workerd } from "../support/workerd.ts";

const server = new Workerd();
const VARIABLES = { MESSAGES_PER_MINUTE: "0", CHUNKS_PER_SECOND: "0" };
afterAll(() => server.stop());

const COUNT = 80;
const BYTES = 32 * 1024;
const ROUNDS = 2;
const open = () => Client.open(`${server.url}/ws?token=test&contextId=r`);

test("[W6] killed in the middle of a transfer, the server comes back with every chunk that it answered", async () => {
  const { id, frames, content } = largeData("d", COUNT, BYTES);
  const order = shuffled(frames);
  const first = order[0] as (typeof order)[number];
  /** What is still to come: sending any chunk tells. */
  const missing = async (client: Client, among: number[]): Promise<number[]> => {
    client.send(first);
    const { data } = await client.next("large_data_received");
    expect(data).toMatchObject({ data_id: id, status: "incomplete" });
    expect(data.total_size).toBe((COUNT - data.missing.length) * BYTES);
    expect(data.missing.filter((it: number) => !among.includes(it))).toEqual([]);
    return data.missing;
  };
  let answered = range(0, COUNT);
  for (let round = 0; round < ROUNDS; round++) {
    await server.start(VARIABLES);
    const ann = await open();
    if (round === 0) ann.send(first);
    const left = await missing(ann, answered);
    const todo = order.filter((it) => left.includes(it.data.chunk_index));
    for (const frame of todo.slice(0, COUNT / 4)) ann.send(frame);
    answered = await missing(ann, left);
    expect(answered).toHaveLength(left.length - COUNT / 4);
    // More, for which nobody waits.
    for (const frame of todo.slice(COUNT / 4)) if (frame.data.chunk_index % 3 === 0) ann.send(frame);
    await server.kill();
    await ann.closed();
  }
  await server.start(VARIABLES);
  const ann = await open();
  for (const index of await missing(ann, answered)) ann.send(frames[index] as object);
  const end = await ann.next("large_data_received");
  expect(end.data).toEqual({ data_id: id, status: "received", total_size: content.length });
  const got = await fetchAll(await open(), id, COUNT - 1);
  expect(got.indexes).toEqual(range(0, COUNT));
  expect(got.content.equals(content)).toBe(true);
}, 60_000); // The server starts three times.
