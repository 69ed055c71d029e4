// The clients of examples/, over a server that is killed in mid-stream.
import { type ChildProcess, spawn } from "node:child_process";
import { type AddressInfo, connect, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/client.ts";
import { Native } from "../support/native.ts";
import { hasPython, python } from "../support/python.ts";
import { Workerd } from "../support/workerd.ts";

const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const VARIABLES = { MESSAGES_PER_MINUTE: "0", BROADCASTS_PER_MINUTE: "0" };

const server = new Workerd();
/** What its client knows: the server gets another port with every start. */
const door = createServer((client) => {
  const room = connect(Number(new URL(server.origin).port), "127.0.0.1");
  client.pipe(room).pipe(client);
  for (const [one, other] of [
    [client, room],
    [room, client],
  ] as const) {
    one.on("error", () => {}).on("close", () => other.destroy());
  }
});
let child: ChildProcess | undefined;
beforeAll(async () => {
  await server.start(VARIABLES);
  await new Promise<void>((listening) => door.listen(0, "127.0.0.1", listening));
});
afterAll(async () => {
  child?.kill();
  door.close();
  await server.stop();
});

async function missesNothing(command: string, client: string, room: string) {
  const { port } = door.address() as AddressInfo;
  const running = spawn(command, [example(client), `ws://127.0.0.1:${port}`, room, "test"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child = running;
  const heard: { type: string; event: string; offset: number; data: unknown }[] = [];
  let text = "";
  running.stdout.on("data", (chunk: Buffer) => {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    heard.push(...lines.map((line) => JSON.parse(line)));
  });
  // Who is here is told, too, and stands at no place in the log.
  const events = () => heard.filter((it) => it.type === "event" && it.offset !== undefined);
  const say = async (from: number) => {
    const other = await Native.join(server.url, room);
    for (let number = from; number < from + 50; number++) await other.publish("n", number);
    other.socket.close();
  };
  running.stdin.write("before\n");
  await eventually(
    () => events().some((it) => it.data === "before"),
    () => "its own word",
  );
  await say(0);
  await server.kill();
  running.stdin.write("meanwhile\n");
  await server.start(VARIABLES);
  await say(50);
  await eventually(
    () => 102 <= events().length,
    () => `all; saw ${JSON.stringify(heard.slice(-5))}`,
  );
  expect(events().map((it) => it.offset)).toEqual(Array.from({ length: 102 }, (_, at) => at + 1));
  expect(
    events()
      .filter((it) => it.event === "n")
      .map((it) => it.data),
  ).toEqual(Array.from({ length: 100 }, (_, at) => at));
  expect(heard.filter((it) => it.type === "lost")).toEqual([]);
  running.kill();
}

test("[N22, N44] the client in JavaScript misses nothing and says nothing twice", async () => {
  await missesNothing(process.execPath, "native-client.mjs", "hub:js");
}, 60_000);

test.skipIf(!hasPython())(
  "[N22, N44] and so does the one in Python",
  async () => {
    await missesNothing(python(), "native_client.py", "hub:py");
  },
  120_000,
);
