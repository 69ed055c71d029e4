// Whatever is wrong with large data is named, stored nowhere, and the room goes on.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { publish, workflow } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";
import { chunkOf, fetchAll, largeData, range, request } from "../support/transfer.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({
    MESSAGES_PER_MINUTE: "0",
    MAX_CONNECTIONS_PER_USER: "0",
    TRANSFER_QUOTA_BYTES: "200000",
    USER_SHARE_PERCENT: "0",
    CHUNKS_PER_SECOND: "50",
  });
});
afterAll(() => server.stop());

const as = async (room: string, user: string, can?: string[]) => {
  const claims = can ? { contexts: [], caps: [{ room: `hub:${room}`, can }] } : {};
  return workflow(server, room, await server.token({ user, room, claims }));
};

/** What the next frame, an error, says: its code and the fields at fault. */
async function refusal(client: Client): Promise<unknown[]> {
  const { data } = await client.next("error");
  const fields = data.error_details.faults?.map((it: { field: string }) => it.field) ?? [];
  return [data.error_code, data.error_details.request_id, ...fields];
}

const INVALID = "INVALID_MESSAGE_FORMAT";
const bytes = Buffer.from("sixteen bytes it");
const good = chunkOf("d", 0, 5, bytes);

const REFUSED: [string, object, unknown[]][] = [
  ["chunk -1", { ...good, chunk_index: -1 }, [INVALID, "x", "chunk_index"]],
  ["chunk 6 of 5", { ...good, chunk_index: 6 }, [INVALID, "x", "chunk_index"]],
  ["half a chunk", { ...good, chunk_index: 0.5 }, [INVALID, "x", "chunk_index"]],
  ["1,001 chunks", { ...good, total_chunks: 1001 }, [INVALID, "x", "total_chunks"]],
  ["more chunks than JavaScript counts", { ...good, total_chunks: 1e300 }, [INVALID, "x", "total_chunks"]],
  ["no chunks", { ...good, total_chunks: 0 }, [INVALID, "x", "total_chunks"]],
  ["a wrong hash", { ...good, checksum: "0".repeat(64) }, [INVALID, "x", "checksum"]],
  ["half a hash", { ...good, checksum: good.checksum.slice(32) }, [INVALID, "x", "checksum"]],
  ["another kind of hash", { ...good, checksum: `md5:${good.checksum}` }, [INVALID, "x", "checksum"]],
  ["no hash", { ...good, checksum: undefined }, [INVALID, "x", "checksum"]],
  ["bad base64", { ...good, chunk_data: "not base64" }, [INVALID, "x", "chunk_data"]],
  ["base64 for URLs", { ...good, chunk_data: "_-_-" }, [INVALID, "x", "chunk_data"]],
  ["a number for data", { ...good, chunk_data: 7 }, [INVALID, "x", "chunk_data"]],
  ["a bad name", { ...good, data_id: "a/b" }, [INVALID, "x", "data_id"]],
  ["an endless name", { ...good, data_id: "x".repeat(129) }, [INVALID, "x", "data_id"]],
  ["nothing", {}, [INVALID, "x", "data_id", "total_chunks", "chunk_index", "chunk_data", "checksum"]],
  ["64 KiB and a byte", chunkOf("d", 0, 5, randomBytes(64 * 1024 + 1)), ["MESSAGE_TOO_LARGE", "x"]],
];
test.each(REFUSED)("[A32, A33, X19, W5] %s is refused, and stored nowhere", async (_, data, expected) => {
  const room = server.room();
  await publish(server, room, { type: "n" }); // Before it there are no tables to look into.
  const ann = await as(room, "ann");
  ann.send({ type: "large_data", id: "x", data });
  expect(await refusal(ann)).toEqual(expected);
  expect(await server.sql(room, "SELECT COUNT(*) AS count FROM transfer", "HUBS")).toEqual([{ count: 0 }]);
  expect(ann.close).toBeUndefined();
});

test("[X19, W5] of an object counted from 0 there is no chunk of the number of its chunks", async () => {
  const ann = await as(server.room(), "ann");
  ann.send({ type: "large_data", id: "x", data: good });
  ann.send({ type: "large_data", id: "x", data: { ...good, chunk_index: 5 } });
  expect(await refusal(ann)).toEqual([INVALID, "x", "chunk_index"]);
});

