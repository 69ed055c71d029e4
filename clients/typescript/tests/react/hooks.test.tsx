// @vitest-environment happy-dom
import { act } from "react";
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import {
  useConnection,
  useDormouse,
  useMessages,
  useMetric,
  usePresence,
  useRoom,
  useTyping,
} from "../../src/react/index.ts";
import { faked } from "../support/fake.ts";
import { probe, shown } from "./support.tsx";

const ROOM = "hub:demo";

function Other({ name, events }: { name: string; events?: string[] }) {
  useRoom(name, { events });
  return null;
}

function Mood({ mood }: { mood: string }) {
  usePresence(useRoom(ROOM), { mood });
  return null;
}

function Alone() {
  useDormouse();
  return null;
}

test("StrictMode opens one socket, and the last component that goes closes it", async () => {
  const { server, render, advance } = shown();
  const { Probe, now } = probe(() => useConnection(useRoom(ROOM)));
  await render([<Probe key="1" />, <Probe key="2" />]);
  await advance(100);
  expect([server.attempts, server.connections.size, now().phase]).toEqual([1, 1, "open"]);
  await render(<Probe key="2" />);
  await advance(100);
  expect([server.attempts, server.connections.size]).toEqual([1, 1]);
  await render(null);
  await advance(100);
  expect([server.attempts, server.connections.size]).toEqual([1, 0]);
});

test("a component that moves to another parent, or is replaced, keeps the connection", async () => {
  const { server, render, advance } = shown();
  const { Probe } = probe(() => useRoom(ROOM));
  await render(<Probe />);
  await advance(100);
  await render(
    <div>
      <Probe />
    </div>,
  );
  await advance(100);
  expect([server.attempts, server.connections.size]).toEqual([1, 1]);
});

test("another room, and other options, are another connection, and the one before ends", async () => {
  const { server, render, advance } = shown();
  await render(<Other name="hub:a" />);
  await advance(100);
  await render(<Other name="hub:b" />);
  await advance(100);
  await render(<Other name="hub:b" events={["message"]} />);
  await advance(100);
  expect([server.attempts, server.connections.size]).toEqual([3, 1]);
});

test("a room that is mounted again after it was let go of connects again", async () => {
  const { server, render, advance } = shown();
  const { Probe, now } = probe(() => useConnection(useRoom(ROOM)));
  await render(<Probe />);
  await advance(100);
  await render(null);
  await advance(100);
  await render(<Probe />);
  await advance(100);
  expect([server.attempts, now().isConnected]).toEqual([2, true]);
});

test("with connect: false nothing is connected until it is asked for", async () => {
  const { server, render, advance } = shown();
  const { Probe, now } = probe(() => useConnection(useRoom(ROOM, { connect: false })));
  await render(<Probe />);
  await advance(100);
  expect([server.attempts, now().phase]).toEqual([0, "idle"]);
  await act(async () => now().connect());
  await advance(100);
  expect(now()).toMatchObject({ phase: "open", isConnected: true, isConnecting: false });
  await act(async () => now().disconnect());
  await advance(100);
  expect(now()).toMatchObject({ phase: "idle", isConnected: false, isConnecting: false });
});

test("[E13] the connection tells of attempts, failures and giving up", async () => {
  const { server, render, advance } = shown();
  server.offline();
  const { Probe, seen, now } = probe(() => useConnection(useRoom(ROOM)));
  await render(<Probe />);
  await advance(2000);
  expect(now()).toMatchObject({ isConnected: false, isConnecting: true, isFallback: false });
  expect(seen.some((it) => it.phase === "failed" && it.retryAt !== null)).toBe(true);
  server.offline(false);
  server.refuse("PERMISSION_DENIED");
  await advance(60_000);
  expect(now()).toMatchObject({ phase: "fallback", isFallback: true, isConnecting: false });
  expect(now().error?.message).toBeTruthy();
});

test("what is said just before the last component goes is in the log", async () => {
  const { server, render, advance } = shown();
  const { Probe, now } = probe(() => useMessages<string>(useRoom(ROOM)));
  await render(<Probe />);
  await advance(100);
  server.kill();
  now().send("last words");
  await render(null);
  await advance(30_000);
  expect(server.room(ROOM).entries.map((it) => it.data)).toEqual(["last words"]);
  expect(server.connections.size).toBe(0);
});

