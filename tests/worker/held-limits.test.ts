// Sockets that have not said yet who they are are counted, by address and in all.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { DOORS, token } from "../support/held.ts";
import { Workerd } from "../support/workerd.ts";

const server = new Workerd();
beforeAll(() =>
  server.start({
    AUTH_TIMEOUT_MS: "3600000",
    PENDING_CONNECTIONS_PER_ADDRESS: "3",
    PENDING_CONNECTIONS: "5",
    CONNECTIONS_PER_MINUTE_PER_IP: "0",
  }),
);
afterAll(() => server.stop());

const open = (address: string, query = "contextId=r") =>
  Client.open(`${server.url}/api/chat/ws?${query}`, { headers: { "CF-Connecting-IP": address } });

async function refused(client: Client): Promise<void> {
  expect(await client.refusal()).toBe("CONNECTION_LIMIT");
  expect((await client.closed()).code).toBe(1013);
}

test("[L17] one address holds so many, all together so many, and each is free again when it has spoken or gone", async () => {
  const [A, B, C] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
  const [one, two] = [await open(A), await open(A), await open(A)];
  await refused(await open(A));
  await open(B);
  const last = await open(B);
  await refused(await open(C));
  // Who says it at once needs no place.
  const shown = await token("ann", { contexts: ["r"] });
  const direct = await open(A, `token=${shown}&contextId=r`);
  direct.send({ type: "ping", id: "1" });
  await direct.next("pong");
  // Who has spoken has left it.
  one.send({ type: "auth", token: shown });
  one.send({ type: "ping", id: "1" });
  await one.upTo("pong");
  const again = await open(A);
  await refused(await open(A));
  // So has who has gone.
  await two.leave();
  await last.leave();
  await again.leave();
  const late = await open(C);
  late.send({ type: "auth", token: shown });
  late.send({ type: "ping", id: "1" });
  await late.upTo("pong");
});

test("[L16] a client that speaks like the pipe is answered like anyone who speaks no JSON", async () => {
  for (const [, enter] of DOORS) {
    const client = await enter(server.url, "/api/chat/ws", "r", "bob");
    for (const frame of ["\0unread 9999999 ", "\0\0", "\0"]) {
      client.send(frame);
      expect(await client.refusal()).toBe("INVALID_MESSAGE_FORMAT");
    }
    await client.leave();
  }
});