test("[W7] other bytes of the same index, another total and another user's name are conflicts", async () => {
  const room = server.room();
  const [ann, bob] = [await as(room, "ann"), await as(room, "bob")];
  ann.send({ type: "large_data", id: "x", data: good });
  ann.send({ type: "large_data", id: "x", data: chunkOf("d", 0, 5, Buffer.from("other bytes")) });
  expect(await refusal(ann)).toEqual(["CONFLICT", "x"]);
  await server.sleep(room, "HUBS");
  ann.send({ type: "large_data", id: "x", data: { ...good, total_chunks: 6 } });
  expect(await refusal(ann)).toEqual(["CONFLICT", "x"]);
  for (const index of [0, 1]) {
    bob.send({ type: "large_data", id: "x", data: { ...good, chunk_index: index } });
    expect(await refusal(bob)).toEqual(["CONFLICT", "x"]);
  }
  bob.send(request("d"));
  expect(await refusal(bob), "not all of it is there").toEqual(["CONFLICT", "r1"]);
  bob.send(request("e"));
  expect(await refusal(bob)).toEqual(["NOT_FOUND", "r1"]);
  // None of it harmed what is there.
  for (const index of range(1, 5)) ann.send({ type: "large_data", data: { ...good, chunk_index: index } });
  expect((await ann.next("large_data_received")).data.total_size).toBe(80);
  for (const [from, fields] of [
    [5, ["from"]],
    [-1, ["from"]],
  ] as const) {
    bob.send(request("d", from));
    expect(await refusal(bob)).toEqual([INVALID, "r1", ...fields]);
  }
});

test("[W5, W9] a token without `send` uploads nothing, one without `history` fetches nothing", async () => {
  const room = server.room();
  const ann = await as(room, "ann", ["join", "send"]);
  const { id, frames } = largeData("d", 1);
  ann.send(frames[0] as object);
  await ann.next("large_data_received");
  ann.send(request(id));
  expect(await refusal(ann)).toEqual(["PERMISSION_DENIED", "r1"]);
  const bob = await as(room, "bob", ["join", "history"]);
  bob.send({ type: "large_data", id: "x", data: good });
  expect(await refusal(bob)).toEqual(["PERMISSION_DENIED", "x"]);
  expect((await fetchAll(bob, id, 0)).indexes).toEqual([0]);
});

test("[W7] what is past the room's quota is a conflict; the rest of the room's data stays", async () => {
  const room = server.room();
  const [ann, bob] = [await as(room, "ann"), await as(room, "bob")];
  const { id, frames, content } = largeData("d", 3, 60_000);
  for (const frame of frames) ann.send(frame);
  await ann.next("large_data_received");
  bob.send({ type: "large_data", id: "x", data: chunkOf("e", 0, 2, randomBytes(20_001)) });
  expect(await refusal(bob)).toEqual(["CONFLICT", "x"]);
  bob.send({ type: "large_data", id: "x", data: chunkOf("e", 0, 1, randomBytes(20_000)) });
  expect((await bob.next("large_data_received")).data.status).toBe("received");
  expect((await fetchAll(bob, id, 2)).content.equals(content)).toBe(true);
});

test("[X7, W11] too many chunks a second: refused with the time to wait, and closed the third time", async () => {
  const room = server.room();
  const [ann, bob] = [await as(room, "ann"), await as(room, "bob")];
  const { frames } = largeData("d", 300, 10);
  for (const frame of frames) ann.send(frame);
  for (let strike = 0; strike < 3; strike++) {
    const { data } = await ann.next("error");
    expect(data).toMatchObject({ error_code: "RATE_LIMIT_EXCEEDED", error_details: { retry_after: 1 } });
  }
  expect((await ann.closed()).code).toBe(1008);
  // Within the rate everything is taken, however small the rest of the connection's rates.
  bob.send({ type: "large_data", id: "x", data: { ...good, data_id: "e", total_chunks: 1 } });
  expect((await bob.next("large_data_received")).data.status).toBe("received");
});
