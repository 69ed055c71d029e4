// Whatever an editor sends is served or refused with a typed error, nothing of it is in the
// text, and the room goes on.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { collaborator, sits } from "../support/editor.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
let room: string;
let ann: Client;
let witness: Client;
beforeAll(async () => {
  server = await serve({ EDITS_PER_SECOND: "0", ROOM_EDITS_PER_SECOND: "0", MESSAGES_PER_MINUTE: "0" });
  room = server.room();
  witness = await collaborator(server, room, "witness");
  ann = await collaborator(server, room, "ann");
  await sits(witness, "notes", "viewer");
  await sits(ann);
  ann.send(edit({ content: "a😀b", version: 0 }));
  await ann.next("edit_ack");
  await witness.upTo("edit");
});
afterAll(() => server.stop());

const MIB = 1 << 20;
const LONGEST = 768 * 1024;
const INVALID = "INVALID_MESSAGE_FORMAT";
const edit = (data: object) =>
  JSON.stringify({
    type: "edit",
    data: { operation: "insert", position: 0, content: "x", version: 1, ...data },
  });
const remove = (position: unknown, length: unknown) =>
  edit({ operation: "delete", content: undefined, position, length });
const say = (type: string, data?: unknown) => JSON.stringify({ type, data });

const REFUSED: [string, string, string][] = [
  ["a negative position", edit({ position: -1 }), INVALID],
  ["half a position", edit({ position: 0.5 }), INVALID],
  ["a position in quotes", edit({ position: "0" }), INVALID],
  ["no position", edit({ position: undefined }), INVALID],
  ["a position past the end", edit({ position: 5 }), INVALID],
  ["a position past 32 bits", edit({ position: 2 ** 32 }), INVALID],
  ["a position past what JavaScript can count", edit({ position: 2 ** 53 }), INVALID],
  ["a position past 64 bits", edit({ position: 1e30 }), INVALID],
  ["a position inside of a surrogate pair", edit({ position: 2 }), INVALID],
  ["a delete past the end", remove(0, 5), INVALID],
  ["a delete that ends inside of a pair", remove(0, 2), INVALID],
  ["a delete of nothing", remove(0, 0), INVALID],
  ["a delete of less than nothing", remove(1, -1), INVALID],
  ["a delete of everything there is", remove(0, 2 ** 53), INVALID],
  ["a delete without a length", remove(0, undefined), INVALID],
  ["an insert of nothing", edit({ content: "" }), INVALID],
  ["an insert with a length", edit({ length: 1 }), INVALID],
  ["an insert of a number", edit({ content: 7 }), INVALID],
  ["a replace of nothing by nothing", edit({ operation: "replace", length: 0, content: "" }), INVALID],
  ["a replace without content", edit({ operation: "replace", length: 1, content: undefined }), INVALID],
  ["another operation", edit({ operation: "format" }), INVALID],
  ["__proto__ for an operation", edit({ operation: "__proto__" }), INVALID],
  ["a negative version", edit({ version: -1 }), INVALID],
  ["no version", edit({ version: undefined }), INVALID],
  ["half of a pair", edit({}).replace('"x"', '"\\ud800"'), INVALID],
  ["another session's edit", edit({ sessionId: "other" }), "CONFLICT"],
  ["a session that has no name", edit({ sessionId: "" }), INVALID],
  ["edit without data", say("edit"), INVALID],
  ["join_session without data", say("join_session"), INVALID],
  ["join_session of no name", say("join_session", { sessionId: "a/b" }), INVALID],
  ["join_session of an endless name", say("join_session", { sessionId: "x".repeat(129) }), INVALID],
  ["join_session as an owner", say("join_session", { sessionId: "notes", role: "owner" }), INVALID],
  ["leave_session of another", say("leave_session", { sessionId: "other" }), "CONFLICT"],
  ["a cursor nowhere", say("cursor", {}), INVALID],
  ["a cursor with too much selected", say("cursor", { position: 0, selection: "x".repeat(1023) }), INVALID],
  ["a command that is none", say("command", { command: "redo" }), "NOT_FOUND"],
  ["a message, which is for chat", say("message", { content: "x" }), "UNKNOWN_MESSAGE_TYPE"],
];

test.for(REFUSED)("[T3, T7] refused by name, and the socket stays: %s", async ([, frame, code]) => {
  ann.send(frame);
  expect(await ann.refusal()).toBe(code);
});

