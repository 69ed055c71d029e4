// Edits, deletions, reactions, threads and read markers, in the real Worker and in every protocol.
import { afterAll, beforeAll, expect, test } from "vitest";
import { answer } from "../support/asking.ts";
import { Client } from "../support/client.ts";
import { client, events, publish, workflow } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";
import { Workerd } from "../support/workerd.ts";

let server: Server;
beforeAll(async () => {
  server = await serve();
});
afterAll(() => server.stop());

const history = async (client: Client) => {
  client.send({ type: "history", id: "h" });
  await client.until(() => client.frames.at(-1)?.id === "h", "a page");
  return client.frames.at(-1)?.data.messages;
};

test("[U2, U3, U4] a message is edited, reacted to and deleted, and nothing of it is left, also after sleep", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  const bob = await server.join(room, "bob");
  await ann.next("user_joined");
  ann.say("secret one", "m1");
  const { data: said } = await ann.next("message");
  ann.send({ type: "edit_message", id: "e1", data: { id: said.id, content: "secret two" } });
  const edit = await ann.next("edit_message");
  expect(edit).toMatchObject({
    id: "e1",
    data: { messageId: said.id, of: 1, content: "secret two", offset: 2 },
  });
  bob.send({ type: "reaction", data: { offset: 1, key: "👍" } });
  expect((await ann.next("reaction")).data).toMatchObject({
    of: 1,
    key: "👍",
    on: true,
    count: 1,
    authorId: "bob",
  });
  await server.sleep(room);
  const [message] = await history(bob);
  expect(message).toMatchObject({
    content: "secret two",
    edited: { at: edit.timestamp, user: "ann", offset: 2 },
    reactions: { "👍": { count: 1, users: ["bob"], me: true } },
  });
  bob.send({ type: "delete_message", id: "d0", data: { offset: 1 } });
  await bob.until(() => bob.frames.at(-1)?.code === "PERMISSION_DENIED", "a refusal");
  ann.send({ type: "delete_message", data: { offset: 1 } });
  expect((await ann.next("delete_message")).data).toMatchObject({ of: 1, offset: 4 });
  for (const table of ["entry", "annotated", "reaction", "recent"]) {
    expect(JSON.stringify(await server.sql(room, `SELECT * FROM ${table}`)), table).not.toContain("secret");
  }
  await server.sleep(room);
  expect(await history(bob)).toMatchObject([{ content: "", offset: 1, deleted: { user: "ann", offset: 4 } }]);
  ann.say("secret one", "m1");
  expect((await ann.next("message")).data).toMatchObject({ content: "", offset: 1 });
});

test("[S7, U2, U3] words are found in what was made of a message, and no longer in what it said", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  const found = async (text: string) => {
    const { data } = await answer(ann, { type: "search", data: { text } });
    return data.matches.map((it: { offset: number }) => it.offset);
  };
  ann.say("apples");
  ann.say("pears");
  await ann.settle();
  expect(await found("apples")).toEqual([1]);
  await answer(ann, { type: "edit_message", data: { offset: 1, content: "oranges" } });
  expect([await found("apples"), await found("oranges")]).toEqual([[], [1]]);
  await answer(ann, { type: "delete_message", data: { offset: 1 } });
  await server.sleep(room);
  expect([await found("oranges"), await found("pears")]).toEqual([[], [2]]);
});

test("[U5] a reply names what it answers", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  ann.say("one");
  const { data } = await ann.next("message");
  ann.send({ type: "message", data: { content: "two", replyTo: data.id } });
  expect((await ann.next("message")).data).toMatchObject({ content: "two", replyTo: 1 });
  expect(await history(ann)).toMatchObject([{ replies: 1 }, { replyTo: 1 }]);
  ann.send({ type: "message", id: "x", data: { content: "three", replyTo: 99 } });
  await ann.until(() => ann.frames.at(-1)?.code === "NOT_FOUND", "a refusal");
});

