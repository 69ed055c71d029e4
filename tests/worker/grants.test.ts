// What a token opens, and what it does not: users' own rooms, who is here, numbers of other rooms.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client, Frame } from "../support/client.ts";
import { sits } from "../support/editor.ts";
import { publish, told } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ BROADCASTS_PER_MINUTE: "4", USER_SHARE_PERCENT: "100", PRESENCE_GRACE_MS: "0" });
});
afterAll(() => server.stop());

const DENIED = "PERMISSION_DENIED";
const UNSEEING = ["join", "send", "history"];
const can = (...caps: [string, string[]][]) => ({ caps: caps.map(([room, can]) => ({ room, can })) });
const typed = (type: string, data: object) => ({ type, data });

/** The next frame of this type, whatever comes before it. */
async function heard(client: Client, type: string): Promise<Frame> {
  await client.upTo(type);
  return client.frames.findLast((it) => it.type === type) as Frame;
}

/** A socket of the context protocol, of somebody who may do this. */
async function open(kind: string, room: string, user: string, claims: object): Promise<Client> {
  const token = await server.token({ user, claims });
  const client = await server.open(`/api/${kind}/ws`, { token, contextId: room });
  await client.settle();
  return client;
}

test("[R5] a user's own room opens to them and to who names it, by every door, and not to `*`", async () => {
  const own = "user:dora";
  const path = `/api/v1/rooms/hub/${own}/events`;
  for (const claims of [
    { contexts: "*", role: "admin" },
    { contexts: ["*", own] },
    can(["*", ["join", "publish", "history"]], ["hub:*", ["join", "publish", "history"]]),
  ]) {
    const token = await server.token({ user: "eve", claims });
    for (const at of ["/ws", "/api/v1/ws", "/ws/client"]) {
      const eve = await server.open(at, { token, contextId: own, client_id: "c" });
      const { code, data } = await eve.next("error");
      expect([at, code ?? data.error_code]).toEqual([at, DENIED]);
      expect((await eve.closed()).code).toBe(1008);
    }
    expect((await server.call("GET", path, undefined, token)).status).toBe(403);
    expect((await publish(server, own, { type: "x" }, token)).status).toBe(403);
    const batch = { events: [{ room: `hub:${own}`, type: "x" }] };
    expect((await server.call("POST", "/api/v1/events", batch, token)).text).toContain(DENIED);
  }
  const dora = await server.open("/ws", { token: await server.token({ user: "dora" }) });
  await told(dora);
  const backend = await server.token({ user: "backend", claims: can(["hub:user:*", ["publish"]]) });
  expect((await publish(server, own, { type: "for.dora", data: 1 }, backend)).status).toBe(200);
  expect(await told(dora)).toMatchObject([{ type: "for.dora", data: 1 }]);
});

test("[P13] typing names nobody to who may not see who is here", async () => {
  const room = server.room();
  const [ann, bob] = [await server.join(room, "ann"), await server.join(room, "bob")];
  const eve = await open("chat", room, "eve", can([`chat:${room}`, UNSEEING]));
  ann.send(typed("typing", { isTyping: true }));
  expect((await heard(bob, "typing")).data).toEqual({ userId: "ann", isTyping: true });
  expect((await eve.settle()).map((it) => it.type)).toEqual([]);
});

test("[T17] cursors go to those who may see who is here; edits to everyone in the session", async () => {
  const room = server.room();
  const everybody = { contexts: room };
  const ann = await open("collaboration", room, "ann", everybody);
  const bob = await open("collaboration", room, "bob", everybody);
  const eve = await open("collaboration", room, "eve", can([`collaboration:${room}`, UNSEEING]));
  for (const client of [ann, bob, eve]) await sits(client, "d");
  ann.send(typed("cursor", { position: 0 }));
  ann.send(typed("edit", { operation: "insert", position: 0, content: "x", version: 0 }));
  expect((await heard(bob, "cursor")).data.userId).toBe("ann");
  await eve.upTo("edit");
  expect(JSON.stringify(eve.frames)).not.toContain("cursor");
});

test("[M6] the numbers of a chat room take presence in that chat room", async () => {
  const room = server.room();
  const analytics: [string, string[]] = [`analytics:${room}`, ["join", "presence"]];
  const eve = await open("analytics", room, "eve", can(analytics, [`chat:${room}`, ["join"]]));
  eve.send(typed("subscribe", { metrics: ["activity", "score"] }));
  expect(await eve.refusal()).toBe(DENIED);
  eve.send(typed("subscribe", { metrics: ["score"] }));
  expect((await eve.next("subscribe")).data.metrics).toHaveLength(1);
  const dora = await open("analytics", room, "dora", can(analytics, [`chat:${room}`, ["presence"]]));
  dora.send(typed("subscribe", { metrics: ["activity"] }));
  await dora.next("subscribe");
  const ann = await server.join(room, "ann");
  ann.say("hello");
  expect((await dora.next("metric_update")).data).toMatchObject({ metric: "activity", value: 1 });
  expect((await eve.settle()).filter((it) => it.type === "metric_update")).toEqual([]);
});

test.each([
  ["stayed awake", false],
  ["slept", true],
])("[L2] a room that %s counts anew when it was erased", async (_, sleeps) => {
  const room = server.room();
  const ann = await server.join(room, "ann");
  for (let i = 0; i < 4; i++) ann.say(`${i}`);
  ann.say("one too many");
  expect((await heard(ann, "error")).code).toBe("RATE_LIMIT_EXCEEDED");
  const bob = await server.join(room, "bob");
  await bob.settle();
  if (sleeps) await server.sleep(room);
  const erased = await server.call("DELETE", `/api/v1/rooms/chat/${room}?confirm=${room}`);
  expect(erased.status).toBe(204);
  await bob.closed();
  if (sleeps) await server.sleep(room);
  const cid = await server.join(room, "cid");
  for (let i = 0; i < 4; i++) cid.say(`${i}`);
  const offsets = (await cid.settle()).filter((it) => it.type === "message").map((it) => it.data.offset);
  expect(offsets).toEqual([1, 2, 3, 4]);
});

test("[R4] a display name shows what it is", async () => {
  const room = server.room();
  const witness = await server.join(room, "witness");
  for (const [name, shown] of [
    ["\u202Enimda", "nimda"],
    ["An\u200Bn\u0000 \u001B[1mLee\n", "Ann [1mLee"],
    ["\u2066\uFEFF", "ann"],
  ] as const) {
    const ann = await server.join(room, "ann", { name });
    ann.say("hello");
    expect((await heard(witness, "message")).data).toMatchObject({ author: shown, authorId: "ann" });
    await ann.leave();
    await witness.upTo("user_left");
  }
  for (const user of ["..", "a\u202Eb", "a\u0000", "\u200B"]) {
    const client = await server.chat({ token: await server.token({ user, room }), contextId: room });
    expect(await client.refusal()).toBe("AUTHENTICATION_FAILED");
  }
});
