// What filters are held against, and pages of threads and times, by the native protocol in both encodings.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Native } from "../support/native.ts";
import { QUIET, type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ MESSAGES_PER_MINUTE: "0", BROADCASTS_PER_MINUTE: "0", ...QUIET });
});
afterAll(() => server.stop());

const FORMATS = ["json", "msgpack"] as const;
const both = (title: string, run: (format: "json" | "msgpack") => Promise<void>) =>
  test.concurrent.each(FORMATS)(`${title}, in %s`, run);

both("[N20, N21] who hears messages hears what is about them, live and told again", async (format) => {
  const name = server.room();
  const room = `chat:${name}`;
  const bob = await Native.join(server.ws, room, { format });
  const ann = await Native.join(server.ws, room, { format, events: "message" });
  await bob.publish("message", { content: "one" });
  await bob.publish("other", 2);
  await server.sleep(name);
  await bob.publish("message", { content: "an answer" }, { of: 1 });
  await bob.publish("edit", { content: "better" }, { of: 3 });
  await bob.publish("reaction", { key: "+", on: true }, { of: 2 });
  await bob.publish("message", { content: "last" });
  await ann.until(() => ann.position === 6, "the last");
  const offsets = (it: Native) => it.heard.map((said) => said.offset);
  expect(offsets(ann)).toEqual([1, 3, 4, 6]);
  const again = await Native.join(server.ws, room, { format, events: "message", resume: `${bob.epoch}:0` });
  await again.until(() => again.position === 6, "the replay");
  expect(offsets(again)).toEqual([1, 3, 4, 6]);
});

both("[N20] filters are set in rooms where nobody publishes by a socket, too", async (format) => {
  const ann = await Native.join(server.ws, `analytics:${server.room()}`, { format });
  const asked = { type: "subscribe", events: ["metric_update"] };
  expect(await ann.ask(asked)).toMatchObject({ type: "ack", subscribed: ["metric_update"] });
  const none = { type: "unsubscribe", events: ["metric_update"] };
  expect(await ann.ask(none)).toMatchObject({ type: "ack", subscribed: [] });
});

both("[N32] a page is one of a thread, or of a time, in either order", async (format) => {
  const ann = await Native.join(server.ws, `hub:${server.room()}`, { format });
  await ann.publish("a", 1);
  await ann.publish("b", 2, { of: 1 });
  await ann.publish("c", 3);
  await ann.publish("d", 4, { of: 1 });
  const page = async (asked: object) => (await ann.ask({ type: "history", ...asked })).entries;
  const offsets = async (asked: object) => (await page(asked)).map((it: { offset: number }) => it.offset);
  expect(await offsets({ of: 1 })).toEqual([2, 4]);
  expect(await offsets({ of: 1, reverse: true })).toEqual([4, 2]);
  const [first] = await page({ limit: 1, before: 2 });
  expect(await offsets({ after: first.at - 1 })).toEqual([1, 2, 3, 4]);
  expect(await offsets({ after: Date.now() + 60_000 })).toEqual([]);
  const wrong = await ann.ask({ type: "history", of: "one" });
  expect(wrong).toMatchObject({ type: "error", code: "INVALID_MESSAGE_FORMAT" });
});

both(
  "[N53, N57, N59] what is asked for and not known here is no error, and changes nothing",
  async (format) => {
    const room = `hub:${server.room()}`;
    const plain = await Native.join(server.ws, room, { format });
    const asking = await Native.join(server.ws, room, { format, features: "delta,append,of.tomorrow" });
    for (const hello of [plain.hello, asking.hello]) expect(hello.accepted_version).toBe(2);
    expect(asking.hello.features).toEqual(plain.hello.features);
    expect(Object.keys(asking.hello).sort()).toEqual(Object.keys(plain.hello).sort());
    // `ws` offers it by itself.
    expect(asking.socket.extensions).toContain("permessage-deflate");
  },
);
