import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ ALLOWED_ORIGINS: "https://good.example", CONNECTIONS_PER_MINUTE_PER_IP: "10" });
});
afterAll(() => server.stop());

/** An upgrade with headers no client library would send; what comes back first. */
function upgrade(path: string, headers: Record<string, string>): Promise<string> {
  const { hostname, port } = new URL(server.http);
  const lines = Object.entries({
    Host: `${hostname}:${port}`,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = "";
    socket.on("error", reject);
    socket.on("data", (data) => {
      text += data.toString("latin1");
      if (text.includes("}")) socket.destroy();
    });
    socket.on("close", () => resolve(text));
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  });
}

test.each(["/api/chat/ws", "/api/chat/ws?token=test", "/ws/someone"])(
  "[R7] plain HTTP on %s gets 426",
  async (path) => {
    for (const method of ["GET", "POST"]) {
      const response = await server.harness.fetch(path, { method });
      expect(response.status).toBe(426);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toMatchObject({ status: 426, title: "Upgrade Required" });
    }
  },
);

test.each(["/nowhere", "/ws/", "/ws/a/b", "/ws/client", "/api/chat", "/api/chat/ws/x"])(
  "%s is nothing of ours",
  async (path) => {
    const response = await server.harness.fetch(path);
    expect([404, 426]).toContain(response.status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  },
);

test("/healthz says that the Worker is well", async () => {
  const response = await server.harness.fetch("/healthz");
  expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
});

test("the page comes with a policy that lets nothing else run", async () => {
  const response = await server.harness.fetch("/");
  expect(response.status).toBe(200);
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|\*/);
  expect(await response.text()).not.toMatch(/<script>|style=|onclick=/);
});

test("only pages of allowed origins may connect", async () => {
  const open = (headers: Record<string, string>) =>
    Client.open(`${server.ws}/api/chat/ws?token=test&contextId=o`, { headers });
  for (const origin of ["https://evil.example", "null", "https://good.example.evil.example"]) {
    const client = await open({ Origin: origin });
    expect(await client.refusal()).toBe("PERMISSION_DENIED");
    expect((await client.closed()).code).toBe(1008);
  }
  const good = await open({ Origin: "https://good.example" });
  good.say("hello");
  await good.next("message");
});

test("a hand-off header of a client's own stays outside", async () => {
  const forged = Buffer.from(
    JSON.stringify({
      room: "secret",
      protocol: 0,
      member: { u: "root", n: "root" },
      grants: 63,
      expires_at: null,
    }),
  ).toString("base64url");
  const headers = { "x-dormouse-hand-off": forged };
  expect(await upgrade("/api/chat/ws?token=nope", headers)).toContain("AUTHENTICATION_FAILED");
  const client = await Client.open(`${server.ws}/api/chat/ws?token=test&contextId=plain`, { headers });
  client.say("who am I?");
  expect((await client.next("message")).data).toMatchObject({ authorId: "test", offset: 1 });
});

test("[B26, L6] the connects past ten a minute from one address are refused in words", async () => {
  const headers = { "CF-Connecting-IP": "192.0.2.7" };
  const refused: number[] = [];
  // The binding's windows are aligned to the clock: at most two of them see these.
  for (let i = 0; i < 21; i++) {
    // Each by a name of its own: those that are open count against a name, too.
    const client = await Client.open(`${server.ws}/ws/flood-${i}`, { headers });
    client.send("hello");
    await client.until(() => client.raw.length > 0, "the echo or the refusal");
    if (client.frames.length === 0) continue;
    expect(client.frames[0]).toMatchObject({ code: "RATE_LIMIT_EXCEEDED", error: "Rate limit exceeded" });
    expect(await client.closed()).toEqual({ code: 1008, reason: "Rate limit exceeded" });
    refused.push(i);
  }
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]).toBeGreaterThanOrEqual(10);
});
