// Addresses of keys that answer with something else (Z14, Z15): a real server, the real Worker.
import { expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { type Answer, Issuer, keysOf, type Signer, signer } from "../support/issuer.ts";
import { type Server, serve } from "../support/server.ts";
import { Workerd } from "../support/workerd.ts";

const ISS = "https://issuer.example/";

const json = (body: string): Answer => {
  return (response) => {
    response.on("error", () => {});
    response.writeHead(200, { "Content-Type": "application/json" }).end(body);
  };
};

/** The private half's part is what must be neither used nor shown. */
const PRIVATE = "cHJpdmF0ZS1wYXJ0LW9mLWEta2V5LW9mLTMyLWJ5dGVz";

const HOSTILE: [string, (good: Signer) => Answer, string][] = [
  ["fails", () => (response) => response.writeHead(500).end("secret stack trace"), "it answered 500"],
  [
    "has 10 MiB",
    (good) => json(JSON.stringify({ keys: [good.jwk], pad: "x".repeat(10 << 20) })),
    "more than 65536 bytes",
  ],
  ["has 10,000 keys", () => json(JSON.stringify({ keys: Array(10_000).fill({}) })), "more than 100 keys"],
  ["is no JSON", () => json("<html>secret page</html>"), "it is no JSON"],
  ["is no UTF-8", () => (response) => response.end(Buffer.from([0xff, 0xfe])), "no UTF-8"],
  ["breaks off", () => (response) => response.writeHead(200, { "Content-Length": "99" }).end("{"), ""],
  [
    "has a private key",
    (good) => json(JSON.stringify({ keys: [{ ...good.jwk, d: PRIVATE }] })),
    "its private part is with it",
  ],
  [
    "has a secret",
    (good) => json(JSON.stringify({ keys: [{ kty: "oct", k: PRIVATE, kid: good.jwk.kid }] })),
    "it is a secret",
  ],
  ["hangs", () => () => {}, "no answer in time"],
];

test.each(HOSTILE)(
  "[Z14, Z15] an address that %s gives no keys, and the rest goes on",
  async (_, answer, said) => {
    const good = await signer("good");
    const issuer = await Issuer.start(answer(good));
    const server: Server = await serve({ JWT_JWKS_URL: issuer.url, JWT_ISSUER: ISS });
    try {
      const token = await good.sign({ iss: ISS, sub: "ann", contexts: ["r"] });
      const client = await server.chat({ token, contextId: "r" });
      expect(await client.refusal()).toBe("UNAVAILABLE");
      expect((await client.closed()).code).toBe(1013);
      const call = await server.call("GET", "/api/v1/rooms/chat/r/events", undefined, token);
      expect([call.status, call.json.code]).toEqual([503, "UNAVAILABLE"]);
      expect(Number(call.headers.get("Retry-After"))).toBeGreaterThan(0);
      await server.until(() => server.logs().includes(said), said);
      // Only the address that was set, and no part of what it said, nor the token.
      expect(issuer.asked.every((it) => it === "/jwks.json")).toBe(true);
      for (const secret of [PRIVATE, "secret", token, token.split(".")[2] ?? ""]) {
        expect(server.logs().replaceAll("it is a secret", "")).not.toContain(secret);
      }
      // Those who need none of its keys do not notice.
      const ann = await server.chat({
        token: await server.token({ room: "r", claims: { iss: ISS } }),
        contextId: "r",
      });
      ann.say("hello");
      await ann.next("message");
    } finally {
      await server.stop();
      issuer.stop();
    }
  },
);

test("[Z15] a redirect is not followed, by workerd itself: a development proxy would do it", async () => {
  const good = await signer("good");
  const issuer = await Issuer.start((response, path) => {
    if (path === "/elsewhere") return keysOf(good)(response, path);
    response.writeHead(302, { Location: "/elsewhere" }).end();
  });
  const server = new Workerd();
  await server.start({ JWT_JWKS_URL: issuer.url, JWT_ISSUER: ISS });
  try {
    const token = await good.sign({ iss: ISS, sub: "ann", contexts: ["r"] });
    const client = await Client.open(`${server.url}/api/chat/ws?contextId=r&token=${token}`);
    expect(await client.refusal()).toBe("UNAVAILABLE");
    expect(issuer.asked).toEqual(["/jwks.json"]);
  } finally {
    await server.stop();
    issuer.stop();
  }
});
