// Which pages may connect, and under which host the token `test` is good. Against workerd
// itself: a development proxy has a say in the host.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { type Server, serve } from "../support/server.ts";
import { Workerd } from "../support/workerd.ts";

const server = new Workerd();
beforeAll(() =>
  server.start({ ENVIRONMENT: "production", PLAIN_HTTP: "on", CONNECTIONS_PER_MINUTE_PER_IP: "0" }),
);
afterAll(() => server.stop());

const DOORS = ["/api/chat/ws", "/ws", "/api/v1/ws", "/ws/client?client_id=c", "/ws/conversation", "/ws/abc"];

/** What a door says first to a page of this origin, under this host. */
async function refusal(
  url: string,
  path: string,
  Host: string,
  Origin?: string,
): Promise<string | undefined> {
  const client = await Client.open(`${url}${path}`, { headers: { Host, ...(Origin && { Origin }) } });
  // Those who are let in are answered too: what is no request is refused in words.
  client.send("no request");
  await client.until(() => client.raw.length > 0, `an answer of ${path}`);
  client.socket.terminate();
  return String(client.raw[0]);
}

test("[R6] where ALLOWED_ORIGINS is empty, only pages of the same host may connect, by any door", async () => {
  for (const path of DOORS) {
    for (const origin of [
      "https://evil.example",
      "null",
      "http://localhost:3000",
      "https://rooms.example.evil",
    ]) {
      const said = await refusal(server.url, path, "rooms.example", origin);
      expect(said, `${path} ${origin}`).toContain("ALLOWED_ORIGINS");
      expect(said, `${path} ${origin}`).toContain("PERMISSION_DENIED");
    }
    for (const origin of ["https://rooms.example", undefined]) {
      const said = await refusal(server.url, path, "rooms.example", origin);
      expect(said, `${path} ${origin}`).not.toContain("ALLOWED_ORIGINS");
    }
  }
});

test("[R6] only pages that may connect can read answers of the HTTP API", async () => {
  const http = server.url.replace("ws", "http");
  const { host } = new URL(http);
  const read = async (Origin: string) =>
    (await fetch(`${http}/api/v1/websocket/health`, { headers: { Origin } })).headers;
  expect((await read("https://evil.example")).get("Access-Control-Allow-Origin")).toBeNull();
  expect((await read(`https://${host}`)).get("Access-Control-Allow-Origin")).toBe(`https://${host}`);
});

test("[R4] in development the token `test` is good only under a name of this machine", async () => {
  const local = new Workerd();
  await local.start({ CONNECTIONS_PER_MINUTE_PER_IP: "0" });
  try {
    const path = "/api/chat/ws?token=test";
    for (const host of ["localhost:8787", "127.0.0.1", "[::1]:80"]) {
      expect(await refusal(local.url, path, host), host).toContain("INVALID_MESSAGE_FORMAT");
    }
    for (const host of ["192.0.2.1:8787", "rooms.example", "localhost.evil.example"]) {
      expect(await refusal(local.url, path, host), host).toContain("AUTHENTICATION_FAILED");
      const client = await Client.open(`${local.url}/api/chat/ws`, { headers: { Host: host } });
      client.send({ type: "auth", token: "test" });
      expect(await client.refusal(), host).toBe("AUTHENTICATION_FAILED");
    }
    // Pages of this machine may, whatever their port; others may not.
    expect(await refusal(local.url, path, "localhost:8787", "http://localhost:3000")).not.toContain(
      "ALLOWED",
    );
    expect(await refusal(local.url, path, "localhost:8787", "https://evil.example")).toContain(
      "ALLOWED_ORIGINS",
    );
  } finally {
    await local.stop();
  }
});

test("[R6] `*` lets every page in, and the log says so at the start", async () => {
  const open: Server = await serve({ ENVIRONMENT: "production", PLAIN_HTTP: "on", ALLOWED_ORIGINS: "*" });
  try {
    const said = await refusal(open.ws, "/ws/abc", "rooms.example", "https://anyone.example");
    expect(said).toBe("no request");
    await open.until(() => open.logs().includes("ALLOWED_ORIGINS is *"), "the warning");
  } finally {
    await open.stop();
  }
});
