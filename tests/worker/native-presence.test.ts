// Who is here and who is typing, by the native protocol, in both encodings.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Asked, Native, type Said } from "../support/native.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ PRESENCE_GRACE_MS: "4000", PRESENCE_MEMBERS_MAX: "5", TYPING_TIMEOUT_MS: "3000" });
});
afterAll(() => server.stop());

const both = (title: string, run: (format: "json" | "msgpack") => Promise<void>) =>
  test.concurrent.each(["json", "msgpack"] as const)(`${title}, in %s`, run);

async function join(room: string, user: string, asked: Asked = {}): Promise<Native> {
  const name = room.slice(room.indexOf(":") + 1);
  return Native.join(server.ws, room, { token: await server.token({ user, room: name }), ...asked });
}

const command = (who: Native, name: string, data?: unknown) =>
  who.ask({ type: "command", command: `presence.${name}`, params: { data } });

const events = (who: Native, name = "presence") =>
  who.messages.filter((it) => it.type === "event" && it.event === name);

const seen = (it: Said) =>
  [it.user, it.data.action, it.data.connections, it.data.data].filter((part) => part !== undefined);

const members = async (who: Native) =>
  ((await who.ask({ type: "presence" })).members as Said[]).map((it) =>
    [it.user, it.connections, it.data].filter((part) => part !== undefined),
  );

both("[N34, N35, N37] who comes, says something and goes is told whole", async (format) => {
  const room = `hub:${server.room()}`;
  const ann = await join(room, "ann", { format });
  expect(ann.hello.presence).toBe("members");
  expect(ann.hello.limits.presence_members).toBe(5);
  expect(ann.hello.features).toEqual(expect.arrayContaining(["presence", "typing"]));
  const bob = await join(room, "bob", { format });
  const other = await join(room, "bob", { format });
  const busy = { status: "busy", since: [1.5, -2, "中"] };
  expect(await command(other, "enter", busy)).toEqual({ type: "ack", id: expect.any(String) });
  await ann.settle();
  expect(events(ann).map(seen)).toEqual([
    ["bob", "join", 1],
    ["bob", "update", 2],
    ["bob", "update", 2, busy],
  ]);
  expect(events(other).map(seen)).toEqual([["bob", "update", 2, busy]]);
  expect(await ann.ask({ type: "presence" })).toMatchObject({
    mode: "members",
    connections: 3,
    users: 2,
    members: [
      { user: "ann", connections: 1 },
      { user: "bob", connections: 2, data: busy },
    ],
  });
  // What was said goes on to another connection, into the grace, and through a sleep.
  other.socket.close();
  await ann.until(() => events(ann).length === 4, "the end of one");
  await server.sleep(room.slice(4), "HUBS");
  expect(await members(ann)).toEqual([
    ["ann", 1],
    ["bob", 1, busy],
  ]);
  bob.socket.close();
  await bob.closed();
  const back = await join(room, "bob", { format });
  await server.sleep(room.slice(4), "HUBS");
  expect(await members(ann)).toEqual([
    ["ann", 1],
    ["bob", 1, busy],
  ]);
  back.socket.close();
  await ann.until(() => events(ann).at(-1)?.data.action === "leave", "that bob left");
  expect(events(ann).slice(3).map(seen)).toEqual([
    ["bob", "update", 1, busy],
    ["bob", "leave", 0, busy],
  ]);
  expect(await members(ann)).toEqual([["ann", 1]]);
});

both("[N11, N34] who is not present is in no list", async (format) => {
  const room = `hub:${server.room()}`;
  const ann = await join(room, "ann", { format });
  const bob = await join(room, "bob", { format, present: "0" });
  const listed = async () => {
    const answer = await server.call("GET", `/api/v1/rooms/hub/${room.slice(4)}/presence`);
    return answer.json.members.map((it: { user_id: string }) => it.user_id);
  };
  expect(await members(bob)).toEqual([["ann", 1]]);
  expect(await listed()).toEqual(["ann"]);
  expect((await command(bob, "update", 1)).code).toBe("CONFLICT");
  expect((await command(bob, "leave")).type).toBe("ack");
  expect((await command(bob, "enter", "x".repeat(1023))).code).toBe("MESSAGE_TOO_LARGE");
  expect((await command(bob, "enter")).type).toBe("ack");
  expect(await listed()).toEqual(["ann", "bob"]);
  expect((await bob.ask({ type: "attach", present: "maybe" })).code).toBe("INVALID_MESSAGE_FORMAT");
  expect((await bob.ask({ type: "attach", present: false })).presence).toBe("members");
  await ann.until(() => events(ann).length === 2, "that bob left");
  expect(events(ann).map(seen)).toEqual([
    ["bob", "join", 1],
    ["bob", "leave", 0],
  ]);
  expect(await listed()).toEqual(["ann"]);
  const refused = await Native.open(server.ws, room, { format, present: "maybe" });
  expect((await refused.closed()).code).toBe(1008);
});

