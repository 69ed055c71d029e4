// An operator kills the process: who was banned stays out, and what was taken back stays so.
import { afterAll, expect, test } from "vitest";
import { mint } from "../../scripts/jwt.mjs";
import { SECRET } from "../support/server.ts";
import { Workerd } from "../support/workerd.ts";

const server = new Workerd();
afterAll(() => server.stop());

const token = (sub: string, claims: object) => mint({ sub, ...claims }, { secret: SECRET });

async function call(method: string, path: string, token: string, body?: object): Promise<number> {
  const headers = { Authorization: `Bearer ${token}` };
  const response = await fetch(`${server.origin}${path}`, { method, headers, body: JSON.stringify(body) });
  await response.text();
  return response.status;
}

test("[Z4, Z9] killed, the server comes back with its bans and with what was taken back", async () => {
  const admin = await token("operator", { role: "admin", caps: [{ room: "hub:*", can: ["admin"] }] });
  const [bob, cid] = [await token("bob", { contexts: "*" }), await token("cid", { contexts: "*" })];
  const reads = (who: string, room: string) => call("GET", `/api/v1/rooms/hub/${room}/events`, who);
  await server.start();
  expect(await call("PUT", "/api/v1/rooms/hub/r/bans/bob", admin)).toBe(200);
  expect(await call("POST", "/api/v1/revocations", admin, { sub: "cid" })).toBe(200);
  await server.kill();
  await server.start();
  expect([await reads(bob, "r"), await reads(bob, "other"), await reads(cid, "other")]).toEqual([
    403, 200, 403,
  ]);
});
