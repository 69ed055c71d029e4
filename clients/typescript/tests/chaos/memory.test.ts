// What a client keeps of what it has heard and said: nothing that grows.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { Dormouse } from "../../src/index.ts";
import { FakeServer } from "../../src/testing/index.ts";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Bytes that are in use, after what is not is gone. */
function used(): number {
  for (let times = 0; times < 4; times += 1) collect();
  return process.memoryUsage().heapUsed;
}

test("[E40, E41] memory is flat over 100,000 messages, a fifth of them its own", {
  timeout: 300_000,
}, async () => {
  const server = new FakeServer();
  const { clock, random, url } = server;
  const client = new Dormouse({
    url,
    clock,
    random,
    token: "ann",
    WebSocket: server.WebSocket as never,
    page: null,
  });
  const room = client.room("hub:long");
  const log = server.room("hub:long");
  let [heard, acknowledged] = [0, 0];
  room.on("*", ({ offset }) => {
    if (offset !== undefined) heard += 1;
  });
  room.presence.start();
  room.typing.start();
  room.state.start();
  await clock.advance(10);
  const round = async () => {
    for (let at = 0; at < 100; at += 1) {
      if (at % 5) log.publish(at % 2 ? "said" : "state.key", { value: at });
      else
        room.publish("said", { value: at }, { echo: at % 10 === 0 }).then(() => {
          acknowledged += 1;
        });
    }
    await clock.advance(1_000);
    // What the server remembers is not what is measured.
    log.log.trim(100);
    log.remembered.clear();
  };
  const sizes: number[] = [];
  for (let at = 1; at <= 1_000; at += 1) {
    await round();
    // Cuts leave nothing behind, either.
    if (at % 50 === 0) server.kill();
    if (at % 100 === 0) sizes.push(used());
  }
  await clock.advance(30_000);
  expect([log.offset, acknowledged]).toEqual([100_000, 20_000]);
  expect(heard).toBe(90_000);
  console.log(`heap in KiB, each 10,000 messages: ${sizes.map((it) => Math.round(it / 1024)).join(" ")}`);
  // The least that can be kept of a message is a pointer to it.
  const [half, end] = [sizes[4] as number, sizes[9] as number];
  expect(end - half).toBeLessThan(50_000 * 8);
});
