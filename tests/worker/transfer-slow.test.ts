// Large data goes out as fast as each client reads, and holds back nobody else: against
// workerd itself, because a proxy would read in the client's place.
import { afterAll, beforeAll, expect, test } from "vitest";
import { byToken, DOORS } from "../support/held.ts";
import { fetchAll, largeData, range, request, streamed } from "../support/transfer.ts";
import { Workerd } from "../support/workerd.ts";

const server = new Workerd();
beforeAll(() =>
  server.start({
    MESSAGES_PER_MINUTE: "0",
    CHUNKS_PER_SECOND: "0",
    CONNECTIONS_PER_MINUTE_PER_IP: "0",
  }),
);
afterAll(() => server.stop());

test.each(DOORS)(
  "[W10] a client that came by %s and stops reading gets all of it when it reads again, and others do not wait",
  async (door, enter) => {
    const room = door.replaceAll(" ", "-");
    const ann = await byToken(server.url, "/ws", room, "ann");
    const join = (user: string) => enter(server.url, "/ws", room, user);
    const [bob, slow] = [await join("bob"), await join("slow")];
    // 32 MiB: far past what loopback holds by itself.
    const { id, frames, content } = largeData("d", 512, 64 * 1024);
    for (const frame of frames) ann.send(frame);
    await ann.next("large_data_received");
    // Once before, so that what it takes to pass it on is not counted as kept.
    const atFirst = server.memory();
    await fetchAll(bob, id, 511);
    bob.frames.length = 0;
    bob.raw.length = 0;
    slow.send(request(id));
    await slow.until(() => slow.frames.length > 0, "the first chunk");
    slow.socket.pause();
    const before = server.memory();
    const got = await fetchAll(bob, id, 511);
    expect(got.content.equals(content)).toBe(true);
    ann.send({ type: "ping", id: "p" });
    await ann.next("pong");
    const grown = server.memory() - before;
    console.log(
      `${door}: ${((before - atFirst) / (1 << 20)).toFixed(0)} MiB to pass 32 on, ${(grown / (1 << 20)).toFixed(0)} more with one that does not read`,
    );
    expect(slow.frames.length, "it did not get all of it before it stopped").toBeLessThan(512);
    expect(grown, "what it did not read was not kept").toBeLessThan(30 << 20);
    slow.socket.resume();
    await slow.until(() => slow.frames.length === 512, "the rest");
    const late = streamed(slow, id);
    expect(late.indexes).toEqual(range(0, 512));
    expect(late.content.equals(content)).toBe(true);
    expect(slow.close).toBeUndefined();
  },
);
