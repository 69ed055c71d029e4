// Whatever a client sends is served or refused with a typed error, and the room goes on.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
let room: string;
let ann: Client;
let witness: Client;
beforeAll(async () => {
  server = await serve({
    MESSAGES_PER_MINUTE: "0",
    BROADCASTS_PER_MINUTE: "0",
    MAX_CONNECTIONS_PER_USER: "0",
  });
  room = server.room();
  witness = await server.join(room, "witness");
  ann = await server.join(room, "ann");
  await witness.next("user_joined");
});
afterAll(() => server.stop());

const MIB = 1 << 20;
const message = (data: unknown) => JSON.stringify({ type: "message", data });
const nested = (depth: number) => `{"type":"ping","x":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
const INVALID = "INVALID_MESSAGE_FORMAT";

const REFUSED: [string, string | Buffer, string][] = [
  ["nothing", "", INVALID],
  ["no JSON", "hello", INVALID],
  ["half of JSON", '{"type":"ping"', INVALID],
  ["a list", '["ping"]', INVALID],
  ["a string", '"ping"', INVALID],
  ["null", "null", INVALID],
  ["no type", "{}", INVALID],
  ["a null type", '{"type":null}', INVALID],
  ["a number for a type", '{"type":7}', INVALID],
  ["a duplicate type", '{"type":"ping","type":"message"}', INVALID],
  ["an unknown type", '{"type":"teleport"}', "UNKNOWN_MESSAGE_TYPE"],
  ["__proto__ for a type", '{"type":"__proto__"}', "UNKNOWN_MESSAGE_TYPE"],
  ["a number for an id", '{"type":"ping","id":7}', INVALID],
  ["an endless id", JSON.stringify({ type: "ping", id: "i".repeat(129) }), INVALID],
  ["depth 33", nested(33), INVALID],
  ["depth 200,000", nested(200_000), INVALID],
  ["1 MiB of brackets", "[".repeat(MIB), INVALID],
  ["binary where text is due", Buffer.from('{"type":"ping"}'), INVALID],
  ["1 MiB of binary", Buffer.alloc(MIB), INVALID],
  ["message without data", '{"type":"message"}', INVALID],
  ["message with null data", message(null), INVALID],
  ["message with data in a list", message(["x"]), INVALID],
  ["message without content", message({}), INVALID],
  ["message with null content", message({ content: null }), INVALID],
  ["message with a number for content", message({ content: 7 }), INVALID],
  ["message with an object for content", message({ content: {} }), INVALID],
  ["message with duplicate content", '{"type":"message","data":{"content":"a","content":"b"}}', INVALID],
  ["message with a lone surrogate", '{"type":"message","data":{"content":"\\ud800"}}', INVALID],
  ["message with an endless messageType", message({ content: "x", messageType: "t".repeat(65) }), INVALID],
  ["typing without data", '{"type":"typing"}', INVALID],
  ["typing with a string", '{"type":"typing","data":{"isTyping":"yes"}}', INVALID],
  ["auth without a token", '{"type":"auth"}', INVALID],
  ["auth with a bad token", '{"type":"auth","token":"x"}', "AUTHENTICATION_FAILED"],
  ...["-1", "0", "1.5", '"ten"', "1e400"].map((limit): [string, string, string] => [
    `history with limit ${limit}`,
    `{"type":"history","data":{"limit":${limit}}}`,
    INVALID,
  ]),
  ...["-1", "1.5", '"yesterday"', '""', "{}", "true"].map((before): [string, string, string] => [
    `history before ${before}`,
    `{"type":"history","data":{"before":${before}}}`,
    INVALID,
  ]),
];

test.each(REFUSED)("%s is refused by type, and the socket stays", async (_, frame, code) => {
  ann.send(frame);
  const refusal = await ann.next("error");
  expect(refusal.code).toBe(code);
  expect(JSON.stringify(refusal)).not.toMatch(/SELECT|INSERT|panicked|\.rs|at .*:\d+/);
  ann.say("still here");
  expect((await ann.next("message")).data.content).toBe("still here");
  expect((await witness.next("message")).data.content).toBe("still here");
});

const SERVED: [string, string, string][] = [
  ["depth 32", nested(32), "pong"],
  ["fields nobody knows", '{"type":"ping","id":"1","flag":{"a":[1,{"b":null}]},"timestamp":7}', "pong"],
  ["a NUL", message({ content: "a\0b" }), "message"],
  ["an empty message", message({ content: "" }), "message"],
  ["a pair of surrogates", '{"type":"message","data":{"content":"\\ud83d\\ude00"}}', "message"],
  ["history of 10⁹", '{"type":"history","data":{"limit":1000000000}}', "history"],
  [
    "history before the end of time",
    '{"type":"history","data":{"before":"9999-12-31T23:59:59Z"}}',
    "history",
  ],
  ["history before 1950", '{"type":"history","data":{"before":"1950-01-01T00:00:00Z"}}', "history"],
  ["history before 2^53+1", '{"type":"history","data":{"before":9007199254740993}}', "history"],
  ["history before 2^64-1", '{"type":"history","data":{"before":18446744073709551615}}', "history"],
];
test.each(SERVED)("%s is served", async (_, frame, type) => {
  ann.send(frame);
  await ann.next(type);
});

/** What a message may say, in bytes of JSON. */
const DATA_MAX = MIB - 8 * 1024;

/** A frame of this many bytes that says less. */
const padded = (bytes: number, frame: string) => frame + " ".repeat(bytes - Buffer.byteLength(frame));
const said = (bytes: number, letter = "x") =>
  message({ content: letter.repeat(bytes / Buffer.byteLength(letter)) });

/** A message of exactly so many bytes. */
function sized(bytes: number, letter = "x"): string {
  const room = bytes - message({ content: "" }).length;
  const size = Buffer.byteLength(letter);
  return message({ content: letter.repeat(Math.floor(room / size)) + "x".repeat(room % size) });
}

test.each([
  ["all that may be said", said(DATA_MAX)],
  ["all that may be said, in letters of four bytes", said(DATA_MAX, "😀")],
  ["1 MiB, with less in it", padded(MIB, said(DATA_MAX))],
])("[A31, L22] a message of %s is served", async (_, frame) => {
  const client = await server.join(server.room(), "big");
  client.send(frame);
  expect((await client.next("message")).data.offset).toBe(1);
});

test.each([
  ["one byte more than may be said", said(DATA_MAX + 1)],
  ["1 MiB", sized(MIB)],
  ["1 MiB in letters of four bytes", sized(MIB, "😀")],
])("[L22] a frame of %s is refused, and the socket stays", async (_, frame) => {
  const client = await server.join(server.room(), "big");
  client.send(frame);
  expect(await client.refusal()).toBe("MESSAGE_TOO_LARGE");
  client.say("still here");
  expect((await client.next("message")).data.offset).toBe(1);
});

test.each([
  ["one byte past 1 MiB", sized(MIB + 1)],
  ["one byte past 1 MiB in letters of four bytes", sized(MIB + 1, "😀")],
  ["3 MiB in letters of four bytes", sized(3 * MIB, "😀")],
  ["binary past 1 MiB", Buffer.alloc(MIB + 1)],
  ["32 MiB", sized(32 * MIB)],
])("[A31, C17, L3] %s gets MESSAGE_TOO_LARGE and 1009, and nobody else notices", async (_, frame) => {
  const client = await server.join(room, "big");
  client.send(frame);
  expect(await client.refusal()).toBe("MESSAGE_TOO_LARGE");
  expect((await client.closed()).code).toBe(1009);
  ann.say("still here");
  await ann.until(() => ann.frames.at(-1)?.data?.content === "still here", "the room to go on");
  await ann.settle();
});

test("past 32 MiB the platform closes with 1009, and nobody else notices", async () => {
  const client = await server.join(room, "big");
  client.send("x".repeat(32 * MIB + 1));
  // The close frame comes at once; that the connection ends too takes the platform longer.
  await client.until(() => client.socket.readyState !== client.socket.OPEN, "the close frame");
  client.vanish();
  expect((await client.closed()).code).toBe(1009);
  await ann.settle();
});

test.each([
  ["nothing", ""],
  ["a slash", "a/b"],
  ["a way up", "../../etc"],
  ["this place", "."],
  ["the place above", ".."],
  ["an escaped escape", "%2e"],
  ["129 characters", "a".repeat(129)],
  ["a space", "a b"],
  ["letters beyond ASCII", "zimmer-ä"],
])("[R1] a room name of %s is refused before an object is woken", async (_, contextId) => {
  const client = await server.chat({ token: "test", contextId });
  expect(await client.refusal()).toBe(INVALID);
  expect((await client.closed()).code).toBe(1008);
});

test.each([
  ["128 characters", "a".repeat(128)],
  ["every sign there is", "A-Z.a_z:0~9"],
  ["three dots", "..."],
])("[R1] a room name of %s is served", async (_, contextId) => {
  const client = await server.chat({ token: "test", contextId });
  client.say("hello");
  expect((await client.next("message")).data.offset).toBe(1);
});

test("a client that goes on after it was closed reaches nobody", async () => {
  const client = await server.join(room, "stubborn");
  client.send(Buffer.alloc(MIB + 1));
  for (let i = 0; i < 20; i++) client.say("me again");
  expect((await client.closed()).code).toBe(1009);
  await ann.settle();
  await witness.settle();
  expect(JSON.stringify(witness.frames)).not.toContain("me again");
});
