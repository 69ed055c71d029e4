import { describe, expect, test } from "vitest";
import { BackoffStrategy, type LinkOptions } from "../src/index.ts";
import { linked } from "./support/linked.ts";

async function opened(options: LinkOptions = {}) {
  const it = linked(options);
  void it.link.connect();
  await it.open();
  return it;
}

describe("the heartbeat", () => {
  test("[N45, B30, E40] the constant ping leaves every 25 s, whatever else is said", async () => {
    const { socket, clock } = await opened();
    for (let at = 1; at <= 3; at++) {
      await clock.advance(25_000);
      socket().pongs();
      expect(socket().pings).toBe(at);
    }
    expect(socket().raw.every((it) => it === '{"type":"ping"}')).toBe(true);
  });

  test("[E7] the hello says how often", async () => {
    const it = linked();
    void it.link.connect();
    await it.clock.advance(0);
    it.socket().opens();
    it.socket().says({ type: "hello", heartbeat_interval_ms: 1000 });
    await it.clock.advance(1000);
    expect(it.socket().pings).toBe(1);
  });

  test("[N46, D9, B31] nothing for 10 s after a ping: degraded, then another connection", async () => {
    const { link, socket, clock, sockets } = await opened();
    await clock.advance(25_000);
    await clock.advance(5000);
    expect(link.phase).toBe("degraded");
    await clock.advance(4999);
    expect(sockets).toHaveLength(1);
    await clock.advance(1);
    expect(link.phase).toBe("failed");
    expect(socket().closed).toBeDefined();
    expect(link.state.error?.message).toBe("no answer to a ping");
  });

  test("[N46] any frame after the ping is a sign of life", async () => {
    const { link, socket, clock } = await opened();
    await clock.advance(30_000);
    expect(link.phase).toBe("degraded");
    socket().says({ type: "news" });
    expect(link.phase).toBe("open");
    await clock.advance(10_000);
    expect(link.phase).toBe("open");
  });

  test("[N46] after a sleep of hours the connection is asked, and not judged by what did not come", async () => {
    const { link, socket, clock, sockets } = await opened();
    await clock.advance(24_000);
    clock.sleep(3 * 3600 * 1000);
    await clock.advance(0);
    expect(socket().pings).toBe(1);
    expect(link.phase).not.toBe("failed");
    socket().pongs();
    await clock.advance(5000);
    expect(link.phase).toBe("open");
    expect(sockets).toHaveLength(1);
  });

  test("[N46, N31] a socket that died in the sleep is replaced 5 s after it", async () => {
    const { link, clock, sockets } = await opened();
    await clock.advance(26_000);
    clock.sleep(3 * 3600 * 1000);
    await clock.advance(5000);
    expect(link.phase).toBe("failed");
    await clock.advance(1000);
    expect(sockets).toHaveLength(2);
  });

  test.each([86_400_000, -86_400_000])("a clock that jumps by %i ms ends no connection", async (skew) => {
    const { link, socket, clock, sockets } = await opened();
    await clock.advance(26_000);
    clock.skew = skew;
    for (let at = 0; at < 100; at++) {
      await clock.advance(1000);
      socket().pongs();
    }
    expect(link.phase).toBe("open");
    expect(sockets).toHaveLength(1);
  });

  test("a ping that is asked for tells the round trip", async () => {
    const { link, socket, clock } = await opened();
    const trips: number[] = [];
    link.on("pong", (rttMs) => trips.push(rttMs));
    link.ping();
    await clock.advance(40);
    socket().pongs();
    expect(trips).toEqual([40]);
  });
});

