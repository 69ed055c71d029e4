// Requests that came without TLS, to workerd itself: a development proxy would change the host.
import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Workerd } from "../support/workerd.ts";

const [production, behind, development] = [new Workerd(), new Workerd(), new Workerd()];
beforeAll(async () => {
  await production.start({ ENVIRONMENT: "production" });
  await behind.start({ ENVIRONMENT: "production", PLAIN_HTTP: "on" });
  await development.start();
});
afterAll(async () => {
  for (const it of [production, behind, development]) await it.stop();
});

/** The status, headers and text of an answer to a request under this host, without TLS. */
const ask = (server: Workerd, path: string, host: string, headers: Record<string, string> = {}) =>
  new Promise<{ status?: number; text: string; headers: NodeJS.Dict<string | string[]> }>((done, failed) => {
    const asked = request(`${server.origin}${path}`, { headers: { Host: host, ...headers } });
    asked.on("response", async (response) => {
      let text = "";
      for await (const it of response) text += it;
      done({ status: response.statusCode, text, headers: response.headers });
    });
    asked.on("upgrade", (response, socket) => {
      socket.destroy();
      done({ status: response.statusCode, text: "", headers: response.headers });
    });
    asked.on("error", failed).end();
  });

const UPGRADE = {
  ...{ Upgrade: "websocket", Connection: "Upgrade" },
  ...{ "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==" },
};
const ASKED: [path: string, headers: Record<string, string>][] = [
  ["/ws/v2/connect?room=hub:a&token=secret", UPGRADE],
  ["/ws/echo-1", UPGRADE],
  ["/api/v1/rooms/hub/a/events", { Authorization: "Bearer secret" }],
  ["/api/v1/rooms/hub/a/stream?token=secret", {}],
];

test("[O5] in production what comes without TLS is refused, and repeats nothing of what was asked", async () => {
  for (const [path, headers] of ASKED) {
    const { status, text } = await ask(production, path, "rooms.example", headers);
    expect(status, path).toBe(403);
    expect(JSON.parse(text), path).toMatchObject({ code: "PERMISSION_DENIED" });
    expect(text).not.toContain("secret");
  }
  expect((await ask(production, "/healthz", "rooms.example")).status).toBe(200);
});

test("[O5] under a name of this machine, in development and behind what ends TLS it is served", async () => {
  for (const [server, host] of [
    [production, "localhost:8787"],
    [production, "127.0.0.1"],
    [behind, "rooms.example"],
    [development, "rooms.example"],
  ] as const) {
    expect((await ask(server, "/ws/echo-1", host, UPGRADE)).status).toBe(101);
    const refused = await ask(server, "/api/v1/rooms/hub/a/events", host, { Authorization: "Bearer x" });
    expect(refused.status).toBe(401);
    expect(refused.headers["strict-transport-security"]).toBe("max-age=31536000");
  }
});
