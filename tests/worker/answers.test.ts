// What every answer over HTTP carries, and HEAD.
import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve();
});
afterAll(() => server.stop());

const PATHS = [
  "/healthz",
  "/metrics",
  "/api/v1/websocket/health",
  "/api/v1/websocket/metrics",
  "/api/v1/rooms",
  "/api/v1/rooms/hub/answers/events",
  "/api/v1/rooms/hub/answers/presence",
  "/api/v1/rooms/none/answers/events", // 404
  "/api/v1/rooms/hub/answers", // 405
  "/api/v1/nothing",
  "/nothing/of/ours",
  "/api/chat/ws", // 426
];

const ask = (path: string, method: string, token = "test", Origin?: string) =>
  fetch(`${server.http}${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(Origin && { Origin }) },
  });

test("[G22] no answer is kept, sniffed, or taken for that to another page", async () => {
  for (const path of PATHS) {
    for (const [method, token] of [
      ["GET", "test"],
      ["GET", "wrong"],
      ["HEAD", "test"],
      ["PUT", "test"],
      ["OPTIONS", "test"],
    ] as const) {
      for (const origin of [undefined, "http://localhost:3000", "https://evil.example"]) {
        const { headers } = await ask(path, method, token, origin);
        const what = `${method} ${path} ${origin}`;
        expect(headers.get("Cache-Control"), what).toBe("no-store");
        expect(headers.get("X-Content-Type-Options"), what).toBe("nosniff");
        expect(headers.get("Vary"), what).toBe("Origin");
      }
    }
  }
});

test("[G22] no answer names what made it, and TRACE sends nothing back", async () => {
  for (const path of PATHS) {
    const { headers } = await ask(path, "GET");
    for (const name of ["Server", "X-Powered-By", "Via"]) expect(headers.get(name), path).toBeNull();
    const traced = await trace(path);
    expect(traced.text, path).not.toContain("of mine");
  }
});

/** `fetch` refuses to send it. */
const trace = (path: string) =>
  new Promise<{ text: string }>((done, failed) => {
    const headers = { "X-Mine": "of mine", Authorization: "Bearer test" };
    const asked = request(`${server.http}${path}`, { method: "TRACE", headers }, async (response) => {
      let text = "";
      for await (const it of response) text += it;
      done({ text });
    });
    asked.on("error", failed).end();
  });

test("[G22] HEAD is answered like GET, without the body", async () => {
  for (const path of PATHS.filter((it) => it !== "/api/chat/ws")) {
    const [head, get] = [await ask(path, "HEAD"), await ask(path, "GET")];
    expect(head.status, path).toBe(get.status);
    expect(head.headers.get("Content-Type"), path).toBe(get.headers.get("Content-Type"));
    expect(await head.text(), path).toBe("");
    expect((await get.text()).length, path).toBeGreaterThan(0);
  }
});
