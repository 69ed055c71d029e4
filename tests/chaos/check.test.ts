// The checker must find what it is there for: each history here breaks one promise.
import { expect, test } from "vitest";
import { check } from "./check.ts";
import {
  type ClientHistory,
  type Entry,
  type History,
  nothing,
  type Said,
  type Span,
  type Wiped,
} from "./history.ts";

const ROOM = "hub:r";

const log = (...texts: string[]): Entry[] =>
  texts.map((text, at) => ({ offset: at + 1, id: `event_${at + 1}`, text }));

const client = (more: Partial<ClientHistory> = {}): ClientHistory => ({
  name: "ann",
  dialect: "native",
  room: ROOM,
  told: "log",
  spans: [],
  published: [],
  ...more,
});

/** A reader that was shown these, from the beginning. */
const shown = (...seen: [offset: number, text: string][]) =>
  client({ spans: [{ from: 0, seen: seen.map(([offset, text]) => ({ offset, text })) }] });

const live = (...texts: string[]) =>
  client({ told: "live", spans: [{ from: 0, seen: texts.map((text) => ({ text })) }] });

const history = (http: Entry[], more: Partial<History> = {}): History => ({
  ...nothing(),
  rooms: [{ name: ROOM, http, native: http }],
  deliveries: [{ room: ROOM, arrivals: http.map(({ id, offset }) => ({ id, offset, isTaken: true })) }],
  ...more,
});

const found = (it: History) => check(it).map(({ invariant }) => invariant);

const ABC = log("a", "b", "c");

test("a run in which nothing went wrong has no violation", () => {
  const published = [
    { text: "a", state: "acked", offset: 1 },
    { text: "b", state: "acked" },
    { text: "never", state: "ambiguous" },
  ] as const;
  const it = history(ABC, {
    clients: [
      client({ published: [...published], spans: [{ from: 3, seen: [] }] }),
      shown([1, "a"], [2, "b"], [3, "c"]),
      live("a", "c"),
    ],
    presence: [{ room: ROOM, by: "HTTP", listed: ["ann", "bob"], connected: ["bob", "ann"] }],
    conversations: [{ name: "c", messages: ["m", "n"], responses: ["m"], answered: ["m"], refused: ["n"] }],
    documents: [
      {
        room: "d",
        replicas: [
          { by: "x", text: "one.two." },
          { by: "y", text: "one.two." },
        ],
        acked: ["one."],
        ambiguous: ["six."],
      },
    ],
    erasures: [{ text: "gone-1.", room: ROOM, files: [] }],
  });
  expect(check(it)).toEqual([]);
});

test.each([
  ["an acknowledged message that is not in the log", [{ text: "z", state: "acked" }], ["lost"]],
  ["one whose offset is past the log", [{ text: "d", state: "acked", offset: 4 }], ["lost"]],
  ["one at whose offset something else stands", [{ text: "z", state: "acked", offset: 2 }], ["lost"]],
  ["one that was never answered", [{ text: "z", state: "open" }], ["unanswered"]],
  ["one that is ambiguous may be missing", [{ text: "z", state: "ambiguous" }], []],
] as const)("what was said: %s", (_, published, expected) => {
  const spans = [{ from: 3, seen: [] }];
  expect(found(history(ABC, { clients: [client({ published: [...published], spans })] }))).toEqual(expected);
});

test.each([
  ["a hole", [...log("a", "b"), { offset: 4, id: "event_4", text: "c" }], ["offsets"]],
  ["the same text twice", log("a", "b", "a"), ["doubled"]],
  ["the same id twice", [...log("a"), { offset: 2, id: "event_1", text: "b" }], ["doubled"]],
] as const)("the log: %s", (_, entries, expected) => {
  expect(found(history([...entries]))).toEqual(expected);
});

test("two doors to a log that show different things", () => {
  const it = history(ABC);
  it.rooms = [{ name: ROOM, http: ABC, native: ABC.slice(0, 2) }];
  expect(found(it)).toEqual(["offsets"]);
});

