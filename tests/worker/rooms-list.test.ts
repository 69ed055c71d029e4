// What the list of rooms tells those who administer some of them, and nobody else.
import { afterAll, beforeAll, expect, test } from "vitest";
import { publish } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ REPORT_INTERVAL_MS: "50", BROADCASTS_PER_MINUTE: "0" });
});
afterAll(() => server.stop());

const list = async (query: Record<string, string>, claims: object) => {
  const path = `/api/v1/rooms?${new URLSearchParams(query)}`;
  return server.call("GET", path, undefined, await server.token({ claims }));
};
const ADMIN = { role: "admin" };
const caps = (...rooms: string[]) => ({ caps: rooms.map((room) => ({ room, can: ["admin"] })) });

test("[G21] who administers no room is refused, and no cursor names a room that is not shown", async () => {
  const mine = ["hub:b-mine", "hub:d-mine-1", "hub:d-mine-2"];
  const hidden = ["hub:a-secret", "hub:c-secret", "hub:d-secret", "hub:e-secret"];
  for (const room of [...mine, ...hidden]) await publish(server, room.slice(4), { type: "n" });
  await expect
    .poll(async () => (await list({}, ADMIN)).json.rooms.length, { timeout: 10_000 })
    .toBe(mine.length + hidden.length);
  for (const claims of [
    {},
    { contexts: "*", role: "service" },
    { caps: [{ room: "*", can: ["history", "presence"] }] },
  ]) {
    const { status, json } = await list({ limit: "1" }, claims);
    expect([status, json.code]).toEqual([403, "PERMISSION_DENIED"]);
  }
  // Page by page, each of them full, and only names that are shown come back in any form.
  for (const claims of [caps("hub:b-mine", "hub:d-mine*"), caps("hub:d-mine-1", "hub:b-*", "hub:d-mine-*")]) {
    const shown: string[] = [];
    let cursor: string | undefined;
    do {
      const { status, json, text } = await list({ limit: "1", ...(cursor && { cursor }) }, claims);
      expect(status).toBe(200);
      expect(json.rooms).toHaveLength(1);
      const told = `${text} ${Buffer.from(json.cursor ?? "", "base64url")}`;
      expect(told).not.toContain("secret");
      shown.push(json.rooms[0].room);
      cursor = json.cursor;
    } while (cursor);
    expect(shown).toEqual(mine);
  }
  expect((await list({ prefix: "hub:a" }, caps("hub:b-mine"))).json).toEqual({ rooms: [] });
});

test("[G21] a cursor is none but one that was given", async () => {
  for (const cursor of ["hub:p", "%%%", "/w=="]) {
    const { status, json } = await list({ cursor }, ADMIN);
    expect([status, json.code], cursor).toEqual([400, "INVALID_MESSAGE_FORMAT"]);
  }
});
