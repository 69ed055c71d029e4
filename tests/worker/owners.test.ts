// Whose what a room holds is, over HTTP and on sockets (H10, L18, W12, T19).
import { afterAll, beforeAll, expect, test } from "vitest";
import { command, listening, refused } from "../support/asking.ts";
import type { Client } from "../support/client.ts";
import { collaborator, sits } from "../support/editor.ts";
import { workflow } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";
import { largeData, range, request } from "../support/transfer.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({
    MESSAGES_PER_MINUTE: "0",
    BROADCASTS_PER_MINUTE: "0",
    EDITS_PER_SECOND: "0",
    ROOM_EDITS_PER_SECOND: "0",
    CHUNKS_PER_SECOND: "0",
    TRANSFER_QUOTA_BYTES: "40000",
  });
});
afterAll(() => server.stop());

const drop = async (path: string, token: string) =>
  (await server.call("DELETE", path, undefined, token)).status;

test("[H10] a key that a backend set only backends change, and who set a key first drops it", async () => {
  const [ann, bob] = [
    await server.token({ user: "ann", room: "r" }),
    await server.token({ user: "bob", room: "r" }),
  ];
  const socket = async (token: string) => {
    const client = await server.open("/api/v1/ws", { token, contextId: "r" });
    await client.next("connection_established");
    return async (key: string, value: unknown) => {
      client.send({ type: "command", command: "set_state", params: { key, value } });
      await client.until(() => client.frames.length > 1, "the answer");
      return client.frames.pop()?.code ?? "done";
    };
  };
  const [setsAnn, setsBob, setsBackend] = [await socket(ann), await socket(bob), await socket("test")];
  expect(await setsBackend("rules", 1)).toBe("done");
  expect(await setsAnn("rules", 2)).toBe("PERMISSION_DENIED");
  await server.sleep("r", "HUBS");
  expect(await setsAnn("rules", null)).toBe("PERMISSION_DENIED");
  expect(await drop("/api/v1/rooms/hub/r/state/rules", ann)).toBe(403);
  expect(await setsAnn("topic", 1)).toBe("done");
  await server.sleep("r", "HUBS");
  expect(await setsBob("topic", null)).toBe("PERMISSION_DENIED");
  expect(await drop("/api/v1/rooms/hub/r/state/topic", bob)).toBe(403);
  expect(await drop("/api/v1/rooms/hub/r/state/topic", ann)).toBe(200);
  expect(await drop("/api/v1/rooms/hub/r/state/rules", "test")).toBe(200);
});

test("[T19] who made a document deletes it, or an administrator; its session is over", async () => {
  const [ann, bob] = [
    await server.token({ user: "ann", room: "r" }),
    await server.token({ user: "bob", room: "r" }),
  ];
  const makes = async (sessionId: string) => {
    const client = await server.open("/api/collaboration/ws", { token: ann, contextId: "r" });
    client.send({ type: "join_session", data: { sessionId } });
    const data = { operation: "insert", position: 0, content: "x", version: 0 };
    client.send({ type: "edit", data });
    await client.until(() => client.frames.some((it) => it.type === "edit_ack"), "the edit");
    return client;
  };
  const one = await makes("one");
  expect(await drop("/api/v1/rooms/collaboration/r/documents/one", bob)).toBe(403);
  await server.sleep("r", "COLLABORATIONS");
  expect(await drop("/api/v1/rooms/collaboration/r/documents/one", ann)).toBe(204);
  await one.until(() => one.frames.at(-1)?.type === "delete_document", "the end of the session");
  expect(await drop("/api/v1/rooms/collaboration/r/documents/one", ann)).toBe(404);
  const two = await makes("two");
  two.send({ type: "delete_document", data: { sessionId: "two" } });
  await two.until(() => two.frames.at(-1)?.type === "delete_document", "the answer");
  await makes("three");
  expect(await drop("/api/v1/rooms/collaboration/r/documents/three", "test")).toBe(204);
});

/** Of a thousand keys, documents or objects. */
const QUARTER = 250;

const of = (client: Client, type: string) => client.frames.filter((it) => it.type === type);

test("[L18] a user has a quarter of a room's keys, sleep or not, and a backend has no share", async () => {
  const room = server.room();
  const mallory = await listening(server, room, "mallory");
  const set = (client: Client, key: string, value: unknown) => command(client, "set_state", { key, value });
  await Promise.all(range(0, QUARTER).map((it) => set(mallory, `m${it}`, 1)));
  await server.sleep(room, "HUBS");
  const params = { key: "more", value: 1 };
  const one = { type: "command", command: "set_state", params };
  expect((await refused(mallory, one)).code).toBe("CONFLICT");
  await set(mallory, "m0", "what is there changes");
  await set(await listening(server, room, "ann"), "a", "others have their own");
  await set(mallory, "m0", null);
  await set(mallory, "more", "one for one");
  const backend = await listening(server, room, "backend", [], { claims: { role: "service" } });
  await Promise.all(range(0, QUARTER + 1).map((it) => set(backend, `b${it}`, 1)));
});

