// A room that loses its memory while it streams goes on from what its sockets and its disk
// hold: against the build that panics on request.
import { afterAll, beforeAll, expect, test } from "vitest";
import { workflow } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";
import { largeData, range, request, streamed } from "../support/transfer.ts";

let server: Server;
beforeAll(async () => {
  const variables = { MESSAGES_PER_MINUTE: "0", CHUNKS_PER_SECOND: "0" };
  server = await serve(variables, "wrangler.toml", ".wrangler/bundle-chaos");
});
afterAll(() => server.stop());

test("[W9] a room that is dropped while it streams goes on, and every chunk comes once", async () => {
  const room = server.room();
  const as = async (user: string) => workflow(server, room, await server.token({ user, room }));
  const [ann, bob] = [await as("ann"), await as("bob")];
  const { id, frames, content } = largeData("d", 200, 64 * 1024);
  for (const frame of frames) ann.send(frame);
  await ann.next("large_data_received");
  const wakes = () => server.logs().split(`woke ${room}"`).length - 1;
  const before = wakes();
  bob.send(request(id));
  const seen = () => bob.frames.length;
  for (const count of [1, 20, 60]) {
    await bob.until(() => count <= seen(), "some chunks");
    ann.send({ type: "panic" });
  }
  const inTheMiddle = seen();
  await bob.until(() => seen() === 200, "the last chunk");
  const got = streamed(bob, id);
  expect(got.indexes).toEqual(range(0, 200));
  expect(got.content.equals(content)).toBe(true);
  expect(inTheMiddle).toBeLessThan(200);
  expect(wakes() - before, "its memory was made anew each time").toBe(3);
});
