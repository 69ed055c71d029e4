// The fake server reads and says what the golden frames of the real one say.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FakeServer, VirtualClock } from "../../src/testing/index.ts";
import { type Told, Wire } from "./wire.ts";

type Case = { title: string; frame: string; id: string | null; command: unknown };
type Bad = { title: string; frame: string | null | { before?: string; list_of?: string; times: number } };
const vectors = JSON.parse(readFileSync("tests/vectors/native.json", "utf8")) as {
  in: Case[];
  bad: Bad[];
  out: Told[];
};

/** Time of the golden frames. */
const NOON = 1_704_110_400_123;

const NAMES: Record<string, string> = { ann: "ANN", bob: "BOB", cid: "CID" };

/** A server on which every token is ann's, or its user's, and who may do everything. */
function serve(): FakeServer {
  const server = new FakeServer({ clock: new VirtualClock(NOON) });
  server.setTokenValidator((token) => {
    const user = token in NAMES ? token : "ann";
    const grants = ["join", "send", "publish", "history", "presence", "admin"] as const;
    return { user, name: NAMES[user] as string, grants: [...grants] };
  });
  return server;
}

/** What no unit test of a front end is served here: documents, large data and metrics. */
const UNSERVED =
  /document|edit of no version|delete that puts|an edit taken back|cursor|chunk|object|metrics/;

const served = vectors.in.filter((it) => !UNSERVED.test(it.title));

test("[N60] most of the golden frames of clients are held against the fake server", () => {
  expect(vectors.in.length - served.length).toBeLessThan(25);
  expect(served.length).toBeGreaterThan(70);
});

test.each(served.map((it) => [it.title, it] as const))(
  "[N60] it reads as the real server does: %s",
  async (_, it) => {
    const server = serve();
    const room = server.room("hub:golden");
    const other = await Wire.join(server, "hub:golden", { token: "bob" });
    const ann = await Wire.join(server, "hub:golden");
    for (let at = 1; at <= 42; at += 1) room.publish("a", at, { user: "ann" });
    room.say({ event: "state.phase", data: { value: "plan" }, user: "ann" });
    await ann.settle();
    const heard = await ann.hears(it.frame);
    const refused = (it.command as { refused?: string } | null)?.refused;
    const answers = heard.filter(({ type }) => type === "ack" || type === "error" || type === "pong");
    if (refused) {
      expect(answers.map(({ code, id = null }) => [code, id])).toEqual([[refused, it.id]]);
      expect([room.offset, other.messages.length]).toEqual([43, 45]);
    } else if (it.title === "the ping the platform answers") {
      expect(heard).toEqual(vectors.out.slice(0, 1));
    } else if (it.title === "a value of a known version") {
      // Another version is what the key has.
      expect(answers).toMatchObject([
        { type: "error", id: it.id, code: "CONFLICT", details: { version: 43 } },
      ]);
    } else {
      expect(answers.map(({ type, id }) => [type, id])).toEqual(it.id === null ? [] : [["ack", it.id]]);
    }
  },
);

/** What a parser of JSON in JavaScript takes, and the server's own does not. */
const LENIENT = ["a type twice", "no UTF-8 or no JSON"];

test.each(
  vectors.bad
    .filter((it) => it.frame !== null && !LENIENT.includes(it.title))
    .map((it) => [it.title, it] as const),
)("[N2] it refuses the whole frame, and without an id: %s", async (_, { frame }) => {
  const server = serve();
  const ann = await Wire.join(server, "hub:golden");
  const text =
    typeof frame === "string"
      ? frame
      : frame?.list_of
        ? `[${Array(frame.times).fill(frame.list_of).join()}]`
        : `${frame?.before?.repeat(frame.times)}1${"}".repeat(frame?.times ?? 0)}`;
  const heard = await ann.hears(text);
  expect(heard).toMatchObject([{ type: "error", code: "INVALID_MESSAGE_FORMAT", retryable: false }]);
  expect("id" in (heard[0] as Told)).toBe(false);
});

const golden = (holds: (it: Told) => boolean): Told[] => {
  const found = vectors.out.filter(holds);
  expect(found.length, String(holds)).toBeGreaterThan(0);
  return found;
};

