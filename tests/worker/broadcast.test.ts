// Batches for those who ask for them, and a bound on those who do not keep up: against
// workerd itself, because a proxy in between would slow the one down and hide the other.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mint } from "../../scripts/jwt.mjs";
import { Client, unpacked } from "../support/client.ts";
import { SECRET } from "../support/server.ts";
import { Workerd } from "../support/workerd.ts";

const server = new Workerd();
beforeAll(() =>
  server.start({
    MESSAGES_PER_MINUTE: "0",
    BROADCASTS_PER_MINUTE: "0",
    MAX_CONNECTIONS_PER_USER: "0",
    PRESENCE_GRACE_MS: "0",
  }),
);
afterAll(() => server.stop());

async function join(room: string, user: string, query = ""): Promise<Client> {
  const token = await mint({ sub: user, contexts: [room] }, { secret: SECRET });
  return Client.open(`${server.url}/api/chat/ws?token=${token}&contextId=${room}${query}`);
}

const messages = (client: Client) => unpacked(client).filter((it) => it.type === "message");

/** Says so many things, with at most 64 of them unanswered. */
async function flood(author: Client, count: number, content: (i: number) => string): Promise<void> {
  const before = messages(author).length;
  for (let i = 0; i < count; i++) {
    author.say(content(i), `${before}-${i}`);
    if (i % 64 === 63) await author.until(() => messages(author).length === before + i + 1, "the answers");
  }
  await author.until(() => messages(author).length === before + count, "the answers");
}

test("[P14] what is said in one step comes in one frame to those who take batches", async () => {
  const [ann, bob] = [await join("a", "ann"), await join("a", "bob", "&batch=1")];
  const cid = await join("a", "cid");
  await bob.next("user_joined");
  await ann.next("user_joined");
  await ann.next("user_joined");
  cid.send({ type: "typing", data: { isTyping: true } });
  await ann.next("typing");
  expect((await bob.next("typing")).data.isTyping).toBe(true);
  cid.vanish();
  const single = [await ann.next("typing"), await ann.next("user_left")];
  expect((await bob.next("batch")).data).toEqual(single);
});

test("[P14] a burst is committed together: far fewer frames than messages for those who take batches", async () => {
  const [ann, bob] = [await join("burst", "ann"), await join("burst", "bob", "&batch=1")];
  await ann.next("user_joined");
  await flood(ann, 512, String);
  await bob.until(() => messages(bob).length === 512, "every message");
  expect(messages(bob).map((it) => it.data.content)).toEqual(
    Array.from({ length: 512 }, (_, i) => String(i)),
  );
  // Without gathering every message is a frame; with it, eight bursts of 64 take some dozens.
  expect(bob.frames.length).toBeLessThan(256);
});

test.each([
  ["by query", (room: string) => join(room, "ann", "&batch=1")],
  [
    "by first message",
    async (room: string) => {
      const client = await Client.open(`${server.url}/api/chat/ws?contextId=${room}&batch=1`);
      client.send({ type: "auth", token: "test" });
      return client;
    },
  ],
])(
  "[P14] batches hold what single frames would, in the same order, to a client that comes %s",
  async (how, come) => {
    const room = how.replaceAll(" ", "-");
    const [ann, bob] = [await come(room), await join(room, "bob")];
    await flood(ann, 1000, String);
    await bob.until(() => messages(bob).length === 1000, "every message");
    expect(messages(bob)).toEqual(messages(ann));
    expect(messages(ann).map((it) => it.data.offset)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(bob.frames.some((it) => it.type === "batch")).toBe(false);
  },
);

test("[L10] a client that stops reading is let go, and nobody else notices", async () => {
  const [ann, bob, slow] = [await join("c", "ann"), await join("c", "bob"), await join("c", "slow")];
  await slow.settle();
  const before = server.memory();
  slow.socket.pause();
  // 64 MiB in all, which do not compress: past what loopback holds by itself, and more than
  // anyone may keep for one.
  const content = randomBytes(48 * 1024).toString("base64");
  await flood(ann, 1024, () => content);
  await bob.until(() => messages(bob).length === 1024, "every message at the other");
  expect(messages(bob).map((it) => it.data.offset)).toEqual(messages(ann).map((it) => it.data.offset));
  const left = ann.frames.filter((it) => it.type === "user_left").map((it) => it.data.userId);
  expect(left).toEqual(["slow"]);
  expect(server.memory() - before, "what the slow one did not read is not kept").toBeLessThan(48 << 20);
  expect(messages(slow).length).toBeLessThan(1024);
  slow.vanish();
});
