// What features say in the native protocol, on the platform and in both encodings.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Native, type Said } from "../support/native.ts";
import { QUIET, type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ ...QUIET, MESSAGES_PER_MINUTE: "0", BROADCASTS_PER_MINUTE: "0" });
});
afterAll(() => server.stop());

const FORMATS = ["json", "msgpack"] as const;
type Format = (typeof FORMATS)[number];
const both = (title: string, run: (format: Format) => Promise<void>) =>
  test.concurrent.each(FORMATS)(`${title}, in %s`, run);

const command = (name: string, params: object) => ({ type: "command", command: name, params });
const query = (name: string, params?: object) => ({ type: "query", query: name, params });
const told = (client: Native, event: string): Said[] =>
  client.messages.filter((it) => it.type === "event" && it.event === event);

both("[N61, H11] a key has the version that its last change made", async (format) => {
  const name = server.room();
  const ann = await Native.join(server.ws, `hub:${name}`, { format });
  const bob = await Native.join(server.ws, `hub:${name}`, { format, events: "state.*" });
  expect(ann.hello).toMatchObject({ limits: { state_keys: 1000, state_bytes: 524_288 } });
  expect(ann.hello.features).toEqual(expect.arrayContaining(["annotations", "large_data", "state"]));
  const set = (value: unknown, if_version?: number) =>
    ann.ask(command("set_state", { key: "a.b", value, if_version }));
  expect(await set({ n: 1 }, 0)).toMatchObject({ type: "ack", offset: 1, epoch: ann.epoch });
  await server.sleep(name, "HUBS");
  expect(await set(2, 0)).toMatchObject({ type: "error", code: "CONFLICT", details: { version: 1 } });
  expect(await set(2, 1)).toMatchObject({ type: "ack", offset: 2 });
  await bob.until(() => bob.heard.length === 2, "both");
  expect(bob.heard.map((it) => [it.event, it.data, it.offset])).toEqual([
    ["state.a.b", { value: { n: 1 } }, 1],
    ["state.a.b", { value: 2 }, 2],
  ]);
  const state = await bob.ask(query("state", { keys: ["a.*"] }));
  expect(state.result).toEqual({ entries: [{ key: "a.b", value: 2, version: 2 }], offset: 2 });
  expect((await bob.ask(query("state", { keys: ["b"] }))).result.entries).toEqual([]);
  expect(await bob.ask(query("state", { keys: [] }))).toMatchObject({ code: "INVALID_MESSAGE_FORMAT" });
});

both("[N39] a document is edited together, across sleep and whatever is filtered", async (format) => {
  const name = server.room();
  const ann = await Native.join(server.ws, `collaboration:${name}`, { format });
  const bob = await Native.join(server.ws, `collaboration:${name}`, { format, events: "nothing" });
  expect(ann.hello.features).toContain("documents");
  const document = "notes";
  const edit = (client: Native, position: number, content: string, version: number, id?: string) =>
    client.ask({
      ...command("document.edit", { document, operation: "insert", position, content, version }),
      ...(id && { id }),
    });
  const joined = await ann.ask(command("document.join", { document }));
  expect(joined.result).toEqual({
    document,
    version: 0,
    content: "",
    participants: [{ user: "test", role: "participant" }],
  });
  await bob.ask(command("document.join", { document }));
  expect((await edit(ann, 0, "hello", 0, "e-1")).result).toEqual({ version: 1 });
  await server.sleep(name, "COLLABORATIONS");
  expect((await edit(ann, 0, "hello", 0, "e-1")).result).toEqual({ version: 1 });
  expect((await edit(bob, 0, "> ", 0)).result.version).toBe(2);
  await ann.until(() => told(ann, "document.edit").length === 1, "the other edit");
  expect(told(ann, "document.edit")[0]).toMatchObject({
    user: "test",
    data: { document, operation: "insert", content: "> ", length: 0, version: 2 },
  });
  // The last that this user said, on whichever connection.
  expect((await ann.ask(command("document.undo", { document }))).result).toEqual({ version: 3 });
  await bob.until(() => told(bob, "document.edit").length === 2, "what was taken back");
  expect(told(bob, "document.edit").map((it) => it.data.version)).toEqual([1, 3]);
  expect(told(ann, "document.edit").map((it) => it.data.version)).toEqual([2, 3]);
  const cursor = { document, position: 1, selection: { to: 2 } };
  expect((await ann.ask(command("document.cursor", cursor))).type).toBe("ack");
  await bob.until(() => told(bob, "document.cursor").length === 1, "the cursor");
  expect(told(bob, "document.cursor")[0]?.data).toEqual(cursor);
  expect(await edit(bob, 99, "x", 3)).toMatchObject({ code: "INVALID_MESSAGE_FORMAT" });
  expect(await edit(bob, 0, "x", 99)).toMatchObject({ code: "CONFLICT" });
  await bob.until(() => told(bob, "document.state").length === 1, "the state");
  expect(told(bob, "document.state")[0]?.data).toMatchObject({ document, version: 3, content: "hello" });
  await bob.ask(command("document.leave", { document }));
  expect(await edit(bob, 0, "x", 3)).toMatchObject({ code: "CONFLICT" });
});