test.each([
  ["an event twice", shown([1, "a"], [2, "b"], [2, "b"], [3, "c"]), ["doubled"]],
  ["two events in another order", shown([2, "b"], [1, "a"], [3, "c"]), ["gap", "reordered"]],
  ["an event that is left out", shown([1, "a"], [3, "c"]), ["gap"]],
  ["the end that is left out", shown([1, "a"], [2, "b"]), ["gap"]],
  ["something that is not in the log", shown([1, "a"], [2, "b"], [3, "c"], [4, "d"]), ["lost"]],
  ["something else than stands there", shown([1, "a"], [2, "x"], [3, "c"]), ["lost"]],
  ["by text, an event twice", live("a", "a"), ["doubled"]],
  ["by text, another order", live("b", "a"), ["reordered"]],
  ["by text, something that is not in the log", live("a", "x"), ["lost"]],
] as const)("what a client is shown: %s", (_, reader, expected) => {
  expect(found(history(ABC, { clients: [reader] }))).toEqual(expected);
});

test("a client that is told that it cannot go on", () => {
  const spans = [
    { from: 0, seen: [{ offset: 1, text: "a" }] },
    { from: 2, reason: "ahead", seen: [{ offset: 3, text: "c" }] },
  ];
  expect(found(history(ABC, { clients: [client({ spans })] }))).toEqual(["gap"]);
});

test("a client that does not come back", () => {
  const spans = [{ from: 3, seen: [] }];
  expect(found(history(ABC, { clients: [client({ spans, isAway: true })] }))).toEqual(["away"]);
});

test("what was edited or deleted since may have been shown as it was", () => {
  const entries = ABC.map((it) => (it.offset === 2 ? { ...it, text: "", isAmended: true } : it));
  const clients = [
    shown([1, "a"], [2, "b"], [3, "c"]),
    { ...live("a", "b"), published: [{ text: "b", state: "acked" as const, offset: 2 }] },
  ];
  const erasures = [{ text: "b", room: ROOM, files: [] }];
  expect(check(history(entries, { clients, erasures }))).toEqual([]);
  expect(found(history(entries, { clients }))).toEqual(["lost"]);
});

test("who is listed and not there, and who is there and not listed", () => {
  const presence = [{ room: ROOM, by: "HTTP", listed: ["ann", "eve"], connected: ["ann", "bob"] }];
  expect(found(history(ABC, { presence }))).toEqual(["ghost", "absent"]);
});

test("an entry of which no service was told, or only by a call that failed", () => {
  const arrivals = [
    { id: "event_1", offset: 1, isTaken: true },
    { id: "event_2", offset: 2, isTaken: false },
  ];
  const it = history(ABC, { deliveries: [{ room: ROOM, arrivals }] });
  expect(check(it)).toMatchObject([{ invariant: "undone", what: expect.stringContaining("2 entries") }]);
});

test("entries that a service was told in another order, but not those that are told again", () => {
  const told = (...offsets: number[]) =>
    offsets.map((offset) => ({ id: `event_${offset}`, offset, isTaken: true }));
  const arrivals = (...offsets: number[]) => [{ room: ROOM, arrivals: told(...offsets) }];
  expect(found(history(ABC, { deliveries: arrivals(1, 2, 1, 2, 3) }))).toEqual([]);
  expect(found(history(ABC, { deliveries: arrivals(2, 1, 3) }))).toEqual(["reordered"]);
});

test.each([
  ["without a response", { messages: ["m"] }, ["undone"]],
  ["with two", { messages: ["m"], responses: ["m", "m"] }, ["doubled"]],
  ["that stands twice", { messages: ["m", "m"], responses: ["m"] }, ["doubled"]],
  ["whose response was shown and is lost", { answered: ["m"] }, ["lost"]],
] as const)("a message of a conversation %s", (_, it, expected) => {
  const none = { name: "c", messages: [], responses: [], answered: [], refused: [] };
  const { messages, responses, answered, refused } = { ...none, ...it };
  const lists = { messages: [...messages], responses: [...responses], answered: [...answered] };
  const conversations = [{ name: "c", ...lists, refused: [...refused] }];
  expect(found(history(ABC, { conversations }))).toEqual(expected);
});

test.each([
  ["that differ", ["one.two.", "two.one."], ["one."], ["diverged"]],
  ["in which a word is missing", ["two.", "two."], ["one."], ["lost"]],
  ["in which a word stands twice", ["one.one.", "one.one."], ["one."], ["doubled"]],
] as const)("texts %s", (_, [x, y], acked, expected) => {
  const replicas = [
    { by: "x", text: x },
    { by: "y", text: y },
  ];
  const documents = [{ room: "d", replicas, acked: [...acked], ambiguous: [] }];
  expect(found(history(ABC, { documents }))).toEqual(expected);
});

