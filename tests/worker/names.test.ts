// Names with characters that cannot be seen, or that lead elsewhere: of users, and of what rooms hold.
import { afterAll, beforeAll, expect, test } from "vitest";
import { listening, refused } from "../support/asking.ts";
import type { Client, Frame } from "../support/client.ts";
import { collaborator, sits } from "../support/editor.ts";
import { publish, workflow } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";
import { largeData, request } from "../support/transfer.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ MESSAGES_PER_MINUTE: "0", PRESENCE_GRACE_MS: "0" });
});
afterAll(() => server.stop());

const INVALID = "INVALID_MESSAGE_FORMAT";
const UNAUTHENTICATED = "AUTHENTICATION_FAILED";

/** The code of the first frame, in whatever protocol. */
async function firstError(client: Client): Promise<string | undefined> {
  const { code, data } = await client.next("error");
  return code ?? data.error_code;
}

/** Subjects that do not show what they are. */
const UNSEEN: [string, string][] = [
  ["a text turned around (U+202E)", "a\u202Eb"],
  ["a space of no width (U+200B)", "a\u200Bb"],
  ["a soft hyphen (U+00AD)", "a\u00ADb"],
  ["a mark of byte order (U+FEFF)", "\uFEFF"],
  ["a tag of a letter (U+E0061)", "a\u{E0061}"],
  ["NUL", "a\0b"],
  ["ESC", "a\u001B[1mb"],
  ["a control character past ASCII (U+0085)", "a\u0085"],
];

/** Those, and others that are no subjects. */
const NOBODY: [string, string][] = [
  ...UNSEEN,
  ["nothing", ""],
  ["one dot", "."],
  ["two dots", ".."],
  ["129 bytes", "a".repeat(129)],
];

test.each(NOBODY)("[R4] a subject of %s is nobody, by every door", async (_, user) => {
  const room = server.room();
  const token = await server.token({ user, room });
  for (const path of [
    ...["/api/chat/ws", "/api/collaboration/ws", "/api/analytics/ws"],
    ...["/ws", "/api/v1/ws", "/ws/client", "/ws/conversation"],
  ]) {
    const client = await server.open(path, { token, contextId: room, client_id: "c" });
    expect([path, await firstError(client)]).toEqual([path, UNAUTHENTICATED]);
    expect((await client.closed()).code).toBe(1008);
  }
  const late = await server.chat({ contextId: room });
  late.send({ type: "auth", token });
  expect(await firstError(late)).toBe(UNAUTHENTICATED);
  const { status } = await server.call("GET", `/api/v1/rooms/chat/${room}/events`, undefined, token);
  expect(status).toBe(401);
});

test.each([
  ["128 bytes", "a".repeat(128)],
  ["letters of four bytes", "😀".repeat(32)],
  ["other scripts, and a space", "Ψ אב 漢字"],
  ["three dots", "..."],
])("[R4] a subject of %s is a user", async (_, user) => {
  const ann = await server.join(server.room(), user);
  ann.say("hello");
  expect((await ann.next("message")).data).toMatchObject({ author: user, authorId: user });
});

/** What a token's name is, and what is shown of it. */
const SHOWN: [string, string, string][] = [
  ["turned around", "\u202EnnA\u2066", "nnA"],
  ["with control characters", "A\0n\u001Bn\n", "Ann"],
  ["with what shows nothing", "An\u00ADn\u200B Lee\uFEFF", "Ann Lee"],
  ["of nothing to see", "\u200B\uFEFF", "ann"],
  ["of a space, and nothing else to see", "\u2067 \u00AD", "ann"],
  ["of emoji that are joined", "👩\u200D👧", "👩👧"],
  ["of 129 bytes", "n".repeat(129), "n".repeat(128)],
  ["with a letter across its 128th byte", `${"n".repeat(126)}😀`, "n".repeat(126)],
];

test.each(SHOWN)("[R4] a name %s is mended, wherever names are shown", async (_, name, shown) => {
  const room = server.room();
  const witness = await server.join(room, "witness");
  await witness.settle();
  const ann = await server.join(room, "ann", { name });
  const member = { userId: "ann", username: shown };
  expect((await witness.next("user_joined")).data).toEqual(member);
  ann.say("hello");
  expect((await witness.next("message")).data).toMatchObject({ author: shown, authorId: "ann" });
  witness.send({ type: "presence" });
  expect((await witness.next("presence")).data.members).toContainEqual(member);
  await server.sleep(room);
  witness.send({ type: "history" });
  expect((await witness.next("history")).data.messages).toMatchObject([{ author: shown }]);
  const { json } = await server.call("GET", `/api/v1/rooms/chat/${room}/presence`);
  expect(json.members).toContainEqual({ user_id: "ann", username: shown });
  await ann.leave();
  expect((await witness.next("user_left")).data).toEqual(member);
});

test("[R4] editors see of a name what others see", async () => {
  const room = server.room();
  const witness = await collaborator(server, room, "witness");
  await sits(witness);
  const ann = await collaborator(server, room, "ann", { name: "\u202EnnA\u0000" });
  const { data } = await sits(ann);
  const member = { userId: "ann", username: "nnA", role: "participant" };
  expect(data.participants).toContainEqual(member);
  await witness.upTo("join_session");
  const told = witness.frames.findLast((it) => it.type === "join_session") as Frame;
  expect(told.data).toMatchObject(member);
});

test.each(NOBODY)("[H4] nothing is published for a user of %s", async (_, user_id) => {
  const room = server.room();
  const { status, json } = await publish(server, room, { type: "x", user_id });
  expect([status, json.code]).toEqual([400, INVALID]);
  const ann = await listening(server, room);
  const params = { event: "x", user_id };
  const { code } = await refused(ann, { type: "command", command: "publish", params });
  expect(code).toBe(INVALID);
});

/** Names of nothing: R1 lists the letters of names, and these are not among them, or lead elsewhere. */
const NO_NAMES: [string, string][] = [
  ["one dot", "."],
  ["two dots", ".."],
  ["nothing", ""],
  ["a text turned around (U+202E)", "a\u202Eb"],
  ["a space of no width (U+200B)", "a\u200Bb"],
  ["NUL", "a\0b"],
];

test.each(NO_NAMES)("[R1] a name of %s is none, of whatever a room holds", async (_, name) => {
  const room = server.room();
  const editor = await collaborator(server, room, "ann");
  for (const type of ["join_session", "leave_session", "delete_document"]) {
    editor.send({ type, data: { sessionId: name } });
    expect([type, await editor.refusal()]).toEqual([type, INVALID]);
  }
  const token = await server.token({ user: "ann", room });
  const dashboard = await server.open("/api/analytics/ws", { token, contextId: room });
  dashboard.send({ type: "subscribe", data: { metrics: [name] } });
  expect(await dashboard.refusal()).toBe(INVALID);
  const sender = await workflow(server, room, token);
  for (const frame of [largeData(name, 1).frames[0] as object, request(name)]) {
    sender.send(frame);
    expect(await firstError(sender)).toBe(INVALID);
  }
  const ann = await listening(server, room);
  for (const [command, params] of [
    ["publish", { event: name }],
    ["set_state", { key: name, value: 1 }],
  ] as const) {
    expect((await refused(ann, { type: "command", command, params })).code).toBe(INVALID);
  }
  expect((await publish(server, room, { type: name })).status).toBe(400);
  const { json } = await server.call("GET", `/api/v1/rooms/hub/${room}/events`);
  expect(json.events).toEqual([]);
});
