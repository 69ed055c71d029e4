// Webhooks that are not set up, or wrong: rooms go on, and nothing is kept.
import { afterAll, expect, test } from "vitest";
import { type Server, serve, type Variables } from "../support/server.ts";

const SECRET = "a secret of the receiver, 32 bytes or more";
const servers: Server[] = [];
afterAll(async () => {
  for (const server of servers) await server.stop();
});

test.each([
  ["no URL", {}, undefined],
  ["a URL of another scheme", { WEBHOOK_URL: "ftp://hooks.example/" }, "WEBHOOK_URL is no URL"],
  ["a URL that is none", { WEBHOOK_URL: "https://ann:word@/x y" }, "WEBHOOK_URL is no URL"],
  ["a short secret", { WEBHOOK_SECRET: "short" }, "WEBHOOK_SECRET is missing"],
  ["events that are none", { WEBHOOK_EVENTS: "a b,*x" }, "WEBHOOK_EVENTS names no event"],
] as [string, Variables, string | undefined][])(
  "[Y1, Y2, Y11] with %s nobody is told",
  async (_, wrong, fault) => {
    const well = { WEBHOOK_URL: "http://127.0.0.1:9/", WEBHOOK_SECRET: SECRET, WEBHOOK_EVENTS: "*" };
    const server = await serve(fault ? { ...well, ...wrong } : {});
    servers.push(server);
    const ann = await server.join("room");
    ann.send({ type: "message", data: { content: "hi" } });
    await ann.next("message");
    const [row] = await server.sql("room", "SELECT COUNT(*) AS count FROM webhook_event");
    expect(row?.count).toBe(0);
    const logs = server.logs();
    if (fault) expect(logs).toContain(fault);
    else expect(logs).not.toContain("WEBHOOK");
    expect(logs).not.toContain("ann:word");
  },
);
