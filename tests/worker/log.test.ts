// The operator's log: one line of JSON per event, and nothing in it that is not theirs to read.
import { afterAll, beforeAll, expect, test } from "vitest";
import { publish, RFC_3339, told, workflow } from "../support/hub.ts";
import { SECRET, type Server, secretsIn, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ MESSAGES_PER_MINUTE: "5" });
});
afterAll(() => server.stop());

type Line = { event: string; room?: string; session?: string; user?: string; code?: string };

/** The lines of an event so far. */
function lines(event: string, room?: string): Line[] {
  const entries: { message: string }[] = JSON.parse(server.logs());
  const texts = entries.map((it) => it.message).filter((it) => it.startsWith("{"));
  const all: Line[] = texts.map((it) => JSON.parse(it));
  return all.filter((it) => it.event === event && (!room || it.room === `hub:${room}`));
}

/** The one line of an event in a room, once it is there. */
async function line(event: string, room: string): Promise<Line | undefined> {
  await server.until(() => lines(event, room).length > 0, `a line ${event} of ${room}`);
  expect(lines(event, room)).toHaveLength(1);
  return lines(event, room)[0];
}

const SESSION = expect.stringMatching(/^session_[0-9a-f]+$/);
const USER = expect.stringMatching(/^[0-9a-f]{16}$/);
const timestamp = expect.stringMatching(RFC_3339);

test("[A50, B32] who comes and goes stands in the log, by a hash", async () => {
  const room = server.room();
  const ann = await workflow(server, room, await server.token({ user: "ann", name: "Ann Exler", room }));
  await told(ann);
  const came = await line("connect", room);
  expect(came).toEqual({ event: "connect", timestamp, room: `hub:${room}`, session: SESSION, user: USER });
  await ann.leave(4001);
  const went = await line("close", room);
  expect(went).toEqual({ ...came, event: "close", timestamp, close_code: 4001 });
  // The same user is the same hash in every room, and another is another.
  const [other, another] = [server.room(), server.room()];
  await workflow(server, other, await server.token({ user: "ann", room: other }));
  await workflow(server, another, await server.token({ user: "bob", room: another }));
  expect((await line("connect", other))?.user).toBe(came?.user);
  expect((await line("connect", another))?.user).not.toBe(came?.user);
  expect(server.logs()).not.toContain("Ann Exler");
});

test("[A28] who is refused, limited or shown the door stands in the log, with why", async () => {
  const room = server.room();
  const before = lines("refuse").length;
  await (await workflow(server, room, "nonsense")).closed();
  await server.call(
    "GET",
    `/api/v1/rooms/hub/${room}/events`,
    undefined,
    await server.token({ room: "other" }),
  );
  await server.until(() => lines("refuse").length === before + 2, "two refusals");
  expect(lines("refuse").slice(before)).toEqual([
    {
      event: "refuse",
      timestamp,
      code: "AUTHENTICATION_FAILED",
      detail: expect.any(String),
      claim: "form",
      address: USER,
    },
    { event: "refuse", timestamp, code: "PERMISSION_DENIED", detail: expect.any(String), address: USER },
  ]);
  const ann = await workflow(server, room);
  for (let i = 0; i < 8; i++) ann.send({ type: "ping", id: String(i) });
  await ann.closed();
  await server.until(() => lines("expel", room).length > 0, "the expulsion");
  const session = lines("connect", room)[0]?.session;
  const limit = { event: "limit", timestamp, room: `hub:${room}`, session };
  const tooFast = { ...limit, code: "RATE_LIMIT_EXCEEDED", detail: "Rate limit exceeded" };
  expect(lines("limit", room)).toEqual([tooFast, tooFast, tooFast]);
  expect(lines("expel", room)).toEqual([{ ...limit, event: "expel", close_code: 1008 }]);
});

test("[A28] what breaks stands in the log, with where and why", async () => {
  const room = server.room();
  const ann = await workflow(server, room);
  await told(ann);
  await publish(server, room, { type: "n" });
  await server.sql(room, "DROP TABLE entry", "HUBS");
  await server.sleep(room, "HUBS");
  ann.send({ type: "ping", id: "1" });
  await ann.until(() => ann.frames.some((it) => it.type === "error"), "the error");
  const found = await line("error", room);
  expect(found).toMatchObject({ event: "error", timestamp, room: `hub:${room}` });
  expect(JSON.stringify(found)).toContain("no such table");
});

test("no token, no body and no name of a user ever stands in the log", async () => {
  const room = server.room();
  const who = { user: "user-4711", name: "Secret Name", room, claims: { role: "service" } };
  const good = await server.token(who);
  const late = await server.token({ ...who, lifetime: "-1s" });
  const body = "a body nobody may read";
  const ann = await workflow(server, room, good);
  ann.send({ type: "auth", token: late });
  ann.send(body);
  ann.send({ type: body, data: body });
  await publish(server, room, { type: "n", data: body, id: body, user_id: "user-4711" }, good);
  await publish(server, room, { type: body, data: body }, good);
  await publish(server, room, { type: "workflow_update", data: { status: body } }, good);
  await publish(server, room, { type: "n", data: body }, late);
  await server.call("GET", `/api/v1/rooms/hub/${room}/events?token=${late}`, undefined, "");
  await (await workflow(server, room, late)).closed();
  await (
    await server.open("/ws", { contextId: room }, { protocols: ["workflow", `bearer.${late}`] })
  ).closed();
  const first = await server.open("/ws", { contextId: room });
  first.send({ type: "auth", token: late });
  await first.closed();
  await server.call("DELETE", `/api/v1/rooms/hub/${room}/users/user-4711`);
  await ann.closed();
  await server.until(() => lines("expel", room).length > 0, "the last line");
  for (const secret of [good, late, body, "user-4711", "Secret Name", "eyJ"]) {
    expect(server.logs(), secret).not.toContain(secret);
  }
});

test("what looks for secrets in logs, when a server stops, finds them", async () => {
  const token = await server.token({ user: "ann" });
  for (const it of [token, token.slice(0, 40), token.split(".")[1], SECRET]) {
    expect(secretsIn(JSON.stringify([{ message: `a line with ${it} in it` }]))).toHaveLength(1);
  }
  expect(secretsIn(server.logs())).toEqual([]);
});
