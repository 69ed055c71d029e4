import { expect, test } from "vitest";
import { Dormouse, type RoomEvent } from "../../src/index.ts";
import { msgpack } from "../../src/msgpack/index.ts";
import { FakeServer } from "../../src/testing/index.ts";

const codec = {
  encode: (it: unknown) => msgpack.encode(it as never) as Uint8Array,
  decode: (bytes: Uint8Array) => msgpack.decode(bytes.slice().buffer),
};

test("[N1, N51, N52] a client of MessagePack and one of JSON hear each other, and bytes come as they are", async () => {
  const server = new FakeServer({ codec });
  const { clock, random, url } = server;
  const heard: Record<string, RoomEvent[]> = { ann: [], bob: [] };
  const rooms = ["ann", "bob"].map((token) => {
    const around = { clock, random, WebSocket: server.WebSocket as never, page: null };
    const client = new Dormouse({ url, token, ...around, ...(token === "ann" && { codec: msgpack }) });
    const room = client.room("hub:packed", { present: false });
    room.on("*", (event) => heard[token]?.push(event));
    return room;
  });
  await clock.advance(10);
  const [ann, bob] = rooms as [(typeof rooms)[0], (typeof rooms)[0]];
  const bytes = Uint8Array.of(0, 1, 254, 255);
  const said = [ann.publish("blob", bytes), bob.publish("blob", "AAH+/w", { encoding: "base64" })];
  said.push(ann.publish("numbers", [1, -1, 0.5, 2 ** 52]));
  await clock.advance(10);
  expect((await Promise.all(said)).map((it) => it.offset).sort()).toEqual([1, 2, 3]);
  const datas = (name: string) => heard[name]?.map(({ event, data }) => [event, data]).sort();
  expect(datas("ann")).toEqual([
    ["blob", bytes],
    ["blob", bytes],
    ["numbers", [1, -1, 0.5, 2 ** 52]],
  ]);
  expect(datas("bob")?.slice(0, 2)).toEqual([
    ["blob", "AAH+/w=="],
    ["blob", "AAH+/w=="],
  ]);
  expect(heard.bob?.[0]?.encoding).toBe("base64");
  const page = ann.history();
  await clock.advance(10);
  const [first] = (await page).entries.filter(({ event }) => event === "blob");
  expect([first?.data, first?.encoding]).toEqual([bytes, undefined]);
});