const sha256 = (chunk: Buffer) => createHash("sha256").update(chunk).digest("hex");

test.concurrent("[N40, N52] an object is put in one encoding and got in the other", async () => {
  const name = server.room();
  const packed = await Native.join(server.ws, `hub:${name}`, { format: "msgpack" });
  const text = await Native.join(server.ws, `hub:${name}`, { format: "json" });
  expect(packed.hello.limits).toMatchObject({ object_chunk_bytes: 65_536, object_chunks: 1000 });
  const contents = [0, 1, 2, 3].map((index) => Buffer.alloc(65_536 - index, index));
  const put = (client: Native, index: number, chunk: unknown, content = contents[index] as Buffer) =>
    client.ask(command("object.put", { object: "o", index, total: 4, chunk, sha256: sha256(content) }));
  expect((await put(packed, 2, contents[2])).result).toEqual({ status: "incomplete", size: 65_534 });
  expect((await put(packed, 0, contents[0])).result).toEqual({ status: "incomplete", size: 131_070 });
  await server.sleep(name, "HUBS");
  const resumed = await put(text, 3, contents[3]?.toString("base64"));
  expect(resumed.result).toEqual({ status: "incomplete", size: 196_603, missing: [1] });
  const unpadded = contents[1]?.toString("base64").replace(/=+$/, "");
  expect((await put(text, 1, unpadded)).result).toEqual({ status: "received", size: 262_138 });
  const forged = { object: "o", index: 0, total: 1, chunk: "eA==", sha256: sha256(Buffer.from("x")) };
  expect(await text.ask({ type: "publish", event: "object.chunk", data: forged })).toMatchObject({
    code: "INVALID_MESSAGE_FORMAT",
  });
  expect(await put(packed, 1, Buffer.from("other"), Buffer.from("other"))).toMatchObject({
    code: "CONFLICT",
  });
  const wrong = await put(packed, 1, Buffer.from("other"));
  expect(wrong).toMatchObject({ code: "INVALID_MESSAGE_FORMAT" });
  expect(wrong.details.faults.map((it: { field: string }) => it.field)).toEqual(["sha256"]);
  for (const client of [packed, text]) {
    expect((await client.ask(command("object.get", { object: "o" }))).result).toEqual({
      total: 4,
      size: 262_138,
    });
    await client.until(() => told(client, "object.chunk").length === 4, "all chunks");
    const chunks = told(client, "object.chunk");
    expect(chunks.map((it) => it.data.index)).toEqual([0, 1, 2, 3]);
    for (const [index, it] of chunks.entries()) {
      const isPacked = client === packed;
      const { chunk } = it.data;
      expect([it.encoding, Buffer.isBuffer(chunk)]).toEqual(isPacked ? [undefined, true] : ["base64", false]);
      expect(isPacked ? chunk : Buffer.from(chunk, "base64")).toEqual(contents[index]);
      expect(it.data).toMatchObject({ object: "o", total: 4, sha256: sha256(contents[index] as Buffer) });
    }
  }
  expect((await text.ask(command("object.delete", { object: "o" }))).result).toEqual({ object: "o" });
  expect(await packed.ask(command("object.get", { object: "o" }))).toMatchObject({ code: "NOT_FOUND" });
});

