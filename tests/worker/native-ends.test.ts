// How attachments and tokens end, by the native protocol, in both encodings.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Native } from "../support/native.ts";
import { QUIET, type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ MESSAGES_PER_MINUTE: "0", BROADCASTS_PER_MINUTE: "0", ...QUIET });
});
afterAll(() => server.stop());

const FORMATS = ["json", "msgpack"] as const;
const both = (title: string, run: (format: "json" | "msgpack") => Promise<void>) =>
  test.concurrent.each(FORMATS)(`${title}, in %s`, run);

both("[N14] who is kicked, or whose room is erased, is detached, and the socket stays", async (format) => {
  const name = server.room();
  const room = `hub:${name}`;
  const ann = await Native.join(server.ws, room, { format });
  const bob = await Native.join(server.ws, room, { format });
  await bob.publish("a");
  await bob.ask({ type: "command", command: "kick", params: { session_id: ann.hello.session_id } });
  await ann.until(() => ann.messages.at(-1)?.type === "detached", "the end");
  expect(ann.messages.at(-1)).toEqual({
    type: "detached",
    code: "PERMISSION_DENIED",
    message: expect.any(String),
    reattach: false,
  });
  expect(await ann.publish("no")).toMatchObject({ type: "error", code: "NOT_FOUND" });
  const erased = await server.call("DELETE", `/api/v1/rooms/hub/${name}?confirm=${name}`);
  expect(erased.status).toBeLessThan(300);
  await bob.until(() => bob.messages.at(-1)?.type === "detached", "the end");
  expect(bob.messages.at(-1)).toMatchObject({ code: "NOT_FOUND", reattach: true, after_ms: 1000 });
  await server.sleep(name, "HUBS");
  const { epoch, resume } = bob;
  const attached = await bob.ask({ type: "attach", resume });
  expect(attached).toMatchObject({ recovered: false, reason: "epoch", offset: 0 });
  expect(attached.epoch).not.toBe(epoch);
  expect(await bob.publish("b")).toMatchObject({ type: "ack", offset: 1, epoch: attached.epoch });
  expect([ann.close, bob.close]).toEqual([undefined, undefined]);
});

both(
  "[N44, G23] a drain sends clients away in waves, and each comes back with nothing missed",
  async (format) => {
    const name = server.room();
    const room = `hub:${name}`;
    const old = await Promise.all([0, 1, 2].map(() => Native.join(server.ws, room, { format })));
    await old[0]?.publish("before");
    const before = new Date().toISOString();
    const drain = (query: string) =>
      server.call("DELETE", `/api/v1/rooms/hub/${name}/connections?${query}`).then((it) => it.json);
    const closed = () => old.filter((it) => it.close);
    expect(await drain(`limit=2&joined_before=${before}`)).toEqual({ kicked: 2, left: 1 });
    await server.until(() => closed().length === 2, "the first wave");
    const back = await Promise.all(
      closed().map((it) => Native.join(server.ws, room, { format, resume: it.resume })),
    );
    for (const it of closed()) {
      const [error, closing] = it.messages.slice(-2);
      expect(error).toMatchObject({ type: "error", code: "UNAVAILABLE", retryable: true });
      expect(closing).toEqual({
        type: "closing",
        code: 1012,
        reason: "drain",
        reconnect: "after",
        after_ms: expect.any(Number),
      });
      expect(closing?.after_ms).toBeLessThan(5000);
      expect(it.close?.code).toBe(1012);
    }
    // Who has come back since is left alone, so that it comes to an end.
    expect(await drain(`joined_before=${before}`)).toEqual({ kicked: 1, left: 0 });
    expect(await drain(`joined_before=${before}`)).toEqual({ kicked: 0, left: 0 });
    await back[0]?.publish("after");
    await Promise.all(back.map((it) => it.until(() => it.position === 2, "what came after")));
    expect(back.map((it) => [it.hello.recovered, it.gaps])).toEqual(Array(2).fill([true, 0]));
    for (const query of ["limit=0", "limit=x", "joined_before=1", "joined_before=x"]) {
      expect((await drain(query)).code, query).toBe("INVALID_MESSAGE_FORMAT");
    }
  },
);

