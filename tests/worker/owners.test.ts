// Whose what a room holds is, over HTTP and on sockets (H10, L18, W12, T19).
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve();
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