test("deleted content that is in a file", () => {
  const erasures = [{ text: "gone-1.", room: ROOM, files: ["room.sqlite"] }];
  expect(check(history(ABC, { erasures }))).toEqual([
    { invariant: "undeleted", room: ROOM, what: "gone-1. was deleted, and stands in room.sqlite" },
  ]);
});

test.each([
  ["nothing of these", "hub:r was entered by 5704de18fc6045e4 at 1.5", []],
  ["a token", `GET /ws?token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.x`, ["line 2 shows a token"]],
  ["a secret", `JWT_SECRET is a secret of 32 bytes`, ["line 2 shows the secret of tokens"]],
  ["what was said", `{"content":"json-1-2."}`, ["line 2 shows what was said"]],
  ["a metric", "m.0=7.", ["line 2 shows what was said"]],
] as const)("what the server printed shows %s, and the violation does not repeat it", (_, line, expected) => {
  const secrets = { "the secret of tokens": "a secret of 32 bytes" };
  const said = ["json-1-2.", "m.0=7."];
  const printed = [{ by: "workerd", lines: ["ready", line], secrets, said }];
  expect(check(history(ABC, { printed }))).toEqual(
    expected.map((what) => ({ invariant: "leaked", room: "workerd", what })),
  );
});

const LOG_OF_METRICS = log("a=1.", "b=2.", "a=3.");

/** Who was told these of `a`, updates but for those of a subscription, and is connected. */
const watcher = (...seen: (number | null | { last: number | null })[]) => {
  const samples = seen.map((it) =>
    it !== null && typeof it === "object"
      ? { metric: "a", value: it.last, isUpdate: false }
      : { metric: "a", value: it, isUpdate: true },
  );
  return { by: "dora", seen: [...samples, { metric: "b", value: 2, isUpdate: true }], isHere: true };
};

test.each([
  ["what is published, as it is", watcher({ last: null }, 1, 3), 3, []],
  ["less, and what is left out when it comes back", watcher(1, { last: 3 }, { last: 3 }), 3, []],
  ["a value twice", watcher(1, 1, 3), 3, ["doubled"]],
  ["again what its subscription said", watcher({ last: 3 }, 3), 3, ["doubled"]],
  ["an older value", watcher(3, 1), 3, ["reordered"]],
  ["by a subscription, an older value than it knows", watcher(3, { last: 1 }, 4), 3, ["stale"]],
  ["no more, though it is connected", watcher(1), 3, ["gap"]],
  ["in the end, an older value than was published", watcher(3), 1, ["stale"]],
] as const)("who watches a metric is told %s", (_, it, value, expected) => {
  const last = [
    { metric: "a", value, isUpdate: false },
    { metric: "b", value: 2, isUpdate: false },
  ];
  expect(found(history(LOG_OF_METRICS, { metrics: [{ room: ROOM, watchers: [it], last }] }))).toEqual([
    ...expected,
  ]);
});

test("values of a metric that stand in the log in another order than they were said", () => {
  const last = [{ metric: "a", value: 1, isUpdate: false }];
  const metrics = [{ room: ROOM, watchers: [], last }];
  expect(found(history(log("a=3.", "a=1."), { metrics }))).toEqual(["reordered"]);
});

const [SHA, OTHER] = ["a".repeat(64), "b".repeat(64)];

test.each([
  ["received, and served as it was sent", "acked", SHA, []],
  ["received, and not there", "acked", "NOT_FOUND", ["lost"]],
  ["received, of which a part is missing", "acked", "CONFLICT", ["lost"]],
  ["received, and served with other bytes", "acked", OTHER, ["diverged"]],
  ["deleted, and not there", "deleted", "NOT_FOUND", []],
  ["deleted, and served", "deleted", SHA, ["undeleted"]],
  ["deleted, of which a part is there", "deleted", "CONFLICT", ["undeleted"]],
  ["never received", "open", "CONFLICT", ["unanswered"]],
  ["whose deletion has no answer", "deleting", SHA, ["unanswered"]],
] as const)("large data that was %s", (_, state, served, expected) => {
  const objects = [{ room: ROOM, id: "o", sha256: SHA, state, found: served }];
  expect(found(history(ABC, { objects }))).toEqual(expected);
});