both("[N43] an expired token holds a client back until it shows another", async (format) => {
  const name = server.room();
  const room = `hub:${name}`;
  const token = await server.token({ user: "ann", room: name, lifetime: "6s" });
  const ann = await Native.join(server.ws, room, { format, token });
  const bob = await Native.join(server.ws, room, { format });
  await bob.publish("before");
  await server.sleep(name, "HUBS");
  await ann.until(() => ann.messages.some((it) => it.type === "reauth"), "to be asked for a token");
  expect(ann.messages.at(-1)).toEqual({ type: "reauth", within_ms: 30_000 });
  await bob.publish("meanwhile");
  await server.sleep(name, "HUBS");
  expect((await ann.publish("no")).code).toBe("AUTHENTICATION_FAILED");
  expect(ann.heard.map((it) => it.event)).toEqual(["before"]);
  const others = await server.token({ user: "bob", room: name });
  expect((await ann.ask({ type: "auth", token: others })).code).toBe("CONFLICT");
  const younger = await server.token({ user: "ann", room: name });
  const ack = await ann.ask({ type: "auth", token: younger });
  expect(ack).toMatchObject({ type: "ack", user_id: "ann", expires_at: expect.any(Number) });
  expect(ack.grants).toEqual({ [room]: ["join", "send", "history", "presence"] });
  await bob.publish("after");
  await ann.until(() => ann.position === 3, "what it missed, and what came after");
  expect(ann.heard.map((it) => it.event)).toEqual(["before", "meanwhile", "after"]);
  expect(ann.gaps).toBe(0);
});

both("[N11, N14, N43] a token takes the old one's place, with what it grants", async (format) => {
  const name = server.room();
  const room = `chat:${name}`;
  const lifetime = "2h";
  const token = await server.token({ user: "ann", room: name, lifetime });
  const ann = await Native.join(server.ws, room, { format, token });
  const elsewhere = await server.token({ user: "ann", room: "elsewhere" });
  const refused = await ann.ask({ type: "attach", token: 7 });
  expect(refused).toMatchObject({ type: "error", code: "INVALID_MESSAGE_FORMAT" });
  expect((await ann.ask({ type: "attach", token: "nonsense" })).code).toBe("AUTHENTICATION_FAILED");
  expect((await ann.publish("message", { content: "still here" })).type).toBe("ack");
  expect((await ann.ask({ type: "auth", token: elsewhere })).grants).toEqual({ [room]: [] });
  await ann.until(() => ann.messages.at(-1)?.type === "detached", "the end of the attachment");
  expect(ann.messages.at(-1)).toMatchObject({ code: "PERMISSION_DENIED", reattach: false });
  expect((await ann.ask({ type: "attach" })).code).toBe("PERMISSION_DENIED");
  const attached = await ann.ask({ type: "attach", token, rewind: 1 });
  expect(attached).toMatchObject({ from: 0, grants: ["join", "send", "history", "presence"] });
  await ann.until(() => ann.position === 1, "the replay");
});

both("[N47] attaching has a rate of its own, whose third breach ends the socket", async (format) => {
  const ann = await Native.join(server.ws, `hub:${server.room()}`, { format });
  ann.send(Array.from({ length: 100 }, (_, at) => ({ type: at % 2 ? "attach" : "detach" })));
  ann.send(Array.from({ length: 20 }, () => ({ type: "attach" })));
  await ann.settle();
  expect(ann.messages.filter((it) => it.type === "error")).toEqual([]);
  for (let breach = 0; breach < 3; breach++) ann.send({ type: "attach", id: `t${breach}` });
  expect((await ann.closed()).code).toBe(1008);
  const errors = ann.messages.filter((it) => it.type === "error");
  expect(errors.map((it) => [it.code, it.id])).toEqual(
    ["t0", "t1", "t2"].map((id) => ["RATE_LIMIT_EXCEEDED", id]),
  );
  expect(ann.messages.at(-1)).toMatchObject({ type: "closing", reason: "rate", reconnect: "after" });
});