both("[N33, N58] what is deleted is told as that, and found no more", async (format) => {
  const name = server.room();
  const ann = await Native.join(server.ws, `chat:${name}`, { format });
  await ann.publish("message", { content: "a secret hotel" });
  await ann.publish("message", { content: "a hotel" });
  const search = () => ann.ask(query("search", { text: "hotel" }));
  expect((await search()).result.matches.map((it: Said) => it.offset)).toEqual([2, 1]);
  await ann.publish("reaction", { key: "👍" }, { of: 2 });
  expect(await ann.publish("reaction", { key: "👍" }, { of: 2 })).toMatchObject({
    offset: 3,
    duplicate: true,
  });
  await ann.publish("edit", { content: "a hotel, edited" }, { of: 2 });
  await ann.publish("delete", undefined, { of: 1 });
  const found = (await search()).result;
  expect(found).toMatchObject({ complete: true, has_more: false, offset: 5, epoch: ann.epoch });
  expect(found.matches).toEqual([
    {
      event: "message",
      offset: 2,
      at: expect.any(Number),
      user: "test",
      snippet: [
        { text: "a ", marked: false },
        { text: "hotel", marked: true },
        { text: ", edited", marked: false },
      ],
    },
  ]);
  const { entries } = await ann.ask({ type: "history" });
  expect(entries[0].deleted).toEqual({ at: expect.any(Number), user: "test", offset: 5 });
  expect("data" in entries[0]).toBe(false);
  expect(entries[1].edited).toEqual({ at: expect.any(Number), user: "test", offset: 4 });
  expect(entries[1].reactions).toEqual({ "👍": { count: 1, users: ["test"], me: true } });
  await server.sleep(name);
  const bob = await Native.join(server.ws, `chat:${name}`, { format, rewind: "10" });
  await bob.until(() => bob.heard.length === 5, "the replay");
  expect(bob.heard[0]).toMatchObject({ event: "message", offset: 1, deleted: true });
  expect("data" in (bob.heard[0] as Said)).toBe(false);
  expect(bob.heard.slice(1).some((it) => "deleted" in it)).toBe(false);
});

both(
  "[N54, N58] the numbers of a chat room are watched, and what no room of its kind serves is not found",
  async (format) => {
    const name = server.room();
    const watcher = await Native.join(server.ws, `analytics:${name}`, { format });
    const metrics = ["activity", "score"];
    const watched = await watcher.ask(command("metrics.watch", { metrics }));
    expect(watched.result.metrics).toEqual([
      { metric: "activity", value: null },
      { metric: "score", value: null },
    ]);
    const score = { type: "metric_update", data: { metric: "score", value: 0.5 } };
    expect((await server.call("POST", `/api/v1/rooms/analytics/${name}/events`, score)).status).toBeLessThan(
      300,
    );
    await watcher.until(() => watcher.heard.length === 1, "what a backend measured");
    expect(watcher.heard[0]).toMatchObject({ event: "metric_update", data: { metric: "score", value: 0.5 } });
    const chat = await Native.join(server.ws, `chat:${name}`, { format });
    await chat.publish("message", { content: "hi" });
    const activity = () => told(watcher, "metric_update").filter((it) => it.data.metric === "activity");
    await watcher.until(() => activity().length !== 0, "the room's own number");
    expect(activity()[0]).toMatchObject({ data: { metric: "activity", value: 1 } });
    expect("offset" in (activity()[0] as Said)).toBe(false);
    for (const asked of [
      command("document.join", { document: "d" }),
      command("object.get", { object: "o" }),
      command("set_state", { key: "a", value: 1 }),
      query("search", { text: "a" }),
    ]) {
      expect(await watcher.ask(asked), JSON.stringify(asked)).toMatchObject({ code: "NOT_FOUND" });
    }
  },
);
