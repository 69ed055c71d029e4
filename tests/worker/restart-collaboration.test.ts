// An operator kills the process while several people type: every acknowledged edit is in the
// text, once, and what was under way is sent again and made once (T16).
import { afterAll, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { diceOf, type Edit, Editor } from "../support/editor.ts";
import { Workerd } from "../support/workerd.ts";

const server = new Workerd();
const VARIABLES = { EDITS_PER_SECOND: "0", ROOM_EDITS_PER_SECOND: "0", MESSAGES_PER_MINUTE: "0" };
afterAll(() => server.stop());

const ROUNDS = 3;
const EDITORS = 6;
const ACKNOWLEDGED = 150;
const seat = { type: "join_session", data: { sessionId: "notes" } };

const open = () => Client.open(`${server.url}/api/collaboration/ws?token=test&contextId=r`);

/** Each edit puts in one character of its own, which nobody can split: Plane 15. */
let characters = 0;
const character = () => String.fromCodePoint(0xf0000 + characters++);

type Lost = { id: string; edit: Edit };

async function typeUntilKilled(round: number): Promise<{ acknowledged: Set<string>; lost: Lost[] }> {
  const dice = diceOf(round);
  const acknowledged = new Set<string>();
  const editors: Editor[] = [];
  for (let i = 0; i < EDITORS; i++) {
    const it = new Editor(await open(), `${round}-${i}`);
    const typed = new Map<string, string>();
    const types = () => {
      if (!it.replica.isAtRest) return;
      const content = character();
      it.inserts(2 * dice(it.replica.text.length / 2 + 1), content);
      typed.set(it.lastId, content);
    };
    it.client.socket.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString());
      if (frame.type === "edit_ack") acknowledged.add(typed.get(frame.id) as string);
      if (frame.type === "edit_ack" || frame.type === "session_state") types();
    });
    it.client.send(seat);
    editors.push(it);
  }
  await editors[0]?.client.until(() => acknowledged.size > ACKNOWLEDGED, "some acknowledgements");
  await server.kill();
  for (const it of editors) {
    await it.client.closed();
    it.check();
  }
  const lost = editors.flatMap((it) =>
    it.replica.inflight ? [{ id: it.lastId, edit: it.replica.sent as Edit }] : [],
  );
  return { acknowledged, lost };
}

test("[P11, T16] killed while people type, the server comes back with every acknowledged edit, once", async () => {
  const acknowledged = new Set<string>();
  let resent = 0;
  await server.start(VARIABLES);
  for (let round = 0; round < ROUNDS; round++) {
    const killed = await typeUntilKilled(round);
    for (const it of killed.acknowledged) acknowledged.add(it);
    await server.start(VARIABLES);
    const reader = await open();
    const state = async () => {
      reader.send(seat);
      await reader.upTo("session_state");
      const { content, version } = reader.frames.findLast((it) => it.type === "session_state")?.data ?? {};
      const text = [...content];
      expect(text.length, "every version put one character in").toBe(version);
      expect(new Set(text).size, "nothing is there twice").toBe(text.length);
      return new Set(text);
    };
    const text = await state();
    for (const it of acknowledged) expect(text.has(it), `U+${it.codePointAt(0)?.toString(16)}`).toBe(true);
    for (const { id, edit } of killed.lost) {
      for (let times = 0; times < 2; times++) reader.send({ type: "edit", id, data: edit });
      await reader.until(
        () => reader.frames.filter((it) => it.type === "edit_ack" && it.id === id).length === 2,
        `two acknowledgements of ${id}`,
      );
      acknowledged.add(edit.content as string);
      resent += 1;
    }
    const after = await state();
    for (const it of acknowledged) expect(after.has(it)).toBe(true);
    await reader.leave();
  }
  expect(acknowledged.size).toBeGreaterThan(ACKNOWLEDGED * ROUNDS);
  console.log(
    `${acknowledged.size} acknowledged over ${ROUNDS} kills, ${resent} of them sent again: none lost, none twice`,
  );
}, 180_000);