test("[T7] nothing of all that is in the text, or was told to anybody", async () => {
  ann.send(edit({ version: 2 }));
  expect(await ann.refusal()).toBe("CONFLICT");
  const { data } = await ann.next("session_state");
  expect(data).toMatchObject({ version: 1, content: "a😀b" });
  expect(await witness.settle()).toEqual([]);
});

test("[T7] viewers do not edit, and who is in no session does not either", async () => {
  for (const frame of [edit({}), say("command", { command: "undo" })]) {
    witness.send(frame);
    expect(await witness.refusal()).toBe("PERMISSION_DENIED");
  }
  const outsider = await collaborator(server, room, "outsider");
  for (const frame of [edit({}), say("command", { command: "undo" }), say("cursor", { position: 0 })]) {
    outsider.send(frame);
    await outsider.upTo("error");
    expect(outsider.frames.at(-1)?.code).toBe("CONFLICT");
  }
  await outsider.leave();
});

test("[P13, T15] a token that may not send looks on, and one that may not read stays out", async () => {
  const other = server.room();
  const can = (...can: string[]) => ({
    room: "nowhere",
    claims: { caps: [{ room: `collaboration:${other}`, can: ["join", ...can] }] },
  });
  const reader = await collaborator(server, other, "reader", can("history"));
  reader.send(say("join_session", { sessionId: "notes" }));
  expect(await reader.refusal()).toBe("PERMISSION_DENIED");
  reader.send(say("join_session", { sessionId: "notes", role: "viewer" }));
  expect((await reader.next("session_state")).data.participants, "without `presence`").toEqual([]);
  const sender = await collaborator(server, other, "sender", can("send"));
  sender.send(say("join_session", { sessionId: "notes", role: "viewer" }));
  expect(await sender.refusal()).toBe("PERMISSION_DENIED");
});

test("[T1] what outgrows a document or a frame is refused; what JSON escapes counts as it is spelled", async () => {
  const other = server.room();
  const bob = await collaborator(server, other, "bob");
  await sits(bob);
  bob.send(edit({ content: "x".repeat(LONGEST + 1), version: 0 }));
  expect(await bob.refusal()).toBe("CONFLICT");
  bob.send(edit({ content: "x".repeat(LONGEST), version: 0 }));
  await bob.next("edit_ack");
  bob.send(edit({ content: "y", version: 1 }));
  expect(await bob.refusal()).toBe("CONFLICT");
  // JSON writes each of these with six bytes.
  const dark = await collaborator(server, other, "bob");
  await sits(dark, "dark");
  for (let version = 0; version < 8; version++) {
    dark.send(edit({ content: "\u{1}".repeat(LONGEST / 48), version }));
    await dark.next("edit_ack");
  }
  await server.sleep(other, "COLLABORATIONS");
  dark.send(edit({ content: "x", version: 8 }));
  expect(await dark.refusal()).toBe("CONFLICT");
  expect((await sits(dark, "dark")).data.content).toBe("\u{1}".repeat(LONGEST / 6));
  for (const raw of [...bob.raw, ...dark.raw]) expect(Buffer.byteLength(raw)).toBeLessThan(MIB);
  bob.send(edit({ content: "x".repeat(MIB), version: 1 }));
  expect(await bob.refusal()).toBe("MESSAGE_TOO_LARGE");
  expect((await bob.closed()).code).toBe(1009);
});

test("other endpoints of this protocol know nothing of documents", async () => {
  const chat = await server.join(server.room(), "ann");
  for (const frame of [
    say("join_session", { sessionId: "notes" }),
    edit({}),
    say("cursor", { position: 0 }),
  ]) {
    chat.send(frame);
    expect(await chat.refusal()).toBe("UNKNOWN_MESSAGE_TYPE");
  }
});

test("[T18] an editor is admitted two seconds' worth at once, and a flood is closed with 1008", async () => {
  const strict = await serve();
  try {
    const eve = await collaborator(strict, "r", "eve");
    await sits(eve);
    for (let version = 0; version < 400; version++) eve.send(edit({ version }));
    expect((await eve.closed()).code).toBe(1008);
    const kinds = eve.frames.map((it) => it.type);
    expect(eve.frames.at(-1)?.code).toBe("RATE_LIMIT_EXCEEDED");
    const taken = kinds.filter((it) => it === "edit_ack").length;
    expect(taken).toBeGreaterThanOrEqual(40);
    // More than a hundred messages a minute (L1): edits do not count against it.
    const bob = await collaborator(strict, "r", "bob");
    const { data } = await sits(bob);
    expect(data.version).toBe(taken);
  } finally {
    await strict.stop();
  }
});
