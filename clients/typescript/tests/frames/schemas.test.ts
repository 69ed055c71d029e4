import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as schemas from "../../src/frames/schemas.ts";

const { client, context, conversation, events, native, workflow } = schemas;
const { frameValidator, SchemaError, webSocketMessageSchema } = schemas;

type Frame = Record<string, unknown>;
const golden = (name: string): Frame[] => JSON.parse(readFileSync(`tests/vectors/${name}.json`, "utf8")).out;

const ALL = { client, context, conversation, events, native, workflow };

test.each(Object.entries(ALL))("[B23, N60] every golden frame of the %s protocol parses", (name, schema) => {
  const frames = golden(name);
  expect(frames.length).toBeGreaterThan(10);
  for (const frame of frames) {
    const result = schema.safeParse(frame);
    expect(result.success ? [] : result.error.issues, JSON.stringify(frame)).toEqual([]);
    expect(schema.parse(frame)).toBe(frame);
    expect(schema["~standard"].validate(frame)).toEqual({ value: frame });
  }
});

test.each(Object.entries(ALL))(
  "[B23] a golden frame of the %s protocol with a wrong member does not",
  (name, schema) => {
    let held = 0;
    for (const frame of golden(name)) {
      for (const [member, value] of Object.entries(frame)) {
        const wrong = { ...frame, [member]: typeof value === "object" ? 7 : [{}] };
        // What an application says as `data`, and a member that no frame of this type has, is free.
        if (!schema.safeParse(wrong).success) held += 1;
      }
      expect(schema.safeParse({ ...frame, type: 7 }).success).toBe(false);
    }
    expect(held).toBeGreaterThan(2 * golden(name).length);
  },
);

test("[N52] bytes are base64 in JSON, and bytes in MessagePack", () => {
  const data = { object: "o", index: 0, total: 1, sha256: "0".repeat(64), chunk: "AA==" as unknown };
  const event = { type: "event", event: "object.chunk", at: 1, data };
  expect(native.safeParse(event).success).toBe(true);
  expect(native.safeParse({ ...event, data: { ...data, chunk: Uint8Array.of(0) } }).success).toBe(true);
  expect(native.safeParse({ ...event, data: { ...data, chunk: [0] } }).success).toBe(false);
});

test("[B23] the error says where and what, and every fault there is", () => {
  const event = { type: "event", event: "message", at: -1, user: 7, offset: 1.5 };
  const result = native.safeParse(event);
  const issues = [
    { path: ["at"], message: "must be a whole number, 0 or more" },
    { path: ["user"], message: "must be a string" },
    { path: ["offset"], message: "must be a whole number, 0 or more" },
  ];
  expect(result.success).toBe(false);
  expect(!result.success && result.error).toMatchObject({
    issues,
    message: "at: must be a whole number, 0 or more",
    code: "INVALID_MESSAGE_FORMAT",
    retryable: false,
  });
  expect(() => native.parse(event)).toThrow(SchemaError);
  expect(native["~standard"].validate(event)).toEqual({ issues });
});

test("[N15] an answer is held against the kind of answer that it resembles", () => {
  const page = { type: "ack", id: "1", entries: [], has_more: false, epoch: "e", offset: 0 };
  expect(native.safeParse(page).success).toBe(true);
  expect(native["~standard"].validate({ ...page, entries: [{ at: 1, user: "ann" }] })).toEqual({
    issues: [{ path: ["entries", 0, "event"], message: "is missing" }],
  });
  expect(native.of("ack.history").safeParse({ type: "ack", id: "1" }).success).toBe(false);
  expect(native.safeParse({ type: "ack", id: "1" }).success).toBe(true);
});

test("[N3, N54, N55] unknown members and codes are no fault, and null is as good as missing", () => {
  const error = { type: "error", id: null, code: "OF_TOMORROW", message: "no", retryable: true, later: {} };
  expect(native.safeParse(error).success).toBe(true);
  const event = { type: "event", event: "score", at: 1, user: "ann", offset: 7, prev: null, of: null };
  expect(native.safeParse(event).success).toBe(true);
});

test.each([
  [undefined],
  [null],
  [7],
  ["x"],
  [[]],
  [{}],
  [{ type: 7 }],
  [{ type: "dance" }],
  [{ type: "toString" }],
  [{ type: "__proto__" }],
])("[B23] %j is no frame, and is refused without harm", (value) => {
  for (const schema of [client.of("hello"), native, conversation]) {
    expect(schema.safeParse(value).success).toBe(false);
    expect(() => schema.parse(value)).toThrow(SchemaError);
  }
});

test("[B4, B11, B23] webSocketMessageSchema parses what the endpoints of its document say", () => {
  for (const frame of golden("context")) {
    expect(webSocketMessageSchema.parse(frame), JSON.stringify(frame)).toBe(frame);
  }
  const timestamp = "2024-01-01T00:00:00.000Z";
  const data = {
    id: "m1",
    content: "hi",
    author: "Ann",
    authorId: "ann",
    timestamp,
    messageType: "text",
    offset: 1,
  };
  const message = { type: "message", id: "m1", timestamp, data };
  expect(webSocketMessageSchema.parse(JSON.parse(JSON.stringify(message))).data).toEqual(data);
  for (const wrong of [{ timestamp: undefined }, { data: { content: 7 } }, { error: 7 }, { type: 7 }]) {
    expect(webSocketMessageSchema.safeParse({ ...message, ...wrong }).success, JSON.stringify(wrong)).toBe(
      false,
    );
  }
  expect(webSocketMessageSchema.safeParse({ ...message, type: "my.own", data: 7 }).success).toBe(true);
});

test("[B23] what is wrong with a frame is said for the log of the client, and nothing of others", () => {
  const fault = frameValidator(native);
  expect(fault({ type: "position", offset: 7 })).toBeUndefined();
  expect(fault({ type: "position", offset: "x" })).toBe("offset must be a whole number, 0 or more");
  expect(fault({ type: "event", event: "presence", at: 1, data: 7 })).toBe("data must be an object");
  for (const it of [null, undefined, 7, []]) expect(fault(it)).toBe("must be an object");
  expect(fault({})).toBe("type must be a string");
  // What a later server says is not for this client, and no fault (N3).
  expect(fault({ type: "of tomorrow" })).toBeUndefined();
});

test("[B23] any Standard Schema may say it", () => {
  const validate = () => ({ issues: [{ message: "no", path: ["a", 0] }] });
  const refusing = { version: 1, vendor: "dormouse", validate } as const;
  expect(frameValidator({ "~standard": refusing })({ type: "hello" })).toBe("a.0 no");
});