/** Said from this moment to the next, at this offset of log x or y. */
const said = (began: number, epoch: string, offset: number, text = `${epoch}${offset}`): Said => ({
  text,
  epoch,
  offset,
  began,
  ended: began + 1,
});

const span = (epoch: string, from: number, offsets: number[], more: Partial<Span> = {}): Span => ({
  from,
  epoch,
  seen: offsets.map((offset) => ({ offset, text: `${epoch}${offset}` })),
  ...more,
});

const reader = (...spans: Span[]) => ({ by: "bob", spans, isHere: true });

/** Two were said in log x, which was then erased, and one in log y. */
const wiped = (more: Partial<Wiped> = {}): Partial<History> => ({
  wiped: [
    {
      room: ROOM,
      said: [said(0, "x", 1), said(2, "x", 2), said(8, "y", 1)],
      erasures: [{ began: 4, ended: 6 }],
      readers: [reader(span("x", 0, [1, 2]), span("y", 0, [1], { reason: "epoch" }))],
      epoch: "y",
      log: log("y1"),
      ...more,
    },
  ],
});

test("a room that was erased has the log that began then, and who reads it was told so", () => {
  expect(check(history(ABC, wiped()))).toEqual([]);
  // Offset 0 is before the first entry of any log.
  const readers = [reader(span("x", 0, []), span("y", 0, [1]))];
  expect(check(history(ABC, wiped({ readers })))).toEqual([]);
});

test.each([
  [
    "that goes on in the same log",
    { said: [said(0, "y", 1), said(8, "y", 2)], log: log("y1", "y2") },
    ["mixed"],
  ],
  [
    "whose first log comes back",
    { said: [said(0, "y", 1), said(2, "x", 1), said(8, "y", 2)], log: log("y1", "y2"), erasures: [] },
    ["mixed"],
  ],
  ["of which a text is in the log that follows", { log: log("y1", "x2") }, ["undeleted"]],
  ["that has lost what was said since", { log: [] }, ["lost"]],
  ["that has it at another offset", { log: log("more", "y1") }, ["lost"]],
  ["whose new log begins later", { said: [], log: log("x", "y1").slice(1) }, ["offsets"]],
  ["whose new log has a text twice", { log: log("y1", "z", "z") }, ["doubled"]],
  [
    "that gave a place twice",
    { said: [said(0, "x", 1), said(2, "x", 1, "z"), said(8, "y", 1)] },
    ["doubled"],
  ],
  ["that gave a later one an earlier place", { said: [said(0, "x", 2), said(2, "x", 1)] }, ["reordered"]],
] as const)("an erased room %s", (_, more, expected) => {
  const it = { readers: [], ...more } as Partial<Wiped>;
  expect(found(history(ABC, wiped(it)))).toEqual([...expected]);
});

const OTHER_LOG = { reason: "epoch" };

test.each([
  ["is let go on in another log", [span("x", 0, [1, 2]), span("y", 1, [])], ["mixed"]],
  [
    "comes back to a log that was erased",
    [span("y", 0, [1]), span("x", 0, [1], OTHER_LOG), span("y", 1, [], OTHER_LOG)],
    ["mixed"],
  ],
  ["cannot go on in a log that there is", [span("y", 0, [1]), span("y", 1, [], { reason: "gone" })], ["gap"]],
  [
    "is shown what was erased, in the log that follows",
    [
      span("y", 0, [], {
        seen: [
          { offset: 1, text: "y1" },
          { offset: 2, text: "x2" },
        ],
      }),
    ],
    ["mixed"],
  ],
  [
    "is shown something else than was said there",
    [span("y", 0, [], { seen: [{ offset: 1, text: "z" }] })],
    ["mixed"],
  ],
  ["is shown an entry twice", [span("y", 0, [1, 1])], ["doubled"]],
  ["is shown one that was before", [span("y", 1, [0])], ["reordered"]],
  ["is not shown an entry", [span("x", 0, [2]), span("y", 1, [], OTHER_LOG)], ["gap"]],
  ["is not shown the end", [span("y", 0, [])], ["gap"]],
  ["is not told that there is another log", [span("x", 0, [1, 2])], ["gap"]],
] as const)("a reader of an erased room %s", (_, spans, expected) => {
  expect(found(history(ABC, wiped({ readers: [reader(...spans)] })))).toEqual([...expected]);
});