both("[N36, N38] of many the number is told, and of few each again", async (format) => {
  const room = `hub:${server.room()}`;
  const all: Native[] = [];
  for (const user of ["a", "b", "c", "d", "e", "f"]) all.push(await join(room, user, { format }));
  const [ann, bob] = all as [Native, Native];
  const occupancy = { mode: "occupancy", connections: 6, users: 6 };
  await ann.until(() => events(ann, "occupancy").length === 1, "how many they are");
  expect(events(ann, "occupancy")[0]?.data).toEqual(occupancy);
  expect(all.at(-1)?.hello.presence).toBe("occupancy");
  const told = events(ann).length;
  await command(bob, "update", "busy");
  await bob.publish("typing", { on: true });
  await ann.settle();
  expect([events(ann).length, events(ann, "typing").length]).toEqual([told, 0]);
  const page = await ann.ask({ type: "presence", limit: 2 });
  expect(page).toMatchObject({
    ...occupancy,
    cursor: "b",
    members: [{ user: "a" }, { user: "b", data: "busy" }],
  });
  const rest = await ann.ask({ type: "presence", cursor: page.cursor });
  expect(rest.members.map((it: Said) => it.user)).toEqual(["c", "d", "e", "f"]);
  expect(rest.cursor).toBeUndefined();
  await server.sleep(room.slice(4), "HUBS");
  for (const it of all.slice(2)) it.socket.close();
  await ann.until(() => events(ann).at(-1)?.data.action === "sync", "a list of few");
  const few = { mode: "members", connections: 2, users: 2 };
  expect(events(ann, "occupancy").at(-1)?.data).toEqual(few);
  expect(events(ann).at(-1)?.data).toMatchObject({
    ...few,
    members: [{ user: "a" }, { user: "b", data: "busy" }],
  });
});

both("[N36] typing is told when it begins and ends, whatever is spoken", async (format) => {
  const name = server.room();
  const ann = await join(`chat:${name}`, "ann", { format });
  const bob = await join(`chat:${name}`, "bob", { format });
  const cid = await server.join(name, "cid");
  const typing = () => events(ann, "typing").map((it) => [it.user, it.data]);
  for (let times = 0; times < 3; times += 1) {
    expect(await bob.publish("typing", { on: true })).toEqual({ type: "ack", id: expect.any(String) });
  }
  await ann.until(() => typing().length === 2, "the end of it");
  expect(typing()).toEqual([
    ["bob", { on: true }],
    ["bob", { on: false }],
  ]);
  expect((await cid.next("typing")).data).toEqual({ userId: "bob", isTyping: true });
  cid.send({ type: "typing", data: { isTyping: true } });
  await ann.until(() => typing().length === 3, "that cid types");
  expect(typing()[2]).toEqual(["cid", { on: true }]);
  expect(events(ann, "typing").every((it) => it.offset === undefined)).toBe(true);
  expect((await bob.publish("typing", { on: "yes" })).code).toBe("INVALID_MESSAGE_FORMAT");
});

both("[N36] who may not see who is here is neither told nor answered", async (format) => {
  const room = `hub:${server.room()}`;
  const claims = { caps: [{ room, can: ["join", "send"] }] };
  const token = await server.token({ user: "dan", claims });
  const dan = await Native.join(server.ws, room, { format, token });
  const ann = await join(room, "ann", { format });
  await command(ann, "update", 1);
  expect((await dan.ask({ type: "presence" })).code).toBe("PERMISSION_DENIED");
  expect(events(dan)).toEqual([]);
  expect(await members(ann)).toEqual([
    ["ann", 1, 1],
    ["dan", 1],
  ]);
});
