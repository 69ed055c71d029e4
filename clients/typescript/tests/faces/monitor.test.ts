import { expect, test } from "vitest";
import { WebSocketMonitor } from "../../src/faces/monitor.ts";
import { MockWebSocket } from "../../src/testing/index.ts";
import { world } from "../support/clock.ts";

test("[B30, B35, B39] it pings every 30 s while the socket is open, and stops when it is told", async () => {
  const { clock } = world();
  const ws = new MockWebSocket();
  ws.send = (data) => void ws.sent.push(data);
  const monitor = new WebSocketMonitor(ws, { clock });
  monitor.startPing();
  await clock.advance(29_999);
  expect(ws.sent).toEqual([]);
  await clock.advance(1);
  expect(ws.sent).toEqual(['{"type":"ping"}']);
  ws.readyState = MockWebSocket.CLOSED;
  await clock.advance(60_000);
  expect(ws.sent).toHaveLength(1);
  ws.readyState = MockWebSocket.OPEN;
  monitor.startPing();
  monitor.stopPing();
  await clock.advance(120_000);
  expect(ws.sent).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

test("[B31, B39] a pong means alive; after two pings without one the connection is taken for dead", async () => {
  const { clock } = world();
  const ws = new MockWebSocket();
  let dead = 0;
  const onDead = () => {
    dead += 1;
  };
  const monitor = new WebSocketMonitor(ws, { clock, onDead });
  monitor.startPing();
  for (let at = 0; at < 3; at++) {
    await clock.advance(30_000);
    ws.simulateMessage({ type: "pong" });
    expect(monitor.isAlive).toBe(true);
  }
  expect(monitor.lastPongAt).toBe(clock.now());
  await clock.advance(30_000);
  ws.simulateMessage({ type: "message" });
  await clock.advance(30_000);
  expect([monitor.isAlive, dead]).toEqual([false, 0]);
  await clock.advance(30_000);
  expect([monitor.isAlive, dead]).toEqual([false, 1]);
  monitor.handlePong();
  expect(monitor.isAlive).toBe(true);
});
