// The echo asks for no token, so it has bounds: against workerd itself, because a proxy would
// read in the client's place.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { type Server, serve } from "../support/server.ts";
import { Workerd } from "../support/workerd.ts";

const server = new Workerd();
const small = new Workerd();
let sleeper: Server;
beforeAll(async () => {
  await server.start({ MESSAGES_PER_MINUTE: "0", INACTIVITY_TIMEOUT_MS: "0" });
  await small.start({
    MESSAGES_PER_MINUTE: "5",
    MAX_CONNECTIONS_PER_USER: "2",
    ECHOES_PER_ADDRESS: "3",
    CONNECTIONS_PER_MINUTE_PER_IP: "0",
    INACTIVITY_TIMEOUT_MS: "500",
  });
  sleeper = await serve({ INACTIVITY_TIMEOUT_MS: "1000" });
});
afterAll(async () => {
  await server.stop();
  await small.stop();
  await sleeper.stop();
});

const MIB = 1 << 20;

const open = (at: Workerd, client: string, address = "192.0.2.1") =>
  Client.open(`${at.url}/ws/${client}`, {
    headers: { "CF-Connecting-IP": address },
    perMessageDeflate: false,
  });

test("[F3] who sends 150 MiB and reads none of it is let go, and it is not kept in memory", async () => {
  const client = await open(server, "never");
  client.socket.pause();
  const before = server.memory();
  let peak = before;
  const frame = "x".repeat(MIB);
  for (let at = 0; at < 150 && client.socket.readyState === client.socket.OPEN; at++) {
    // Gone or taken: either way the next one may follow.
    await new Promise<void>((sent) => client.socket.send(frame, () => sent()));
    peak = Math.max(peak, server.memory());
  }
  const grown = (peak - before) / MIB;
  console.log(`150 MiB into the echo, never read: +${grown.toFixed(0)} MiB`);
  client.socket.resume();
  expect((await client.closed()).code).toBe(1013);
  expect(grown).toBeLessThan(64);
});

test("[F3] who reads gets everything back, however much it is", async () => {
  const client = await open(server, "reads");
  const frame = "x".repeat(MIB);
  for (let at = 0; at < 30; at++) {
    client.send(frame);
    client.send(frame);
    await client.until(() => client.raw.length === 2 * (at + 1), "both");
  }
  expect(client.close).toBeUndefined();
});

test("[F3] past its rate a connection is closed with 1008", async () => {
  const client = await open(small, "fast", "192.0.2.2");
  for (let at = 0; at < 6; at++) client.send(String(at));
  expect(await client.closed()).toEqual({ code: 1008, reason: "Rate limit exceeded" });
  expect(client.raw).toEqual(["0", "1", "2", "3", "4"]);
});

test("[F3] one client id has so many connections, one address so many, and each that ends makes room", async () => {
  const address = "192.0.2.3";
  const [one] = [await open(small, "a", address), await open(small, "a", address)];
  const refused = async (client: string) => {
    const socket = await open(small, client, address);
    expect(await socket.refusal()).toBe("CONNECTION_LIMIT");
    expect((await socket.closed()).code).toBe(1013);
  };
  await refused("a");
  await open(small, "b", address);
  await refused("c");
  const elsewhere = await open(small, "a", "192.0.2.4");
  elsewhere.send("x");
  await elsewhere.until(() => elsewhere.raw.length === 1, "the echo");
  await one.leave();
  const next = await open(small, "a", address);
  next.send("x");
  await next.until(() => next.raw.length === 1, "the echo");
});

test("[F4] who is silent for too long is closed with 1001", async () => {
  const address = "192.0.2.5";
  const [talks, silent] = [await open(small, "talks", address), await open(small, "silent", address)];
  // To who has never spoken, the platform shows a close ten seconds late.
  for (const it of [talks, silent]) it.send("x");
  await silent.until(() => silent.raw.length === 1, "the echo");
  talks.send("y");
  expect(await silent.closed()).toMatchObject({ code: 1001 });
  expect(await talks.closed()).toMatchObject({ code: 1001 });
});

test("[F4] silence counts across sleep", async () => {
  const client = await sleeper.echo("sleeps");
  client.send("x");
  await client.until(() => client.raw.length === 1, "the echo");
  await sleeper.sleep("192.0.2.1", "ECHOES");
  expect(await client.closed()).toMatchObject({ code: 1001 });
});

test("[F5] ECHO switches it off, and it is on by itself, in production too", async () => {
  for (const ECHO of ["off", "0", "no"]) {
    const shut = await serve({ ECHO });
    const client = await shut.echo("someone");
    expect(await client.refusal()).toBe("PERMISSION_DENIED");
    expect((await client.closed()).code).toBe(1008);
    await shut.stop();
  }
  const production = await serve({ ENVIRONMENT: "production" });
  const client = await production.echo("someone");
  client.send("x");
  await client.until(() => client.raw.length === 1, "the echo");
  await production.stop();
});
