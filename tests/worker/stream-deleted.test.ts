// What was deleted or edited is in no event stream that goes on from before.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, serve } from "../support/server.ts";
import { Stream } from "../support/stream.ts";

let server: Server;
beforeAll(async () => {
  server = await serve();
});
afterAll(() => server.stop());

test("[J5, U2, U3] who goes on from before a deletion or an edit hears of it, and not what was said", async () => {
  const room = server.room();
  const token = await server.token({ room, claims: { role: "service" } });
  const path = `/api/v1/rooms/hub/${room}`;
  const publish = async (type: string, data: unknown) => {
    const { status, text } = await server.call("POST", `${path}/events`, { type, data }, token);
    expect(status, text).toBe(200);
  };
  const open = (lastEventId?: string) => Stream.open(`${server.http}${path}/stream`, { token, lastEventId });
  const first = await open();
  const { id } = await first.next("dormouse.attached");
  await publish("a", { text: "a secret" });
  await publish("a", { text: "a draft" });
  await publish("edit", { of: 2, data: { text: "final" } });
  await publish("edit", { of: 1, data: { text: "another secret" } });
  await publish("delete", { of: 1 });
  // Whoever is there is told what was said, as it was said.
  await first.until(() => first.offsets.length === 5, "five entries");
  expect(JSON.stringify(first.events)).toContain("a secret");
  await server.sleep(room, "HUBS");
  const again = await open(id);
  await again.until(() => again.offsets.length === 5, "five entries");
  expect(again.offsets).toEqual([1, 2, 3, 4, 5]);
  expect(JSON.stringify(again.events)).not.toMatch(/secret|draft/);
  expect(again.events.slice(1).map((it) => it.event)).toEqual(["a", "a", "edit", "edit", "delete"]);
  expect(again.events[2]?.data.data).toEqual({ text: "final" });
  expect(again.events[5]?.data.data).toMatchObject({ of: 1 });
});
