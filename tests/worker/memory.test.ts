// What clients make wait in memory is bounded for all rooms of an isolate together: against
// workerd itself, because a proxy would read in the client's place. `SHOW_MEMORY=1` prints
// how much each load adds.
import { afterEach, beforeEach, expect, test } from "vitest";
import { mint } from "../../scripts/jwt.mjs";
import { Client, eventually } from "../support/client.ts";
import { SECRET } from "../support/server.ts";
import { Workerd } from "../support/workerd.ts";

const MIB = 1 << 20;
const RATES = [
  "MESSAGES_PER_MINUTE",
  "BROADCASTS_PER_MINUTE",
  "EDITS_PER_SECOND",
  "MAX_CONNECTIONS_PER_USER",
  "CONNECTIONS_PER_MINUTE_PER_IP",
];

let server: Workerd;
beforeEach(async () => {
  server = new Workerd();
  await server.start(Object.fromEntries(RATES.map((name) => [name, "0"])));
});
afterEach(() => server.stop());

async function open(path: string, room: string, user = "ann"): Promise<Client> {
  const token = await mint({ sub: user, contexts: [room] }, { secret: SECRET });
  const query = new URLSearchParams({ token, contextId: room });
  return Client.open(`${server.url}${path}?${query}`, { perMessageDeflate: false });
}

/** How many bytes a load adds to the process at most. */
async function added(what: string, load: () => Promise<void>): Promise<number> {
  const before = server.memory();
  await load();
  const bytes = server.memoryPeak() - before;
  if (process.env.SHOW_MEMORY) {
    const left = server.memory() - before;
    console.log(`${what}: +${Math.round(bytes / MIB)} MiB, +${Math.round(left / MIB)} at the end`);
  }
  return bytes;
}

test("[L20] a hundred and twenty frames of a mebibyte, sent at once, do not gather", async () => {
  const token = await mint({ sub: "ann", contexts: ["r"], role: "service" }, { secret: SECRET });
  const url = `${server.url}/api/v1/ws?${new URLSearchParams({ token, contextId: "r" })}`;
  const ann = await Client.open(url, { perMessageDeflate: false });
  const grown = await added("120 MiB of frames", async () => {
    for (let frame = 0; frame < 120; frame++) {
      const params = { event: "n", data: "x".repeat(MIB - 9000) };
      ann.send({ type: "command", id: `m-${frame}`, command: "publish", params });
    }
    ann.send({ type: "ping", id: "last" });
    await eventually(
      () => ann.close !== undefined || ann.frames.some((it) => it.id === "last"),
      () => `the last answer; heard ${JSON.stringify(ann.frames).slice(0, 1000)}`,
    );
  });
  expect(ann.frames.filter((it) => it.type === "response")).toHaveLength(120);
  expect(grown).toBeLessThan(120 * MIB);
});

test("[L20] the documents at hand of ten rooms are held together", async () => {
  const grown = await added("ten rooms of documents", async () => {
    for (let room = 0; room < 10; room++) {
      const ann = await open("/api/collaboration/ws", `r-${room}`);
      for (let document = 0; document < 4; document++) {
        ann.send({ type: "join_session", data: { sessionId: `d-${document}` } });
        await ann.upTo("session_state");
        ann.send({
          type: "edit",
          data: { operation: "insert", position: 0, content: "x".repeat(768 * 1024), version: 0 },
        });
        await ann.upTo("edit_ack");
      }
    }
  });
  expect(grown).toBeLessThan(120 * MIB);
});

test("[G7] a batch of two million numbers is refused without being read", async () => {
  const token = await mint({ sub: "ann", contexts: ["r"], role: "service" }, { secret: SECRET });
  const body = `{"events":[${"1,".repeat(2 * MIB - 20)}1]}`;
  const headers = { Authorization: `Bearer ${token}` };
  const post = async () => {
    const url = `${server.url.replace("ws", "http")}/api/v1/events`;
    return (await fetch(url, { method: "POST", headers, body })).status;
  };
  const grown = await added("a batch of 4 MiB", async () => {
    expect(await post()).toBe(400);
  });
  expect(grown).toBeLessThan(64 * MIB);
});

test("[L21] thirty readers that ask for pages and read none get what fits, and more when they read", async () => {
  const ann = await open("/api/chat/ws", "r");
  for (let said = 0; said < 4; said++) ann.say("x".repeat(MIB / 4 - 2048));
  await eventually(
    () => ann.frames.length === 4,
    () => "what was said",
  );
  const open30 = Array.from({ length: 30 }, (_, at) => open("/api/chat/ws", "r", `u-${at}`));
  const readers = await Promise.all(open30);
  await ann.settle();
  const ask = (reader: Client, id: string) => reader.send({ type: "history", id, data: { limit: 200 } });
  for (const reader of readers) reader.socket.pause();
  // The system itself takes several for each.
  await added("thirty readers that read no page", async () => {
    for (let page = 0; page < 15; page++) {
      for (const reader of readers) ask(reader, `p-${page}`);
      await ann.settle();
    }
  });
  const answers = (reader: Client) => reader.frames.filter((it) => it.id?.startsWith("p-"));
  for (const reader of readers) {
    reader.socket.resume();
    await eventually(
      () => reader.close !== undefined || answers(reader).length === 15,
      () => `fifteen answers; got ${answers(reader).length}`,
    );
    expect(reader.close).toBeUndefined();
    expect(new Set(answers(reader).map((it) => it.code))).toEqual(new Set([undefined, "UNAVAILABLE"]));
  }
  for (const reader of readers) {
    ask(reader, "again");
    await eventually(
      () => reader.frames.some((it) => it.id === "again"),
      () => "a page",
    );
    expect(reader.frames.at(-1)).toMatchObject({ type: "history", data: { offset: 4 } });
  }
});
