// Large data and MessagePack over the real Worker.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Server } from "../../../../tests/support/server.ts";
import { deleteObject, getObject, type Progress, putObject } from "../../src/large/index.ts";
import { msgpack } from "../../src/msgpack/index.ts";
import { closeAll, join, start } from "./support.ts";

let server: Server;
beforeAll(async () => {
  server = await start({ CHUNKS_PER_SECOND: "0" });
});
afterEach(closeAll);
afterAll(() => server.stop());

/** Bytes that differ from chunk to chunk. */
const bytes = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 16)) & 0xff);
const content = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());

test.each([
  ["json", undefined],
  ["msgpack", msgpack],
] as const)("[N40, N52] an object is put, and got as it was, in %s", async (_, codec) => {
  const address = `hub:${server.room()}`;
  const ann = await join(server, address, codec ? { codec } : {});
  const bob = await join(server, address);
  const given = bytes(300_000);
  const progress: Progress[] = [];
  await putObject(ann.room, "o", given, { onProgress: (it) => progress.push(it) });
  expect(progress.at(-1)).toEqual({ done: 300_000, total: 300_000 });
  for (const { room } of [ann, bob]) expect(await content(await getObject(room, "o"))).toEqual(given);
  await deleteObject(ann.room, "o");
  await expect(getObject(bob.room, "o")).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("[W6, W10] a transfer outlives connections that end in its middle, both ways", async () => {
  const name = server.room();
  const ann = await join(server, `hub:${name}`);
  const bob = await join(server, `hub:${name}`);
  const given = bytes(2_000_000);
  const cut = () => server.harness.getWorker().evictDurableObject("HUBS", { name, webSockets: "close" });
  let cuts = 0;
  const cutAt = (share: number) => (progress: Progress) => {
    if (cuts || progress.done < share * progress.total) return;
    cuts += 1;
    void cut();
  };
  await putObject(ann.room, "o", given, { onProgress: cutAt(0.3) });
  expect(cuts).toBe(1);
  cuts = 0;
  const got = await getObject(bob.room, "o", { onProgress: cutAt(0.3) });
  expect(cuts).toBe(1);
  expect(await content(got)).toEqual(given);
  expect(bob.wire.all.length).toBeGreaterThan(1);
});

test("[W6] after a reload the same call sends what is not there yet", async () => {
  const address = `hub:${server.room()}`;
  const given = bytes(1_000_000);
  const before = await join(server, address);
  const stop = new AbortController();
  const onProgress = ({ done }: Progress) => {
    if (400_000 < done) stop.abort(new Error("the page is gone"));
  };
  await expect(putObject(before.room, "o", given, { onProgress, signal: stop.signal })).rejects.toThrow(
    "is gone",
  );
  before.client.close();
  const after = await join(server, address);
  let sent = 0;
  after.room.link.on("sent", (data) => {
    sent += String(data).split("object.put").length - 1;
  });
  await putObject(after.room, "o", given);
  expect(sent).toBeLessThan(13);
  expect(await content(await getObject(after.room, "o"))).toEqual(given);
});

test("several objects are got at once, and an empty one is one too", async () => {
  const ann = await join(server, `hub:${server.room()}`);
  await Promise.all([putObject(ann.room, "a", bytes(100_000)), putObject(ann.room, "b", bytes(70_000))]);
  const [a, b] = await Promise.all([getObject(ann.room, "a"), getObject(ann.room, "b")]);
  expect([a.size, b.size]).toEqual([100_000, 70_000]);
});

test("[N2, N48, N51] a room in MessagePack says and hears the same, and bytes as bytes", async () => {
  const address = `hub:${server.room()}`;
  const [ann, bob] = [await join(server, address, { codec: msgpack }), await join(server, address)];
  await Promise.all([1, 2.5, "three", { four: [null, true] }].map((it) => ann.room.publish("said", it)));
  await ann.room.publish("said", Uint8Array.of(1, 2, 3));
  await bob.until(() => bob.heard.length === 5, "all of it");
  expect(bob.data()).toEqual([1, 2.5, "three", { four: [null, true] }, "AQID"]);
  expect(bob.heard[4]?.encoding).toBe("base64");
  expect(ann.data().slice(0, 4)).toEqual([1, 2.5, "three", { four: [null, true] }]);
  expect(ann.data()[4]).toEqual(Uint8Array.of(1, 2, 3));
});

test("[C27, N51] a large payload is smaller in MessagePack, and heard as it was by who speaks it and who does not", async () => {
  const address = `hub:${server.room()}`;
  const [packed, plain] = [await join(server, address, { codec: msgpack }), await join(server, address)];
  const given = bytes(700_000);
  const sent: Record<"packed" | "plain", number> = { packed: 0, plain: 0 };
  packed.room.link.on("sent", (data) => {
    if (typeof data !== "string") sent.packed += data.length;
  });
  plain.room.link.on("sent", (data) => {
    sent.plain += data.length;
  });
  await packed.room.publish("blob", given);
  await plain.room.publish("blob", given);
  for (const it of [packed, plain]) await it.until(() => it.heard.length === 2, "both");
  // The bytes, and little around them; in JSON they are base64, a third more.
  expect(sent.packed).toBeGreaterThan(given.length);
  expect(sent.packed).toBeLessThan(given.length + 200);
  expect(sent.plain).toBeGreaterThan((given.length * 4) / 3);
  expect(packed.data()).toEqual([given, given]);
  const base64 = Buffer.from(given).toString("base64");
  expect(plain.data()).toEqual([base64, base64]);
});