test("[B10, B34] two components share one list, with what is being sent", async () => {
  const { server, render, advance } = shown();
  server.room(ROOM).publish("message", "before", { user: "bob" });
  const list = probe(() => useMessages<string>(useRoom(ROOM), { pageSize: 20 }));
  const composer = probe(() => useMessages<string>(useRoom(ROOM), { pageSize: 20 }));
  await render([<list.Probe key="1" />, <composer.Probe key="2" />]);
  await advance(100);
  await act(async () => void composer.now().send("hello"));
  expect(list.now().messages).toMatchObject([{ data: "before" }, { data: "hello", status: "sending" }]);
  expect(list.now().messages).toBe(composer.now().messages);
  await advance(100);
  expect(list.now().messages.map((it) => it.status)).toEqual(["sent", "sent"]);
});

test("[B22] no message is lost, however many come while React has not rendered", async () => {
  const { server, render, advance, clock } = shown();
  const { Probe, now, seen } = probe(() => useMessages<number>(useRoom(ROOM)));
  await render(<Probe />);
  await advance(100);
  const before = seen.length;
  const all = Array.from({ length: 500 }, (_, at) => at + 1);
  await act(async () => {
    for (const it of all) server.room(ROOM).publish("message", it);
    await clock.advance(1);
  });
  expect(now().messages.map((it) => it.data)).toEqual(all);
  expect(seen.length - before).toBeLessThan(10);
});

test("a row that did not change is the same object", async () => {
  const { server, render, advance } = shown();
  server.room(ROOM).publish("message", "first");
  const { Probe, now } = probe(() => useMessages(useRoom(ROOM)));
  await render(<Probe />);
  await advance(100);
  const [first] = now().messages;
  server.room(ROOM).publish("message", "second");
  await advance(100);
  expect(now().messages).toHaveLength(2);
  expect(now().messages[0]).toBe(first);
});

test("a component is not rendered again for what it does not show", async () => {
  const { server, render, advance } = shown();
  const { Probe, seen } = probe(() => usePresence(useRoom(ROOM)));
  await render(<Probe />, false);
  await advance(100);
  const before = seen.length;
  for (let at = 0; at < 10; at += 1) server.room(ROOM).publish("message", at);
  await advance(100);
  expect(seen).toHaveLength(before);
});

test("[B13, B14, N35] who is here, with what they say of themselves, also after a new connection", async () => {
  const { server, render, advance } = shown();
  await render(<Mood mood="fine" />);
  const bob = shown({}, faked({ token: "bob" }, server));
  const { Probe, now } = probe(() => usePresence<{ mood: string }>(useRoom(ROOM)));
  await bob.render(<Probe />);
  await advance(100);
  const moods = () => now().members.map((it) => [it.user, it.data?.mood]);
  expect(moods()).toEqual([
    ["ann", "fine"],
    ["bob", undefined],
  ]);
  await render(<Mood mood="tired" />);
  await advance(100);
  expect(moods()[0]).toEqual(["ann", "tired"]);
  server.kill("ann");
  await advance(60_000);
  expect(moods()[0]).toEqual(["ann", "tired"]);
  await render(null);
  await advance(60_000);
  expect(now().users).toBe(1);
});

test("[B12] who types", async () => {
  const { server, render, advance } = shown();
  const mine = probe(() => useTyping(useRoom(ROOM)));
  await render(<mine.Probe />);
  const bob = shown({}, faked({ token: "bob" }, server));
  const other = probe(() => useTyping(useRoom(ROOM)));
  await bob.render(<other.Probe />);
  await advance(100);
  other.now().setTyping(true);
  await advance(100);
  expect([mine.now().typing, other.now().typing]).toEqual([["bob"], []]);
  await advance(6000);
  expect(mine.now().typing).toEqual([]);
});

test("a metric that the server does not know is null", async () => {
  const { render, advance } = shown();
  const { Probe, now } = probe(() => useMetric(useRoom("analytics:demo"), "load"));
  await render(<Probe />);
  await advance(100);
  expect(now()).toEqual({ metric: "load", value: null });
});

test("without a provider it is said what is missing", () => {
  expect(() => renderToString(<Alone />)).toThrow("DormouseProvider");
});
