// A room whose server is the test.
import { Dormouse, type DormouseOptions, type JoinOptions, type RoomEvent } from "../../src/index.ts";
import { settle, world } from "./clock.ts";

export const hello = (more: object = {}) => ({
  ...{ type: "hello", accepted_version: 2, session_id: "session_1", user_id: "ann", server_time: 0 },
  ...{ features: [], heartbeat_interval_ms: 25_000, limits: { frame_bytes: 1_048_576 }, room: "hub:demo" },
  ...{ epoch: "e1", offset: 0, first: 1, from: 0, recovered: false, grants: [], presence: "members" },
  ...more,
});

export const said = (offset: number, more: object = {}) => ({
  ...{ type: "event", event: "said", offset, at: 1, user: "bob", data: offset },
  ...more,
});

/** A room that is attached, unless `greeting` is null. */
export async function joined(
  options: Partial<DormouseOptions> = {},
  join: JoinOptions = {},
  greeting: object | null = {},
) {
  const around = world();
  const client = new Dormouse({ url: "http://test", token: "t", ...around.environment, ...options });
  const room = client.room("hub:demo", join);
  const heard: RoomEvent[] = [];
  room.on("*", (event) => heard.push(event));
  /** The server greets the newest socket. */
  const greet = async (more: object = {}) => {
    await settle();
    around.socket().opens();
    around.socket().says(hello(more));
  };
  if (greeting) await greet(greeting);
  /** What the newest socket was asked for in its address. */
  const asked = (name: string) => new URL(around.socket().url).searchParams.get(name);
  /** The connection is cut, and the next one greeted. */
  const cut = async (more: object = {}) => {
    around.socket().ends(1006);
    await around.clock.advance(20_000);
    await greet(more);
  };
  const offsets = () => heard.map((it) => it.offset);
  return { ...around, client, room, heard, offsets, greet, asked, cut };
}
