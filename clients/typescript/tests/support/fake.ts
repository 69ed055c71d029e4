// A client of the fake server, in virtual time.
import { Dormouse, type DormouseOptions } from "../../src/index.ts";
import { FakeServer } from "../../src/testing/index.ts";

/** `token` is the user, as the fake server has it. */
export function faked(options: Partial<DormouseOptions> = {}, server = new FakeServer()) {
  const client = new Dormouse({
    ...{ url: server.url, token: "ann", clock: server.clock, page: null, random: server.random },
    WebSocket: server.WebSocket as unknown as DormouseOptions["WebSocket"],
    ...options,
  });
  return { server, client, clock: server.clock };
}
