import { describe, expect, test } from "vitest";
import { BackoffStrategy, observe, type TokenRequest } from "../src/index.ts";
import { settle } from "./support/clock.ts";
import { dialect, linked } from "./support/linked.ts";

describe("attempts", () => {
  test("[E13, E14] idle, connecting, open, failed, reconnecting, open again, and idle by disconnect", async () => {
    const { link, phases, open, socket, clock } = linked();
    const connected = link.connect();
    await open();
    await connected;
    socket().ends(1006);
    await clock.advance(1000);
    await open();
    link.disconnect();
    expect(phases).toEqual(["idle", "connecting", "open", "failed", "reconnecting", "open", "idle"]);
    expect(socket().closed).toEqual({ code: 1000, reason: "" });
    expect(clock.pending).toBe(0);
  });

  test("it can be connected again as soon as it was disconnected", async () => {
    const { link, open } = linked();
    void link.connect();
    await open();
    link.disconnect();
    const connected = link.connect();
    await open();
    await connected;
    expect(link.phase).toBe("open");
  });

  test("[E13, E15] after the last attempt it gives up, and reconnect begins anew", async () => {
    const backoff = new BackoffStrategy({ baseDelaysMs: [1000], maxAttempts: 2 });
    const { link, phases, socket, clock, sockets } = linked({ backoff });
    const connected = link.connect();
    for (let at = 0; at < 3; at++) {
      await settle();
      socket().fails();
      await clock.advance(1000);
    }
    await expect(connected).rejects.toMatchObject({ code: "NETWORK" });
    expect(phases.at(-1)).toBe("fallback");
    expect(sockets).toHaveLength(3);
    await clock.advance(3_600_000);
    expect(sockets).toHaveLength(3);
    void link.reconnect();
    await settle();
    expect(sockets).toHaveLength(4);
    expect(link.phase).toBe("reconnecting");
  });

  test("an open socket without a hello is pending, and given up after the time to connect", async () => {
    const { link, socket, clock, phases } = linked({ connectTimeoutMs: 3000 });
    void link.connect();
    await settle();
    socket().opens();
    expect(link.state.isPending).toBe(true);
    await clock.advance(3000);
    expect(phases.at(-1)).toBe("failed");
    expect(link.state.isPending).toBe(false);
    expect(link.state.error?.message).toBe("connection timeout");
  });

  test("a refused connection that says an error and no close is the end of its attempt", async () => {
    const { link, socket, clock, sockets } = linked();
    void link.connect();
    await settle();
    socket().fails();
    socket().ends(1006);
    await clock.advance(1000);
    expect(sockets).toHaveLength(2);
  });

  test("[N44] the first delay comes again only 5 s after a hello", async () => {
    const backoff = new BackoffStrategy({ baseDelaysMs: [1000, 60_000] });
    const { link, open, socket, clock, sockets } = linked({ backoff });
    void link.connect();
    await open();
    socket().ends(1006);
    await clock.advance(1000);
    await open();
    await clock.advance(4999);
    socket().ends(1006);
    await clock.advance(59_999);
    expect(sockets).toHaveLength(2);
    await clock.advance(1);
    await open();
    await clock.advance(5000);
    socket().ends(1006);
    await clock.advance(1000);
    expect(sockets).toHaveLength(4);
  });

  test("[N44] a delay that the server says takes the place of the back-off", async () => {
    const { link, open, socket, clock, sockets } = linked();
    void link.connect();
    await open();
    await clock.advance(5000);
    socket().says({ type: "closing", after_ms: 123 });
    expect(socket().closed).toBeDefined();
    await clock.advance(122);
    expect(sockets).toHaveLength(1);
    await clock.advance(1);
    expect(sockets).toHaveLength(2);
  });

  test("a server that closes at once 1,000 times is asked no faster than the back-off says", async () => {
    const { link, open, socket, clock, sockets } = linked();
    void link.connect();
    const started = clock.now();
    for (let at = 0; at < 1000; at++) {
      await open();
      socket().says({ type: "closing", after_ms: 0 });
      await clock.advance(1000);
    }
    expect(sockets).toHaveLength(1001);
    expect(clock.now() - started).toBe(1_000_000);
    expect(clock.pending).toBeLessThan(4);
  });

  test.each([
    [1000, "idle"],
    [1001, "failed"],
    [1002, "fallback"],
    [1006, "failed"],
    [1009, "failed"],
    [1011, "failed"],
    [1012, "failed"],
    [1013, "failed"],
    [4400, "fallback"],
    [4401, "fallback"],
    [4500, "failed"],
  ] as const)("[N44, E26, E27] a close with %i leads to %s", async (code, phase) => {
    const { link, open, socket } = linked();
    void link.connect();
    await open();
    socket().ends(code);
    expect(link.phase).toBe(phase);
  });

  test("[N44] 1013 is tried again after 5 to 30 s, 1012 within 5 s", async () => {
    for (const [code, delay] of [
      [1013, 17_500],
      [1012, 2500],
    ] as const) {
      const { link, open, socket, clock } = linked();
      void link.connect();
      await open();
      await clock.advance(5000);
      socket().ends(code);
      expect(link.state.retryAt).toBe(clock.now() + delay);
    }
  });

  test("a connect that is aborted rejects with the signal's reason", async () => {
    const { link } = linked();
    const stop = new AbortController();
    const connected = link.connect({ signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(connected).rejects.toThrow("enough");
  });

  test("[E21] disconnect is final: neither timers nor the page connect again", async () => {
    const { link, open, socket, clock, page, sockets } = linked();
    void link.connect();
    await open();
    socket().ends(1006);
    link.disconnect();
    page.says("shown");
    page.says("online");
    await clock.advance(100_000);
    expect(sockets).toHaveLength(1);
    expect(page.listeners.size).toBe(0);
  });
});

describe("tokens", () => {
  test("[N43] the function is called for every attempt, with its reason", async () => {
    const asked: Omit<TokenRequest, "signal">[] = [];
    const token = ({ reason, attempt }: TokenRequest) => {
      asked.push({ reason, attempt });
      return `t${asked.length}`;
    };
    const { link, socket, clock } = linked({ token });
    void link.connect();
    await settle();
    expect(socket().url).toBe("ws://test/?token=t1");
    expect(link.state.url).toBe("ws://test/?token=…");
    socket().fails();
    await clock.advance(1000);
    expect(socket().url).toBe("ws://test/?token=t2");
    expect(asked).toEqual([
      { reason: "initial", attempt: 1 },
      { reason: "reconnect", attempt: 2 },
    ]);
  });

  test("one that throws makes the attempt fail, and is asked again", async () => {
    let calls = 0;
    const token = () => {
      calls += 1;
      if (calls < 3) throw new Error("no network");
      return "t";
    };
    const { link, clock, sockets } = linked({ token });
    void link.connect();
    await clock.advance(1000);
    expect(sockets).toHaveLength(0);
    expect(link.state.error?.message).toContain("no network");
    await clock.advance(1000);
    expect(sockets).toHaveLength(1);
  });

  test("one that throws an error which is not retryable ends it", async () => {
    const token = () => Promise.reject(Object.assign(new Error("signed out"), { retryable: false }));
    const { link } = linked({ token });
    await expect(link.connect()).rejects.toThrow("signed out");
    expect(link.phase).toBe("fallback");
  });

  test("one that hangs is waited for no longer than an attempt may last", async () => {
    const signals: AbortSignal[] = [];
    const token = ({ signal }: TokenRequest) => {
      signals.push(signal);
      return new Promise<string>(() => {});
    };
    const { link, clock } = linked({ token });
    void link.connect();
    await clock.advance(10_000);
    expect(link.phase).toBe("failed");
    expect(signals.map((it) => it.aborted)).toEqual([true]);
    await clock.advance(1000);
    expect(signals).toHaveLength(2);
  });

  test("[N44] after 1008 a new token is asked for once; a second 1008 ends it", async () => {
    const reasons: string[] = [];
    const token = ({ reason }: TokenRequest) => {
      reasons.push(reason);
      return "expired for ever";
    };
    const { link, socket, clock } = linked({ token });
    const connected = link.connect();
    await settle();
    socket().opens();
    socket().ends(1008);
    await clock.advance(1000);
    socket().opens();
    socket().ends(1008, "no");
    await clock.advance(100_000);
    expect(reasons).toEqual(["initial", "expired"]);
    expect(link.phase).toBe("fallback");
    await expect(connected).rejects.toMatchObject({ message: "no", retryable: false });
  });

  test("[N43] a prompt leads to a new token on the same socket, one for several prompts", async () => {
    let calls = 0;
    const { link, open, socket, sockets } = linked({ token: () => `t${++calls}` });
    void link.connect();
    await open();
    socket().says({ type: "reauth" }, { type: "reauth" });
    await settle();
    const [auth, ...more] = socket().sent;
    expect(auth).toMatchObject({ type: "auth", token: "t2" });
    expect(more).toEqual([]);
    expect(sockets).toHaveLength(1);
  });

  test("[N41] a request that is refused for its token leaves again once there is a new one", async () => {
    const { link, open, socket } = linked({ token: () => "t" });
    void link.connect();
    await open();
    const asked = link.request({ type: "say", id: "a" });
    await settle();
    socket().says({ type: "error", id: "a", code: "AUTHENTICATION_FAILED", retryable: false });
    await settle();
    const auth = socket().sent.at(-1);
    expect(auth?.type).toBe("auth");
    socket().says({ type: "ack", id: auth?.id });
    await settle();
    expect(socket().sent.at(-1)).toEqual({ type: "say", id: "a" });
    socket().says({ type: "error", id: "a", code: "AUTHENTICATION_FAILED", retryable: false });
    await expect(asked).rejects.toMatchObject({ code: "AUTHENTICATION_FAILED" });
  });

  test("[A26] where the protocol cannot renew on a socket, it connects again with a new token", async () => {
    const { renewal: _, ...words } = dialect;
    const reasons: string[] = [];
    const token = ({ reason }: TokenRequest) => {
      reasons.push(reason);
      return "t";
    };
    const { link, open, socket, clock, sockets } = linked({ token }, words);
    void link.connect();
    await open();
    await clock.advance(5000);
    socket().says({ type: "reauth" });
    await clock.advance(0);
    expect(sockets).toHaveLength(2);
    expect(reasons).toEqual(["initial", "expired"]);
  });
});

describe("the record of a connection", () => {
  test("[E29, E30, E41] numbers, ten attempts with what ended them, messages by type", async () => {
    const { link, open, socket, clock } = linked();
    const record = observe(link, () => clock.now());
    void link.connect();
    for (let at = 0; at < 12; at++) {
      await settle();
      socket().fails();
      await clock.advance(1000);
    }
    await open();
    socket().says({ type: "news" }, { type: "news" });
    link.send({ type: "say" });
    await clock.advance(25_000);
    socket().pongs();
    expect(record.attempts).toHaveLength(10);
    expect(record.attempts[0]).toMatchObject({ number: 4, kind: "network" });
    expect(record.attempts.at(-1)).toMatchObject({ number: 13, openAt: expect.any(Number) });
    expect(record.stats).toMatchObject({ attempts: 13, connections: 1, pings: 1, pongs: 1, rttMs: 0 });
    expect(record.stats.byType).toEqual({ hello: 1, news: 2, pong: 1 });
    expect(observe(link)).toBe(record);
  });

  test("types that a server makes up do not fill the memory", async () => {
    const { link, open, socket, clock } = linked();
    const { stats } = observe(link, () => clock.now());
    void link.connect();
    await open();
    for (let at = 0; at < 1000; at++) socket().says({ type: `t${at}` });
    expect(Object.keys(stats.byType).length).toBeLessThanOrEqual(101);
    expect(stats.byType.other).toBe(901);
  });
});
