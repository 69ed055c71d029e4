// The process is killed while people speak and search: what was acknowledged is found, once.
import { afterAll, expect, test } from "vitest";
import { Client, type Frame } from "../support/client.ts";
import { Workerd } from "../support/workerd.ts";

const server = new Workerd();
const VARIABLES = { MESSAGES_PER_MINUTE: "0", BROADCASTS_PER_MINUTE: "0" };
afterAll(() => server.stop());

const ROUNDS = 3;

/** All offsets at which it stands, page by page. */
async function found(client: Client, text: string): Promise<number[]> {
  const offsets: number[] = [];
  let before: number | undefined;
  do {
    client.send({ type: "search", data: { text, limit: 100, before } });
    await client.until(() => client.frames.at(-1)?.type === "search", "what is found");
    const { data } = client.frames.pop() as Frame;
    offsets.push(...data.matches.map((it: { offset: number }) => it.offset));
    before = data.nextBefore ?? undefined;
  } while (before !== undefined);
  return offsets;
}

test("[S7, S8] killed while it is searched, the server comes back and finds every acknowledged message, once", async () => {
  const acknowledged = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    await server.start(VARIABLES);
    const author = await Client.open(`${server.url}/api/chat/ws?token=test&contextId=r`);
    let sent = 0;
    const speak = () => {
      author.say(`word ${round} ${sent++}`);
      // Every tenth time it is searched, so that the index grows in between.
      if (sent % 10 === 0) author.send({ type: "search", data: { text: "word", limit: 1 } });
    };
    author.socket.on("message", speak);
    for (let i = 0; i < 32; i++) speak();
    await author.until(() => author.frames.length > 300, "some acknowledgements");
    await server.kill();
    await author.closed();
    for (const { type, data } of author.frames) if (type === "message") acknowledged.add(data.offset);
  }
  await server.start(VARIABLES);
  const reader = await Client.open(`${server.url}/api/chat/ws?token=test&contextId=r`);
  const offsets = await found(reader, "word");
  expect(offsets, "from the newest down to the first, each once").toEqual(
    offsets.map((_, i) => offsets.length - i),
  );
  expect([...acknowledged].every((it) => offsets.includes(it))).toBe(true);
  expect(acknowledged.size).toBeGreaterThan(250 * ROUNDS);
  expect((await found(reader, `"word 1"`)).length).toBeGreaterThan(250);
});
