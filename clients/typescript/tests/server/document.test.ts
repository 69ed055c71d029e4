// Texts that are edited together over the real Worker.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { eventually } from "../../../../tests/support/client.ts";
import type { Server } from "../../../../tests/support/server.ts";
import type { SharedText } from "../../src/document/index.ts";
import { closeAll, join, start } from "./support.ts";

let server: Server;
beforeAll(async () => {
  server = await start({ EDITS_PER_SECOND: "0" });
});
afterEach(closeAll);
afterAll(() => server.stop());

async function editor(name: string, user: string, more: object = {}) {
  const token = () => server.token({ user, room: name });
  const seen = await join(server, `collaboration:${name}`, { token, ...more });
  const text = await seen.room.document("notes");
  return { ...seen, text };
}

const saved = (...texts: SharedText[]) =>
  eventually(
    () => texts.every((it) => it.getSnapshot().isSaved && it.getSnapshot().isJoined),
    () => JSON.stringify(texts.map((it) => it.getSnapshot())),
  );

const same = async (...texts: SharedText[]) => {
  await saved(...texts);
  await eventually(
    () => new Set(texts.map((it) => it.text)).size === 1,
    () => JSON.stringify(texts.map((it) => it.getSnapshot())),
  );
};

test("[T1, T4, T5, T15] two type into one text, and see each other", async () => {
  const name = server.room();
  const [ann, bob] = [await editor(name, "ann"), await editor(name, "bob")];
  ann.text.edit(0, 0, "hello");
  await same(ann.text, bob.text);
  ann.text.edit(5, 5, " world");
  bob.text.edit(0, 1, "J");
  await same(ann.text, bob.text);
  expect(ann.text.text).toBe("Jello world");
  await ann.until(() => ann.text.getSnapshot().participants.length === 2, "bob");
  const cursors: unknown[] = [];
  bob.text.on("cursor", (it) => cursors.push(it));
  ann.text.cursor(3, [3, 4]);
  await bob.until(() => cursors.length === 1, "the cursor");
  expect(cursors).toEqual([{ user: "ann", position: 3, selection: [3, 4] }]);
  bob.text.leave();
  await ann.until(() => ann.text.getSnapshot().participants.length === 1, "bob to leave");
});

test("[T1, T7] what a full document has no room for is taken back and told, and not sent for ever", async () => {
  const name = server.room();
  const [ann, bob] = [await editor(name, "ann"), await editor(name, "bob")];
  const full = "x".repeat(700_000);
  ann.text.edit(0, 0, full);
  await same(ann.text, bob.text);
  const refusals: string[] = [];
  ann.text.on("refused", ({ code }) => refusals.push(code));
  let sent = 0;
  ann.room.link.on("sent", (data) => {
    sent += String(data).split("document.edit").length - 1;
  });
  ann.text.edit(700_000, 700_000, "y".repeat(100_000));
  await ann.until(() => refusals.length === 1, "the refusal");
  await same(ann.text, bob.text);
  expect(ann.text.text).toBe(full);
  ann.text.edit(0, 700_000, "short");
  await same(ann.text, bob.text);
  expect(bob.text.text).toBe("short");
  expect([refusals, sent]).toEqual([["CONFLICT"], 3]);
});

test("[T14] undo takes back the last operation of this user", async () => {
  const name = server.room();
  const [ann, bob] = [await editor(name, "ann"), await editor(name, "bob")];
  ann.text.edit(0, 0, "one");
  await same(ann.text, bob.text);
  bob.text.edit(3, 3, " two");
  await same(ann.text, bob.text);
  await ann.text.undo();
  await same(ann.text, bob.text);
  expect(bob.text.text).toBe(" two");
});

test("[T6, T16] what is typed through evictions and a dead connection is in the text of all, once", async () => {
  const name = server.room();
  const ann = await editor(name, "ann", { heartbeatMs: 50, pongTimeoutMs: 200 });
  const bob = await editor(name, "bob");
  const evict = () =>
    server.harness.getWorker().evictDurableObject("COLLABORATIONS", { name, webSockets: "close" });
  for (let round = 0; round < 4; round++) {
    for (const [at, it] of [ann, bob].entries()) {
      for (let word = 0; word < 5; word++) it.text.edit(0, 0, `${"ab"[at]}${round}${word} `);
    }
    if (round === 2) {
      ann.wire.isBlackHole = true;
      ann.text.edit(0, 0, "late ");
      await ann.until(() => ann.room.link.phase === "failed", "the end of the old connection");
      ann.wire.isBlackHole = false;
    } else {
      const before = [ann, bob].map((it) => it.wire.all.length);
      await evict();
      await bob.until(
        () => [ann, bob].every((it, at) => (before[at] as number) < it.wire.all.length),
        "new ones",
      );
    }
    await saved(ann.text, bob.text);
  }
  await same(ann.text, bob.text);
  const words = ann.text.text.trim().split(" ");
  expect(words).toHaveLength(41);
  expect(new Set(words).size).toBe(41);
});

test("[T7] who only looks is refused, and sees the text as it is", async () => {
  const name = server.room();
  const ann = await editor(name, "ann");
  ann.text.edit(0, 0, "hello");
  await saved(ann.text);
  const seen = await join(server, `collaboration:${name}`, {
    token: () => server.token({ user: "eve", room: name }),
  });
  const text = await seen.room.document("notes", { role: "viewer" });
  const refused: string[] = [];
  text.on("refused", ({ code }) => refused.push(code));
  text.edit(0, 0, "no ");
  await eventually(
    () => refused.length === 1,
    () => "a refusal",
  );
  await saved(text);
  expect([refused, text.text]).toEqual([["PERMISSION_DENIED"], "hello"]);
});

test("a text in a room of another kind cannot be joined, and that is told", async () => {
  const seen = await join(server, `hub:${server.room()}`);
  await expect(seen.room.document("notes")).rejects.toMatchObject({ code: "NOT_FOUND" });
});
