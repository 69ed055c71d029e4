// What is open without a token: whether it is, and for how many.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { type Server, serve } from "../support/server.ts";

const OPEN = ["/ws/demo", "/api/v1/ws/demo", "/ws/echo-1", "/ws/client?client_id=c"];

/** What a door answers first. */
async function first(server: Server, path: string): Promise<[string, number | undefined]> {
  const client = await Client.open(`${server.ws}${path}`);
  client.send("no request");
  await client.until(() => client.raw.length > 0, `an answer of ${path}`);
  const said = String(client.raw[0]);
  const code = said.includes("PERMISSION_DENIED") ? (await client.closed()).code : undefined;
  client.socket.terminate();
  return [said, code];
}

test("[O1] in production the echo and the lobby are open, the demo is not, and each has a variable", async () => {
  for (const [variables, shut] of [
    [{}, ["DEMO", "DEMO"]],
    [{ DEMO: "on", ECHO: "off", LOBBY: "off" }, ["ECHO", "LOBBY"]],
    // A slip of the pen opens nothing.
    [{ DEMO: "yes", ECHO: "yes", LOBBY: "" }, ["DEMO", "DEMO", "ECHO"]],
  ] as [Record<string, string>, string[]][]) {
    const server = await serve({ ENVIRONMENT: "production", ...variables });
    try {
      const refusals: string[] = [];
      for (const path of OPEN) {
        const [said, code] = await first(server, path);
        if (!said.includes("PERMISSION_DENIED")) continue;
        expect(code, path).toBe(1008);
        refusals.push(/(DEMO|ECHO|LOBBY) is off/.exec(said)?.[1] ?? said);
      }
      expect(refusals).toEqual(shut);
    } finally {
      await server.stop();
    }
  }
});

let server: Server;
beforeAll(async () => {
  server = await serve({ WS_MAX_CONNECTIONS: "8", ANONYMOUS_CONNECTIONS_PER_ADDRESS: "3" });
});
afterAll(() => server.stop());

const from = (address: string) => ({ headers: { "CF-Connecting-IP": address } });

/** Whether a stranger from this address gets in. */
async function enters(path: string, address: string): Promise<boolean> {
  const client = await server.open(path, { client_id: "c", contextId: "seats" }, from(address));
  await client.until(() => client.frames.length > 0, "the first frame");
  const is = client.frames[0]?.type !== "error";
  if (!is) {
    expect(client.frames[0]?.code).toBe("CONNECTION_LIMIT");
    expect((await client.closed()).code).toBe(1013);
  }
  return is;
}

test("[O3] strangers share the lobby by address, and leave half of it to tokens", async () => {
  const entered = [];
  for (const address of [...Array(4).fill("192.0.2.1"), "192.0.2.2", "192.0.2.3"]) {
    entered.push(await enters("/ws/client", address));
  }
  expect(entered).toEqual([true, true, true, false, true, false]);
  // Who has a token finds a place, also from the address that has no more.
  const token = await server.token({ user: "ann", room: "lobby" });
  const query = { client_id: "ann", contextId: "lobby", token };
  const ann = await server.open("/ws/client", query, from("192.0.2.1"));
  await ann.next("hello");
});

test("[O3] in a demo room there are only strangers: by address, and no more than the room has", async () => {
  const entered = [];
  for (const address of [...Array(4).fill("2001:db8::1"), "2001:db8::2", ...Array(6).fill("192.0.2.1")]) {
    entered.push(await enters("/ws/demo", address));
  }
  // A /64 is one address. The room has eight places.
  expect(entered).toEqual([true, true, true, false, false, true, true, true, false, false, false]);
});

test("[O2] a demo room takes small frames only", async () => {
  const client = await server.open("/ws/demo", { contextId: "small" });
  await client.next("connection_established");
  client.send({
    type: "command",
    id: "1",
    command: "publish",
    params: { event: "e", data: "x".repeat(17_000) },
  });
  expect((await client.next("error")).code).toBe("MESSAGE_TOO_LARGE");
  expect((await client.closed()).code).toBe(1009);
});