test("[N4, N6, N12, N60] its hello is the golden one", async () => {
  const server = serve();
  const room = server.room("hub:golden");
  for (let at = 1; at <= 42; at += 1) room.publish("a", at);
  const hellos = golden(({ type }) => type === "hello");
  const queries: Array<Record<string, string>> = [
    { client_id: "abc-123" },
    {},
    { client_id: "abc-123", resume: `${room.epoch}:42` },
  ];
  for (const [at, query] of queries.entries()) {
    const { messages } = await Wire.join(server, "hub:golden", query);
    const expected = hellos[at] as Told;
    const { session_id, client_id } = messages[0] as Told;
    expect(client_id).toBe(query.client_id ?? session_id);
    const own = {
      room: "hub:golden",
      epoch: room.epoch,
      session_id,
      client_id,
      server_time: server.clock.now() - 1,
    };
    const may = { features: room.features, grants: expect.arrayContaining(expected.grants) };
    expect(messages[0]).toEqual({ ...expected, ...own, ...may });
  }
  room.log.trim(1);
  const { hello } = await Wire.join(server, "hub:golden", { resume: `${room.epoch}:7` });
  const gone = golden((it) => it.reason === "gone")[0] as Told;
  expect(hello).toMatchObject({ reason: gone.reason, recovered: gone.recovered, first: 42, from: 42 });
  expect(Object.keys(hello).sort()).toEqual(Object.keys(gone).sort());
});

test("[N9, N18, N33, N60] its events are the golden ones", async () => {
  const server = serve();
  const room = server.room("chat:golden");
  for (let at = 1; at <= 40; at += 1) room.publish("a", at);
  const ann = await Wire.join(server, "chat:golden");
  const said = async (who: string, name: string, data: unknown, more = {}) => {
    const wire = await Wire.join(server, "chat:golden", { token: who, present: "0" });
    await wire.publish(name, data, more);
    return ann.events().at(-1) as Told;
  };
  const at = expect.any(Number);
  const [entry] = golden((it) => it.event === "message" && it.offset === 42);
  expect(await said("ann", "message", { content: "entry 41" })).toMatchObject({ offset: 41 });
  expect(await said("ann", "message", { content: "entry 42" })).toEqual({ ...entry, at });
  for (const it of golden(
    ({ event, user }) => /^(agent.started|score|broadcast)$/.test(event) && user === "ann",
  )) {
    expect(await said("ann", it.event, it.data)).toEqual({ ...it, at, offset: room.offset });
  }
  const [reply] = golden((it) => it.event === "message" && it.of !== undefined);
  expect(await said("bob", "message", { content: "A reply" }, { of: 41 })).toEqual({
    ...reply,
    at,
    offset: room.offset,
  });
  const [edit] = golden((it) => it.event === "edit" && it.data?.messageType === "markdown");
  expect(await said("ann", "edit", edit?.data, { of: 41 })).toEqual({ ...edit, at, offset: room.offset });
  const [on, off] = golden((it) => it.event === "reaction") as [Told, Told];
  await said("bob", "reaction", { key: on.data.key }, { of: 41 });
  expect(await said("ann", "reaction", { key: on.data.key }, { of: 41 })).toEqual({
    ...on,
    at,
    offset: room.offset,
  });
  await said("ann", "reaction", { key: off.data.key, on: true }, { of: 41 });
  expect(await said("ann", "reaction", { key: off.data.key, on: false }, { of: 41 })).toEqual({
    ...off,
    at,
    offset: room.offset,
  });
  const [deletion] = golden((it) => it.event === "delete");
  expect(await said("ann", "delete", undefined, { of: 41 })).toEqual({
    ...deletion,
    at,
    offset: room.offset,
  });
  const again = await Wire.join(server, "chat:golden", { resume: `${room.epoch}:40` });
  const [deleted] = golden((it) => it.event === "message" && it.deleted === true);
  expect(again.events()[0]).toEqual({ ...deleted, at });
});

test("[N61, N60] its events of the state are the golden ones", async () => {
  const server = serve();
  const ann = await Wire.join(server, "hub:golden");
  const [set, dropped] = golden((it) => it.event === "state.phase") as [Told, Told];
  const command = (value: unknown) => ({
    type: "command",
    command: "set_state",
    params: { key: "phase", value },
  });
  const [accepted] = golden((it) => it.type === "ack" && "offset" in it && it.id === "c1" && !it.duplicate);
  const { epoch } = ann.hello;
  expect(await ann.ask({ ...command(set.data.value), id: "c1" })).toEqual({ ...accepted, epoch, offset: 1 });
  const [twice] = golden((it) => it.id === "c1" && it.duplicate);
  expect(await ann.ask({ ...command(set.data.value), id: "c1" })).toEqual({ ...twice, epoch, offset: 1 });
  const at = expect.any(Number);
  expect(ann.events("state.phase")[0]).toEqual({ ...set, at, offset: 1 });
  const [state] = golden((it) => it.result?.entries?.[0]?.key === "phase");
  expect(await ann.ask({ type: "query", query: "state", id: state?.id })).toEqual({
    ...state,
    result: { entries: [{ ...state?.result.entries[0], version: 1 }], offset: 1 },
  });
  await ann.ask(command(null));
  expect(ann.events("state.phase")[1]).toEqual({ ...dropped, at, offset: 2 });
  const [conflict] = golden((it) => it.code === "CONFLICT");
  const refused = await ann.ask({
    ...command(1),
    id: "c1x",
    params: { key: "phase", value: 1, if_version: 7 },
  });
  expect(refused).toEqual({ ...conflict, id: "c1x", message: expect.any(String), details: { version: 0 } });
});