test("[L18] a user has a quarter of a room's documents, sleep or not", async () => {
  const room = server.room();
  const [mallory, ann] = [
    await collaborator(server, room, "mallory"),
    await collaborator(server, room, "ann"),
  ];
  const edit = (version: number) => ({
    type: "edit",
    data: { operation: "insert", position: 0, content: "x", version },
  });
  for (const at of range(0, QUARTER)) {
    mallory.send({ type: "join_session", data: { sessionId: `m${at}` } });
    mallory.send(edit(0));
  }
  await mallory.until(() => of(mallory, "edit_ack").length === QUARTER, "her share of documents");
  await server.sleep(room, "COLLABORATIONS");
  mallory.send({ type: "join_session", data: { sessionId: "more" } });
  await mallory.upTo("error");
  expect(mallory.frames.at(-1)?.code).toBe("CONFLICT");
  // What is there she edits, and others have their own.
  await sits(mallory, "m7");
  mallory.send(edit(1));
  await mallory.next("edit_ack");
  await sits(ann, "more");
  ann.send(edit(0));
  await ann.next("edit_ack");
  // One for one.
  mallory.send({ type: "delete_document", data: { sessionId: "m0" } });
  await mallory.next("delete_document");
  await sits(mallory, "instead");
  mallory.send(edit(0));
  await mallory.next("edit_ack");
});

/** Sockets of these users where large data is sent. */
const senders = (room: string, ...users: string[]) =>
  Promise.all(users.map(async (user) => workflow(server, room, await server.token({ user, room }))));

const codeOf = async (client: Client) => (await client.next("error")).data.error_code;

test("[L18] a user has a quarter of a room's objects, and of their bytes, sleep or not", async () => {
  const [many, large] = [server.room(), server.room()];
  const sends = (client: Client, id: string, bytes: number) =>
    client.send(largeData(id, 1, bytes).frames[0] as object);
  for (const [room, objects, bytes] of [
    [many, QUARTER, 10],
    [large, 1, 10_000],
  ] as const) {
    const [mallory, ann] = (await senders(room, "mallory", "ann")) as [Client, Client];
    for (const at of range(0, objects)) sends(mallory, `m${at}`, bytes);
    for (const _ of range(0, objects)) await mallory.next("large_data_received");
    await server.sleep(room, "HUBS");
    sends(mallory, "more", 1);
    expect(await codeOf(mallory)).toBe("CONFLICT");
    sends(ann, "more", bytes);
    await ann.next("large_data_received");
    mallory.send({ type: "large_data_delete", data: { data_id: "m0" } });
    await mallory.next("large_data_delete");
    sends(mallory, "instead", bytes);
    await mallory.next("large_data_received");
  }
});

test("[W12] its sender or an administrator deletes an object, and nobody else, on a socket or over HTTP", async () => {
  const room = server.room();
  const [ann, bob] = (await senders(room, "ann", "bob")) as [Client, Client];
  const admin = await workflow(server, room);
  for (const id of ["one", "two", "three", "four"]) {
    ann.send(largeData(id, 1).frames[0] as object);
    await ann.next("large_data_received");
  }
  const forget = (data_id: string) => ({ type: "large_data_delete", id: "f", data: { data_id } });
  const path = (id: string) => `/api/v1/rooms/hub/${room}/objects/${id}`;
  const [hers, his] = [await server.token({ user: "ann", room }), await server.token({ user: "bob", room })];
  bob.send(forget("one"));
  expect(await codeOf(bob)).toBe("PERMISSION_DENIED");
  bob.send(forget("none"));
  expect(await codeOf(bob)).toBe("NOT_FOUND");
  expect(await drop(path("two"), his)).toBe(403);
  await server.sleep(room, "HUBS");
  bob.send(forget("one"));
  expect(await codeOf(bob)).toBe("PERMISSION_DENIED");
  bob.send(request("one"));
  await bob.next("large_data");
  ann.send(forget("one"));
  expect((await ann.next("large_data_delete")).data).toEqual({ data_id: "one" });
  expect(await drop(path("two"), hers)).toBe(204);
  expect(await drop(path("two"), hers)).toBe(404);
  admin.send(forget("three"));
  await admin.next("large_data_delete");
  expect(await drop(path("four"), "test")).toBe(204);
  for (const id of ["one", "two", "three", "four"]) {
    bob.send(request(id));
    expect([id, await codeOf(bob)]).toEqual([id, "NOT_FOUND"]);
  }
  bob.send(largeData("one", 1).frames[0] as object);
  expect((await bob.next("large_data_received")).data.status, "the name is free").toBe("received");
});
