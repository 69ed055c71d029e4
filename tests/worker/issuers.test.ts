// Tokens of issuers whose keys are at an address (Z15 to Z19), by every door, on the real Worker.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Issuer, keysOf, type Signer, signer } from "../support/issuer.ts";
import { type Server, serve } from "../support/server.ts";

const ISS = "https://issuer.example/";

let issuer: Issuer;
let first: Signer;
let server: Server;
beforeAll(async () => {
  first = await signer("first");
  issuer = await Issuer.start(keysOf(first));
  server = await serve({ JWT_JWKS_URL: issuer.url, JWT_ISSUER: ISS });
});
afterAll(async () => {
  await server.stop();
  issuer.stop();
});

const claims = (room: string, sub = "ann") => ({ iss: ISS, sub, contexts: [room] });

test("[Z15] keys are fetched once, for all who come at once, by every door", async () => {
  const room = server.room();
  const token = await first.sign(claims(room));
  const doors = await Promise.all([
    server.chat({ token, contextId: room }),
    server.chat({ token, contextId: room }),
    server.chat({ contextId: room }),
  ]);
  doors[2]?.send({ type: "auth", token });
  for (const door of doors) {
    door.say("hello");
    await door.next("message");
  }
  const answer = await server.call("GET", `/api/v1/rooms/chat/${room}/events`, undefined, token);
  expect(answer.status).toBe(200);
  expect(issuer.asked).toEqual(["/jwks.json"]);
});

test("[Z17, R1] a token opens the rooms it names, over HTTP and by socket, and no others", async () => {
  const [own, other] = [server.room(), server.room()];
  const token = await first.sign(claims(own));
  const there = await server.chat({ token, contextId: other });
  expect(await there.refusal()).toBe("PERMISSION_DENIED");
  const answer = await server.call("GET", `/api/v1/rooms/chat/${other}/events`, undefined, token);
  expect(answer.status).toBe(403);
  const queries: Record<string, string>[] = [{ role: "admin" }, { admin: "1" }, { caps: "*" }];
  for (const query of queries) {
    const client = await server.chat({ token, contextId: other, ...query });
    expect(await client.refusal()).toBe("PERMISSION_DENIED");
  }
});

test("[Z12] what another key signed in the name of a known one is refused, and no key of a header's is used", async () => {
  const room = server.room();
  const stranger = await signer("first");
  const asked = issuer.asked.length;
  const hook = issuer.url.replace("jwks.json", "stolen");
  const headers = [{}, { jwk: stranger.jwk }, { jku: hook }, { x5u: hook }, { kid: "../../jwks.json" }];
  for (const header of headers) {
    const token = await stranger.sign(claims(room), header);
    const client = await server.chat({ token, contextId: room });
    expect(await client.refusal()).toBe("AUTHENTICATION_FAILED");
    expect(server.logs()).not.toContain(token.split(".")[2]);
  }
  expect(issuer.asked.slice(asked)).not.toContain("/stolen");
});

test("[Z19] a token by a new key is waited for in the room, and what comes behind it in its order", async () => {
  const [next, room] = [await signer("next"), "waits"];
  const held = await Issuer.start(keysOf(first));
  const there = await serve({ JWT_JWKS_URL: held.url, JWT_ISSUER: ISS });
  try {
    // Of the secret, so that nothing has been fetched when the room sees the first of the others.
    const old = await there.token({ user: "ann", room, claims: { iss: ISS } });
    const ann = await there.chat({ token: old, contextId: room });
    ann.say("before");
    await ann.next("message");
    let give = () => {};
    held.answer = (response) => {
      give = () => keysOf(next)(response, "");
    };
    ann.send({ type: "auth", id: "renewal", token: await next.sign(claims(room), {}, "2h") });
    ann.say("behind");
    await there.until(() => held.asked.length === 1, "the question for keys");
    give();
    const order = [await ann.next("auth"), await ann.next("message")];
    expect(order).toMatchObject([{ id: "renewal" }, { data: { content: "behind" } }]);
    const [auth, behind] = [ann.frames.indexOf(order[0] as never), ann.frames.indexOf(order[1] as never)];
    expect(auth).toBeLessThan(behind);
    // To another user it renews nothing.
    ann.send({ type: "auth", id: "bob", token: await next.sign(claims(room, "bob"), {}, "3h") });
    expect(await ann.next("error")).toMatchObject({ id: "bob", code: "CONFLICT" });
  } finally {
    await there.stop();
    held.stop();
  }
});