describe("a page", () => {
  test("[N31] on its return an open connection is asked, with 5 s to answer", async () => {
    const { link, page, clock, socket } = await opened();
    let wakes = 0;
    link.on("wake", () => {
      wakes += 1;
    });
    page.says("hidden");
    page.says("shown");
    expect(socket().pings).toBe(1);
    expect(wakes).toBe(1);
    await clock.advance(5000);
    expect(link.phase).toBe("failed");
  });

  test("no attempt is made while it is hidden, and one soon after it is shown", async () => {
    const { page, clock, socket, sockets, link } = await opened();
    page.says("hidden");
    socket().ends(1006);
    await clock.advance(3_600_000);
    expect(sockets).toHaveLength(1);
    expect(link.phase).toBe("failed");
    page.says("shown");
    await clock.advance(500);
    expect(sockets).toHaveLength(2);
  });

  test("attempts while it is hidden can be asked for", async () => {
    const { page, clock, socket, sockets } = await opened({ pauseWhenHidden: false });
    page.says("hidden");
    socket().ends(1006);
    await clock.advance(1000);
    expect(sockets).toHaveLength(2);
  });

  test("the network that is back ends the wait for the next attempt", async () => {
    const backoff = new BackoffStrategy({ baseDelaysMs: [60_000] });
    const { page, clock, socket, sockets } = await opened({ backoff });
    socket().ends(1006);
    page.says("offline");
    page.says("online");
    await clock.advance(500);
    expect(sockets).toHaveLength(2);
  });

  test("[N44] it does not end one that the server asked for, and a page that was hidden meanwhile makes up for it", async () => {
    const { page, clock, socket, sockets } = await opened();
    await clock.advance(5000);
    socket().says({ type: "closing", after_ms: 45_000 });
    page.says("online");
    await clock.advance(44_999);
    expect(sockets).toHaveLength(1);
    page.says("hidden");
    await clock.advance(60_000);
    expect(sockets).toHaveLength(1);
    page.says("shown");
    await clock.advance(500);
    expect(sockets).toHaveLength(2);
  });

  test("a network that is said to be away makes an open connection degraded, and does not end it", async () => {
    const { link, page, socket, clock } = await opened();
    page.says("offline");
    expect(link.phase).toBe("degraded");
    page.says("online");
    socket().pongs();
    expect(link.phase).toBe("open");
    await clock.advance(5000);
    expect(link.phase).toBe("open");
  });
});

describe("what a server may send", () => {
  test("[A42, A48, E44] no JSON, no type, an unknown type and an array in an array end nothing", async () => {
    const { link, socket, logs } = await opened();
    for (const it of ["nonsense", "null", "3", '"x"', "{}", "[[{}]]", "[]", '{"type":7}']) socket().hands(it);
    socket().hands(new ArrayBuffer(4));
    socket().says({ type: "of the future" });
    expect(link.phase).toBe("open");
    expect(logs.length).toBeGreaterThan(0);
  });

  test("[B23, E31] what a schema does not take is logged once, and not handed on", async () => {
    const validate = (frame: { type: string }) => (frame.type === "news" ? "no headline" : undefined);
    const { link, socket, logs } = await opened({ validate });
    const heard: string[] = [];
    link.on("frame", ({ type }) => heard.push(type));
    for (let at = 0; at < 3; at++) socket().says({ type: "news" });
    socket().says({ type: "other" });
    expect(heard).toEqual(["other"]);
    expect(logs).toEqual(["Invalid news: no headline"]);
  });

  test("10,000 frames in one turn, and one of 1 MiB, all arrive in order", async () => {
    const { link, socket } = await opened();
    const heard: unknown[] = [];
    link.on("frame", ({ at }) => heard.push(at));
    for (let at = 0; at < 10_000; at++) socket().says({ type: "news", at });
    socket().says({ type: "news", at: "large", data: "x".repeat(2 ** 20) });
    expect(heard).toEqual([...Array(10_000).keys(), "large"]);
  });

  test("a listener that throws harms no other, and nothing of the connection", async () => {
    const { link, socket } = await opened();
    const reported: unknown[] = [];
    const before = console.error;
    console.error = (error: unknown) => reported.push(error);
    try {
      const heard: string[] = [];
      link.on("frame", () => {
        throw new Error("a fault of the application's");
      });
      link.on("frame", ({ type }) => heard.push(type));
      socket().says({ type: "news" });
      expect(heard).toEqual(["news"]);
    } finally {
      console.error = before;
    }
    expect(reported).toHaveLength(1);
    expect(link.phase).toBe("open");
  });
});
