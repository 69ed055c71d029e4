import type { Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve();
});
afterAll(() => server.stop());

const MIB = 1 << 20;

test.each<[string, string | Buffer]>([
  ["text", "hello"],
  ["nothing", ""],
  ["what would be a ping elsewhere", '{"type":"ping"}'],
  ["letters of four bytes", "😀".repeat(1000)],
  ["1 MiB of text", "x".repeat(MIB)],
  ["binary", Buffer.from([0, 1, 2, 253, 254, 255])],
  ["no bytes", Buffer.alloc(0)],
  ["1 MiB of binary", Buffer.alloc(MIB, 7)],
])("[E11, F1] %s comes back unchanged", async (_, frame) => {
  const client = await server.echo("someone");
  client.send(frame);
  await client.until(() => client.raw.length === 1, "the echo");
  const back = client.raw[0];
  expect(typeof back).toBe(typeof frame);
  expect(Buffer.compare(Buffer.from(back as string), Buffer.from(frame as string))).toBe(0);
});

test("[F1] past 1 MiB the echo closes with 1009", async () => {
  for (const frame of ["x".repeat(MIB + 1), "😀".repeat(MIB / 4 + 1), Buffer.alloc(MIB + 1)]) {
    const client = await server.echo("someone");
    client.send(frame);
    expect((await client.closed()).code).toBe(1009);
    expect(client.raw).toEqual([]);
  }
});

test("[F1] frames come back in order, across sleep, and to nobody else", async () => {
  const [ann, bob] = [await server.echo("ann"), await server.echo("bob")];
  for (let i = 0; i < 50; i++) ann.send(String(i));
  await ann.until(() => ann.raw.length === 50, "the echoes");
  await server.sleep("192.0.2.1", "ECHOES");
  ann.send("50");
  await ann.until(() => ann.raw.length === 51, "the echo after sleep");
  expect(ann.raw).toEqual(Array.from({ length: 51 }, (_, i) => String(i)));
  expect(bob.raw).toEqual([]);
});

test.each([1000, 1001, 1011, 3000, 4999])("[F2] a close with %i is answered with %i", async (code) => {
  const client = await server.echo("someone");
  client.send("hello");
  expect((await client.leave(code)).code).toBe(code);
});

test.each([1004, 1016, 2999, 5000])(
  "[F2] a close with %i, which no peer may send, is answered with 1002",
  async (code) => {
    const client = await server.echo("someone");
    client.send("hello");
    await client.until(() => client.raw.length === 1, "the echo");
    // By hand, since no client library would send it: FIN and close, two bytes, masked with zeros.
    const frame = Buffer.from([0x88, 0x82, 0, 0, 0, 0, code >> 8, code & 0xff]);
    (client.socket as unknown as { _socket: Socket })._socket.write(frame);
    expect((await client.closed()).code).toBe(1002);
  },
);

test("[F2] a close without a code is answered without one", async () => {
  const client = await server.echo("someone");
  client.send("hello");
  client.socket.close();
  expect((await client.closed()).code).toBe(1005);
});

test.each(["a b", "ä", "%252e", "a".repeat(129)])("[F1] the client id %j is refused", async (id) => {
  const client = await server.echo(id);
  expect(await client.refusal()).toBe("INVALID_MESSAGE_FORMAT");
  expect((await client.closed()).code).toBe(1008);
});