test("[Z15, R8, R17] who came by one key of the set is prompted, and goes on by another", async () => {
  const [next, room] = [await signer("next"), "renews"];
  const set = await Issuer.start(keysOf(first, next));
  const there = await serve({ JWT_JWKS_URL: set.url, JWT_ISSUER: ISS });
  try {
    const enters = async (sub: string, lifetime: string) =>
      there.chat({ token: await first.sign(claims(room, sub), {}, lifetime), contextId: room });
    const [bob, ann] = [await enters("bob", "1h"), await enters("ann", "6s")];
    await ann.upTo("error");
    expect(ann.frames.at(-1)?.code).toBe("AUTHENTICATION_FAILED");
    bob.say("meanwhile");
    await bob.upTo("message");
    await there.sleep(room);
    for (const [sub, code] of [
      ["bob", "CONFLICT"],
      ["ann", undefined],
    ] as const) {
      ann.send({ type: "auth", id: sub, token: await next.sign(claims(room, sub)) });
      expect(await ann.next(code ? "error" : "auth")).toMatchObject({ id: sub, ...(code && { code }) });
    }
    expect(set.asked.length).toBe(1);
    expect((await ann.next("message")).data).toMatchObject({ content: "meanwhile", offset: 1 });
  } finally {
    await there.stop();
    set.stop();
  }
});

test("[Z19, R9] of what comes behind a token whose keys are fetched 1 MiB waits, and past it 1009", async () => {
  const [next, room] = [await signer("next"), "waits"];
  const set = await Issuer.start(keysOf(first));
  const there = await serve({ JWT_JWKS_URL: set.url, JWT_ISSUER: ISS, MESSAGES_PER_MINUTE: "0" });
  try {
    const old = await there.token({ user: "ann", room, claims: { iss: ISS } });
    const [ann, bob] = [
      await there.chat({ token: old, contextId: room }),
      await there.chat({ token: old, contextId: room }),
    ];
    let give = () => {};
    set.answer = (response) => {
      give = () => keysOf(next)(response, "");
    };
    const auth = { type: "auth", id: "renewal", token: await next.sign(claims(room), {}, "2h") };
    for (const it of [ann, bob]) it.send(auth);
    await there.until(() => set.asked.length === 1, "the question for keys");
    const long = { type: "ping", id: "long", because: "x".repeat(500_000) };
    for (const it of [ann, bob]) it.send(long);
    for (let at = 0; at < 2; at++) ann.send(long);
    expect((await ann.closed()).code).toBe(1009);
    expect(ann.frames.map((it) => it.code)).toContain("MESSAGE_TOO_LARGE");
    // Whose frames wait within the bound, loses none.
    give();
    await bob.upTo("auth");
    await bob.upTo("pong");
  } finally {
    await there.stop();
    set.stop();
  }
});

test("[Z19] a room that sleeps hears what is said, also where keys are fetched", async () => {
  const room = server.room();
  const ann = await server.chat({ token: await first.sign(claims(room)), contextId: room });
  await server.sleep(room);
  ann.say("wake up");
  expect((await ann.next("message")).data).toMatchObject({ content: "wake up", offset: 1 });
  await server.sleep(room);
  ann.send({ type: "auth", id: "later", token: await first.sign(claims(room), {}, "2h") });
  expect(await ann.next("auth")).toMatchObject({ id: "later" });
});

/** The guides: what each issuer's tokens look like, and what is to be set. */
const guides = readFileSync("docs/TOKENS.md", "utf8")
  .split("\n## ")
  .map((section) => ({
    name: section.split("\n")[0] ?? "",
    blocks: [...section.matchAll(/```json\n([\s\S]*?)```/g)].map((it) => JSON.parse(it[1] ?? "")),
  }))
  .filter((it) => it.blocks.length === 2);

test("[Z17, Z18] tokens in the shapes of five issuers are let in with what their guides say", async () => {
  expect(guides.map((it) => it.name)).toEqual(["Auth0", "Clerk", "Supabase", "Firebase", "Cognito"]);
  const pairs = await Promise.all(guides.map(({ name, blocks }) => signer(name, blocks[1].algorithms[0])));
  const sets = await Issuer.start((response, path) => {
    const pair = pairs.find((it) => path === `/${it.jwk.kid}`);
    keysOf(...(pair ? [pair] : []))(response, path);
  });
  const settings = guides.map(({ name, blocks }) => {
    expect(blocks[1].jwks_url).toMatch(/^https:/);
    return { ...blocks[1], jwks_url: sets.url.replace("jwks.json", name) };
  });
  const there = await serve({ JWT_ISSUERS: JSON.stringify(settings) });
  try {
    for (const [at, { name, blocks }] of guides.entries()) {
      const pair = pairs[at] as Signer;
      const token = await pair.sign(blocks[0], { typ: name === "Auth0" ? "at+jwt" : "JWT" });
      const ann = await there.chat({ token, contextId: "demo" });
      ann.say(name);
      expect((await ann.next("message")).data).toMatchObject({ content: name, authorId: blocks[0].sub });
      const elsewhere = await there.chat({ token, contextId: "secret" });
      expect(await elsewhere.refusal(), name).toBe("PERMISSION_DENIED");
      // Signed by it for another, or in another's name.
      const others = [{ ...blocks[0], iss: `${blocks[0].iss}x` }];
      if (blocks[1].audience) others.push({ ...blocks[0], aud: "another" });
      for (const other of others) {
        const client = await there.chat({ token: await pair.sign(other), contextId: "demo" });
        expect(await client.refusal(), name).toBe("AUTHENTICATION_FAILED");
      }
    }
  } finally {
    await there.stop();
    sets.stop();
  }
});