test("[N32, N33, N60] its pages are the golden ones", async () => {
  const server = serve();
  const room = server.room("chat:golden");
  for (let at = 1; at <= 40; at += 1) room.publish("a", at);
  const ann = await Wire.join(server, "chat:golden");
  const text = (content: string) => ({ content, messageType: "text" });
  room.publish("message", text("entry 41"), { user: "ann", name: "ANN" });
  room.publish("message", text("entry 42"), { user: "bob", name: "BOB" });
  const [page] = golden((it) => it.id === "h1");
  const at = expect.any(Number);
  const aged = (it: Told) => ({
    ...it,
    epoch: room.epoch,
    entries: it.entries.map((entry: Told) => ({
      ...entry,
      at,
      // What the golden frame has as text is a number on the wire (N33).
      ...(entry.edited && { edited: { ...entry.edited, at } }),
      ...(entry.deleted && { deleted: { ...entry.deleted, at } }),
    })),
  });
  expect(await ann.ask({ type: "history", id: "h1", limit: 2 })).toEqual(aged(page as Told));
  const [upwards] = golden((it) => it.id === "h2");
  const up = await ann.ask({ type: "history", id: "h2", after: 8, limit: 1 });
  expect(up).toEqual({
    ...aged(upwards as Told),
    entries: [{ at, data: 9, event: "a", offset: 9, user: "backend" }],
  });
  const [folded] = golden((it) => it.id === "h3") as [Told];
  await ann.publish("edit", { content: "entry 41" }, { of: 41 });
  for (const token of ["bob", "cid"]) {
    const wire = await Wire.join(server, "chat:golden", { token });
    await wire.publish("reaction", { key: "👍" }, { of: 41 });
  }
  room.publish("message", text("entry 44"), { user: "bob", name: "BOB", of: 41 });
  const { entries } = (await ann.ask({ type: "history", before: 47, limit: 3 })) as Told;
  const [first] = aged(folded).entries as [Told];
  const { "👍": thumbs } = first.reactions;
  expect(entries[0]).toEqual({
    ...first,
    edited: { ...first.edited, offset: 43 },
    // The golden page is read by one who reacted.
    reactions: { "👍": { ...thumbs, me: false } },
  });
  expect(entries.at(-1)).toEqual({ ...aged(folded).entries[2], offset: 46 });
});

test("[N34, N36, N38, N60] who is here is told as the golden frames tell it", async () => {
  const server = serve();
  const ann = await Wire.join(server, "hub:golden", { token: "bob" });
  const [join, update, leave] = golden((it) => it.event === "presence" && it.user) as [Told, Told, Told];
  const at = expect.any(Number);
  const one = await Wire.join(server, "hub:golden");
  const two = await Wire.join(server, "hub:golden");
  await two.ask({ type: "command", command: "presence.enter", params: { data: update.data.data } });
  expect(ann.events("presence")[0]).toEqual({ ...join, at });
  expect(ann.events("presence").at(-1)).toEqual({ ...update, at });
  const [members] = golden((it) => it.id === "w1") as [Told];
  const answer = await ann.ask({ type: "presence", id: "w1" });
  expect(answer).toEqual({
    ...members,
    connections: 3,
    users: 2,
    members: [members.members[0], { ...members.members[1], name: "BOB" }],
  });
  one.socket.close();
  two.socket.close();
  await ann.clock.advance(6_000);
  expect(ann.events("presence").at(-1)).toEqual({ ...leave, at });
});

test("[N14, N43, N60] the ends that it tells are the golden ones", async () => {
  const server = serve();
  const ann = await Wire.join(server, "hub:golden");
  const bob = await Wire.join(server, "hub:golden", { token: "bob" });
  const ends = golden((it) => it.type === "detached") as [Told, Told];
  server.expire("ann");
  await ann.settle();
  expect(ann.messages.at(-1)).toEqual(golden((it) => it.type === "reauth")[0]);
  const [renewed] = golden((it) => it.id === "a1") as [Told];
  const ack = await ann.ask({ type: "auth", id: "a1", token: "ann" });
  expect(ack).toEqual({
    ...renewed,
    expires_at: null,
    grants: { "hub:golden": expect.arrayContaining(["join"]) },
  });
  const [kicked] = golden((it) => it.result?.kicked) as [Told];
  expect(await bob.ask({ type: "command", id: "k1", command: "kick", params: { user_id: "ann" } })).toEqual({
    ...kicked,
    result: { kicked: 1 },
  });
  const message = expect.any(String);
  expect(ann.messages.at(-1)).toEqual({ ...ends[0], message });
  server.newEpoch("hub:golden");
  await bob.settle();
  expect(bob.messages.at(-1)).toEqual({ ...ends[1], message });
});
