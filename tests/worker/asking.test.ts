// Asking an object for a socket, by itself: an answer that nobody waits for any more is let go.
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const until = vi.hoisted(() => [] as Promise<unknown>[]);
vi.mock("cloudflare:workers", () => ({ waitUntil: (work: Promise<unknown>) => until.push(work) }));

import { askForSocket } from "../../src/edge/glue.js";

beforeEach(() => {
  until.length = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** An object that answers when it is told to. */
function object() {
  let answer: (socket: object) => void = () => {};
  const asked = new Promise((resolve) => {
    answer = (webSocket) => resolve({ webSocket });
  });
  return { namespace: { idFromName: (it: string) => it, get: () => ({ fetch: () => asked }) }, answer };
}

const socket = () => {
  const said: string[] = [];
  return { said, accept: () => said.push("accept"), close: (code: number) => said.push(`close ${code}`) };
};

test("a room's socket that comes in time is whoever's asked for it", async () => {
  const { namespace, answer } = object();
  const asked = askForSocket(namespace, "r", "h", "", 1000);
  const it = socket();
  answer(it);
  expect(await asked).toBe(it);
  expect(it.said).toEqual([]);
});

test("[R9] a room's socket that comes too late is closed, or its room would have somebody in it", async () => {
  const { namespace, answer } = object();
  const asked = askForSocket(namespace, "r", "h", "", 1000);
  const failed = expect(asked).rejects.toThrow("no answer in time");
  vi.advanceTimersByTime(1000);
  await failed;
  const it = socket();
  answer(it);
  await until[0];
  expect(it.said).toEqual(["accept", "close 1001"]);
});

test("[R9] the answer is waited for even when the client is gone meanwhile", async () => {
  const { namespace, answer } = object();
  const asked = askForSocket(namespace, "r", "h", "", 1000);
  expect(until).toHaveLength(1);
  answer(socket());
  await Promise.all([asked, until[0]]);
});
