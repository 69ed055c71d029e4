// The pipe of a held socket by itself, both ends of it, between sockets that are none.
import { afterEach, expect, test, vi } from "vitest";
import { Held } from "../../src/edge/held.js";
import { bindPipe, Pipe, readerOf, reported } from "../../src/edge/pipe.js";

afterEach(() => {
  vi.useRealTimers();
});

/** A socket whose peer reads when it is told to. */
class Fake extends EventTarget {
  sent: string[] = [];
  bufferedAmount = 0;
  closed?: number;
  accept() {}
  send(data: string) {
    this.sent.push(data);
    this.bufferedAmount += Buffer.byteLength(data);
  }
  close(code = 1005) {
    this.closed ??= code;
  }
  hears(data: string) {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }
  ends(code: number) {
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason: "" }));
  }
}

const KIB = 1024;

/** A room's socket and its client's, with a pipe between. What each is sent arrives when told. */
function piped() {
  const [room, upstream, client] = [new Fake(), new Fake(), new Fake()];
  bindPipe(room);
  const pipe = new Pipe(client, upstream);
  return {
    room,
    client,
    unread: () => readerOf(room).unread,
    says(bytes: number) {
      room.send("x".repeat(bytes));
      readerOf(room).sent(bytes);
      for (const frame of room.sent.splice(0)) pipe.toClient(frame);
    },
    reports() {
      vi.advanceTimersByTime(10_000);
      const reports = upstream.sent.splice(0);
      for (const report of reports) reported(room, report);
      return reports.length;
    },
  };
}

test("[L16] the room learns how much its client has not read, and that it has", () => {
  vi.useFakeTimers();
  const { client, says, reports, unread } = piped();
  for (let at = 0; at < 10; at++) says(32 * KIB);
  expect(unread()).toBe(320 * KIB);
  expect(reports()).toBe(1);
  expect(unread()).toBe(320 * KIB);
  client.bufferedAmount -= 250 * KIB;
  expect(reports()).toBe(1);
  expect(unread()).toBe(70 * KIB);
  client.bufferedAmount = 0;
  expect(reports()).toBe(1);
  expect(unread()).toBe(0);
  expect(reports()).toBe(0);
});

test("[L16] a room that says little is told nothing, so that nothing wakes it", () => {
  vi.useFakeTimers();
  const { client, says, reports } = piped();
  for (let at = 0; at < 6; at++) says(10 * KIB);
  client.bufferedAmount = 0;
  expect(reports()).toBe(0);
});

test("[L16] a room that has slept learns what waited before", () => {
  vi.useFakeTimers();
  const [client, upstream] = [new Fake(), new Fake()];
  const pipe = new Pipe(client, upstream);
  pipe.toClient("x".repeat(1000 * KIB));
  // Each time it wakes it says less than calls for a mark.
  for (let wakes = 0; wakes < 3; wakes++) pipe.toClient("x".repeat(50 * KIB));
  vi.advanceTimersByTime(1);
  const [room, last] = [new Fake(), upstream.sent.at(-1)];
  reported(room, last);
  expect(readerOf(room).unread).toBe(1150 * KIB);
});

test("[L16] no client speaks for the pipe", () => {
  const upstream = new Fake();
  const pipe = new Pipe(new Fake(), upstream);
  for (const frame of ["\0unread 0 ", "\0", "\0\0", "x\0", "{}"]) pipe.toRoom(frame);
  expect(upstream.sent).toEqual(["\0\0unread 0 ", "\0\0", "\0\0\0", "x\0", "{}"]);
});

test("[L16] past 8 MiB the pipe gives up, whatever the room thinks", () => {
  const [client, upstream] = [new Fake(), new Fake()];
  const pipe = new Pipe(client, upstream);
  const frame = "x".repeat(1 << 20);
  for (let at = 0; at < 8; at++) expect(pipe.toClient(frame)).toBe(true);
  expect(pipe.toClient(frame)).toBe(false);
});

test("[R9] what comes before the room's answer is bounded for one socket and for all", () => {
  const long = "x".repeat(700);
  const held = (lengthOfAllMax: number) => {
    const socket = new Fake();
    new Held(socket, 1000, lengthOfAllMax);
    socket.hears("auth");
    return socket;
  };
  const one = held(2000);
  one.hears(long);
  expect(one.closed).toBeUndefined();
  one.hears(long);
  expect(one.closed).toBe(1009);
  const [a, b, c] = [held(2000), held(2000), held(2000)];
  a.hears(long);
  b.hears(long);
  c.hears(long);
  expect([a.closed, b.closed, c.closed]).toEqual([undefined, undefined, 1013]);
  a.ends(1000);
  const d = held(2000);
  d.hears(long);
  expect(d.closed).toBeUndefined();
});

test("[R9] a room's socket that comes after the end is closed with it", () => {
  const [socket, upstream] = [new Fake(), new Fake()];
  const held = new Held(socket, 1000, 1000);
  socket.hears("auth");
  socket.ends(4000);
  held.pipe(upstream);
  expect(upstream.closed).toBe(4000);
});
