// The example of docs/testing.md, as it stands there.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Dormouse } from "../../src/index.ts";
import { FakeServer } from "../../src/testing/index.ts";

test("a message that is said while the connection is away is said once it is back", async () => {
  const server = new FakeServer();
  const { clock, random, url, WebSocket } = server;
  const client = new Dormouse({ url, token: "ann", clock, random, WebSocket, page: null });
  const room = client.room("chat:demo");
  await clock.advance(10);

  server.kill();
  const said = room.publish("message", { content: "hello" });
  await clock.advance(30_000);

  expect(await said).toMatchObject({ offset: 1 });
  expect(server.room("chat:demo").entries).toHaveLength(1);
});

/** From the first test on: what differs above is where things are imported from. */
const body = (text: string) => text.slice(text.indexOf("\ntest("), text.indexOf("\n});") + 4);

test("[E32] the example above is that of the page", () => {
  const [, example = ""] =
    /```ts\n(.*?)```/s.exec(readFileSync("clients/typescript/docs/testing.md", "utf8")) ?? [];
  expect(body(example).length).toBeGreaterThan(500);
  expect(body(readFileSync(import.meta.filename, "utf8"))).toBe(body(example));
});