test("[U6, U12] in a hub each protocol hears of it, and a page over HTTP shows it, or the log as it is", async () => {
  const room = server.room();
  const [listener, plain, flow] = await Promise.all([
    events(server, room),
    client(server, room),
    workflow(server, room),
  ]);
  const said = (await publish(server, room, { type: "note", data: { x: 1 } })).json;
  const about = { of: said.offset, id: said.id };
  const edit = await publish(server, room, { type: "edit", data: { of: 1, data: { x: 2 } }, id: "once" });
  expect(edit.json).toMatchObject({ offset: 2, duplicate: false });
  const again = await publish(server, room, { type: "edit", data: { of: 1, data: { x: 2 } }, id: "once" });
  expect(again.json).toMatchObject({ offset: 2, duplicate: true });
  const reaction = { type: "reaction", data: { id: said.id, key: "ok" } };
  expect((await publish(server, room, reaction)).json).toMatchObject({ offset: 3, duplicate: false });
  expect((await publish(server, room, reaction)).json).toMatchObject({ offset: 3, duplicate: true });
  await listener.until(() => listener.frames.at(-1)?.event === "reaction", "a reaction");
  expect(listener.frames.find((it) => it.event === "edit")).toMatchObject({
    offset: 2,
    data: { ...about, data: { x: 2 } },
  });
  await plain.until(() => plain.frames.at(-1)?.type === "reaction", "a reaction");
  expect(plain.frames.find((it) => it.type === "edit")).toMatchObject({ of: 1, data: { x: 2 } });
  await flow.until(() => flow.frames.at(-1)?.type === "reaction", "a reaction");
  expect(flow.frames.find((it) => it.type === "edit")?.data).toEqual({ ...about, data: { x: 2 } });
  const path = `/api/v1/rooms/hub/${room}/events`;
  const page = (await server.call("GET", path)).json;
  expect(page.events).toMatchObject([
    {
      data: { x: 2 },
      edited: { user: "test", offset: 2 },
      reactions: { ok: { count: 1, users: ["test"], me: true } },
    },
  ]);
  const raw = (await server.call("GET", `${path}?raw=true`)).json;
  expect(raw.events.map((it: { type: string }) => it.type)).toEqual(["note", "edit", "reaction"]);
  expect(raw.events[0]).not.toHaveProperty("edited");
  expect((await server.call("GET", `${path}?raw=maybe`)).status).toBe(400);
  const gone = await publish(server, room, { type: "delete", data: { of: 99 } });
  expect(gone.status).toBe(404);
});

test("[U7, U8] how far each has read is told, kept and asked for", async () => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  const bob = await server.join(room, "bob");
  await ann.next("user_joined");
  ann.say("one");
  await ann.next("message");
  bob.send({ type: "read", id: "r", data: { offset: 1 } });
  expect((await ann.next("read")).data).toEqual({ userId: "bob", offset: 1 });
  await bob.until(() => bob.frames.at(-1)?.id === "r", "an answer");
  await server.sleep(room);
  ann.send({ type: "reads", id: "q" });
  expect((await ann.next("reads")).data).toEqual({ reads: { bob: 1 } });
  const { json } = await server.call("GET", `/api/v1/rooms/chat/${room}/reads`);
  expect(json).toEqual({ reads: { bob: 1 } });
});

test("[U9] in a demo room one that calls itself like another changes nothing", async () => {
  const query = { contextId: server.room(), client_id: "ann" };
  const [ann, forger] = await Promise.all([server.open("/ws/demo", query), server.open("/ws/demo", query)]);
  const say = (client: Client, id: string, event: string, data: unknown) =>
    client.send({ type: "command", id, command: "publish", params: { event, data } });
  say(ann, "c1", "note", "hers");
  await ann.until(() => ann.frames.at(-1)?.id === "c1", "an answer");
  say(forger, "c2", "edit", { of: 1, data: "not hers" });
  await forger.until(() => forger.frames.at(-1)?.id === "c2", "an answer");
  expect(forger.frames.at(-1)).toMatchObject({ type: "error", code: "PERMISSION_DENIED" });
});

test("[U3, P11] what was deleted stays deleted when the server is killed, and what was edited edited", async () => {
  const killed = new Workerd();
  try {
    await killed.start();
    const url = () => `${killed.url}/api/chat/ws?token=test&contextId=r`;
    const ann = await Client.open(url());
    for (const content of ["secret", "first"]) {
      ann.say(content);
      await ann.next("message");
    }
    ann.send({ type: "edit_message", data: { offset: 2, content: "second" } });
    ann.send({ type: "reaction", data: { offset: 2, key: "ok" } });
    ann.send({ type: "delete_message", data: { offset: 1 } });
    await ann.until(() => ann.frames.at(-1)?.type === "delete_message", "a deletion");
    await killed.kill();
    await killed.start();
    const page = await history(await Client.open(url()));
    expect(page).toMatchObject([
      { content: "", deleted: { user: "test" } },
      { content: "second", edited: { user: "test" }, reactions: { ok: { count: 1 } } },
    ]);
    expect(JSON.stringify(page)).not.toContain("secret");
  } finally {
    await killed.stop();
  }
});
