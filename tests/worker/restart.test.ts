// An operator kills the process mid-broadcast, restarts, and every acknowledged message
// is there, in order, once.
import { afterAll, expect, test } from "vitest";
import { Client, type Frame, unpacked } from "../support/client.ts";
import { Workerd } from "../support/workerd.ts";

const server = new Workerd();
const VARIABLES = { MESSAGES_PER_MINUTE: "0", BROADCASTS_PER_MINUTE: "0" };
afterAll(() => server.stop());

const LISTENERS = 5;
const ROUNDS = 3;

/** The whole log, page by page. */
async function history(client: Client): Promise<Frame["data"][]> {
  const messages: Frame["data"][] = [];
  let before: number | undefined;
  do {
    client.send({ type: "history", data: { limit: 200, before } });
    await client.until(() => client.frames.at(-1)?.type === "history", "a page");
    const page = client.frames.pop() as Frame;
    messages.unshift(...page.data.messages);
    before = page.data.nextBefore ?? undefined;
  } while (before !== undefined);
  return messages;
}

/** Publishes without pause until the server is killed under it. */
async function publishUntilKilled(
  round: number,
): Promise<{ acknowledged: Map<string, number>; heard: number[][] }> {
  const url = `${server.url}/api/chat/ws?token=test&contextId=r`;
  // Every other one takes batches.
  const [author, ...listeners] = await Promise.all(
    Array.from({ length: 1 + LISTENERS }, (_, i) => Client.open(i % 2 ? `${url}&batch=1` : url)),
  );
  if (!author) throw new Error("no author");
  let sent = 0;
  const publish = () => author.say(`${round}.${sent}`, `id-${round}-${sent++}`);
  // 64 unacknowledged at any time: every echo makes room for another.
  author.socket.on("message", () => publish());
  for (let i = 0; i < 64; i++) publish();
  await author.until(() => author.frames.length > 500, "some acknowledgements");
  await server.kill();
  await author.closed();
  const said = (client: Client) => unpacked(client).filter((it) => it.type === "message");
  const acknowledged = new Map(said(author).map((it) => [it.data.content, it.data.offset]));
  expect(acknowledged.size, "no message was acknowledged twice").toBe(said(author).length);
  return {
    acknowledged,
    heard: [author, ...listeners].map((it) => said(it).map((frame) => frame.data.offset)),
  };
}

test("[P11] killed in the middle of a broadcast, the server comes back with every acknowledged message, once, in order", async () => {
  const acknowledged = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    await server.start(VARIABLES);
    const killed = await publishUntilKilled(round);
    for (const [content, offset] of killed.acknowledged) acknowledged.set(content, offset);
    for (const offsets of killed.heard) {
      const first = offsets[0] ?? 0;
      expect(offsets, "every socket hears consecutive offsets").toEqual(offsets.map((_, i) => first + i));
    }
  }
  await server.start(VARIABLES);
  const reader = await Client.open(`${server.url}/api/chat/ws?token=test&contextId=r`);
  const log = await history(reader);
  expect(
    log.map((it) => it.offset),
    "offsets without a gap from 1",
  ).toEqual(log.map((_, i) => i + 1));
  const stored = new Map(log.map((it) => [it.content, it.offset]));
  expect(stored.size, "nothing is stored twice").toBe(log.length);
  for (const [content, offset] of acknowledged) expect(stored.get(content), content).toBe(offset);
  expect(acknowledged.size).toBeGreaterThan(500 * ROUNDS);
  // What was sent and not acknowledged is sent again, as a client would, and said once.
  const [content, offset] = [...stored].at(-1) as [string, number];
  reader.frames.length = 0;
  reader.say(content, `id-${content.replace(".", "-")}`);
  await reader.until(() => reader.frames.length === 1, "the answer to the resend");
  expect(reader.frames[0]?.data.offset).toBe(offset);
  console.log(
    `${acknowledged.size} acknowledged, ${log.length} stored, over ${ROUNDS} kills: none lost, none twice`,
  );
}, 120_000);
