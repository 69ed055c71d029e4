// @vitest-environment happy-dom
// The panel over the fake server, in virtual time.
import { afterEach, expect, test } from "vitest";
import { type Diagnostics, type DiagnosticsOptions, diagnostics } from "../src/diagnostics/index.ts";
import type { JoinOptions } from "../src/index.ts";
import { faked } from "./support/fake.ts";

const open: Diagnostics[] = [];
afterEach(() => {
  for (const it of open.splice(0)) it.stop();
  history.replaceState(null, "", "/");
});

function watched(options: DiagnosticsOptions = {}, join: JoinOptions = {}) {
  const around = faked();
  const room = around.client.room("hub:demo", join);
  const it = diagnostics(room, { clock: around.clock, shortcuts: true, ...options });
  open.push(it);
  const inside = () => {
    if (!it.element.shadowRoot) throw new Error("no shadow root");
    return it.element.shadowRoot;
  };
  const all = (selector: string) =>
    [...inside().querySelectorAll(selector)].map((one) => one.textContent ?? "");
  const numbers = () => Object.fromEntries(all("dt").map((name, at) => [name, all("dd")[at]]));
  const button = (name: string) => {
    const found = [...inside().querySelectorAll("button")].find((one) => one.textContent === name);
    if (!found) throw new Error(`no button ${name}`);
    return found;
  };
  return { ...around, it, room, all, numbers, button, phase: () => all(".phase")[0] };
}

function press(more: KeyboardEventInit) {
  const event = new KeyboardEvent("keydown", { code: "KeyW", cancelable: true, bubbles: true, ...more });
  window.dispatchEvent(event);
  return event.defaultPrevented;
}

test("[E24] it shows the state, the numbers and what the server can do, as they are now", async () => {
  const { clock, numbers, phase, all, room } = watched({ open: true });
  expect(phase()).toBe("connecting");
  await clock.advance(200);
  expect(phase()).toBe("open");
  expect(all("li")).toContain("presence");
  for (let at = 0; at < 3; at += 1) await Promise.all([room.publish("said", at), clock.advance(10)]);
  await clock.advance(60_000);
  expect(numbers()).toMatchObject({
    Uptime: "1 min 0 s",
    Connections: "1 of 1",
    "Round trip": "0 ms",
    Queue: "0 waiting",
    "Pings sent": "2",
    "Pongs heard": "2",
    Position: "3",
  });
  expect(Object.fromEntries(all("td").map((text, at, row) => [text, row[at + 1]]))).toMatchObject({
    hello: "1",
    event: expect.stringMatching(/^[3-9]$/),
  });
});

test("[E24] what the socket has negotiated is said while there is one", async () => {
  const { server, clock, numbers, it, room } = watched({ open: true });
  expect(numbers()).toMatchObject({ "Sub-protocol": "–", Extension: "–" });
  await clock.advance(200);
  expect(numbers()).toMatchObject({ "Sub-protocol": "dormouse.v2.json", Extension: "none" });
  for (const { socket } of server.connections) socket.extensions = "permessage-deflate";
  await clock.advance(1000);
  expect(numbers()).toMatchObject({ Extension: "permessage-deflate" });
  expect(it.snapshot()).toMatchObject({ protocol: "dormouse.v2.json", extensions: "permessage-deflate" });
  room.link.disconnect();
  expect(it.snapshot()).toMatchObject({ protocol: null, extensions: null });
});

test("[E24] the queue has the age of its oldest message, whatever its place is", async () => {
  const { server, clock, numbers, it, room } = watched({ open: true });
  await clock.advance(1000);
  expect(numbers()).toMatchObject({ Queue: "0 waiting", "Oldest queued": "–" });
  server.isOffline = true;
  server.kill();
  await clock.advance(1000);
  const queued = clock.now();
  void room.publish("said", 1);
  await clock.advance(8000);
  void room.publish("said", 2, { priority: "critical" });
  await clock.advance(4500);
  expect(numbers()).toMatchObject({ Queue: "2 waiting", "Oldest queued": "12 s ago" });
  expect(it.snapshot()).toMatchObject({ queued: 2, oldestQueuedAt: queued });
  server.isOffline = false;
  it.hide();
  await clock.advance(60_000);
  expect(it.snapshot()).toMatchObject({ queued: 0, oldestQueuedAt: null });
});

test("[E20, E24, E41] attempts have their class, code, duration and next retry, the newest first", async () => {
  const { server, clock, all, it } = watched({ open: true });
  await clock.advance(10_000);
  server.say({ type: "closing", code: 1012, reason: "drain", reconnect: "after", after_ms: 3000 });
  await clock.advance(500);
  const [row = ""] = all("tbody tr");
  expect(row).toMatch(/server_error/);
  expect(row).toMatch(/1012/);
  expect(row).toMatch(/drain3\.0 s/);
  expect(all("small").join()).toContain("attempt 1 in 3 s");
  // Nobody looks: it takes long to show every second of it.
  it.hide();
  for (let at = 0; at < 15; at += 1) {
    server.kill();
    await clock.advance(30_000);
  }
  it.show();
  expect(it.snapshot().attempts).toHaveLength(10);
  expect(all("table")[0]).toMatch(/abnormal/);
});

test("[E13, E24] giving up is said with its reason", async () => {
  const { server, clock, all, phase, it, button } = watched({ open: true }, { connect: false });
  server.refuse("PERMISSION_DENIED");
  button("Connect").click();
  await clock.advance(1000);
  expect(phase()).toBe("fallback");
  expect(all("[role=alert]")).toEqual(["Given up: refused by the test"]);
  expect(it.snapshot()).toMatchObject({ fallbackReason: "refused by the test", features: [] });
});

test("[E24] connect, disconnect, reconnect and ping do what they say, and can be used when that makes sense", async () => {
  const { server, clock, button, phase } = watched({ open: true }, { connect: false });
  const usable = () => ["Connect", "Disconnect", "Ping"].filter((name) => !button(name).disabled);
  expect(usable()).toEqual(["Connect"]);
  button("Connect").click();
  await clock.advance(200);
  expect([phase(), usable()]).toEqual(["open", ["Disconnect", "Ping"]]);
  button("Reconnect").click();
  await clock.advance(200);
  expect([server.attempts, phase()]).toEqual([2, "open"]);
  button("Ping").click();
  await clock.advance(200);
  button("Disconnect").click();
  await clock.advance(200);
  expect([phase(), server.connections.size, usable()]).toEqual(["idle", 0, ["Connect"]]);
});

test("[E23] it is shown by the address, and not without", async () => {
  expect(watched().it.isShown).toBe(false);
  history.replaceState(null, "", "/?wsDebug=1");
  expect(watched().it.isShown).toBe(true);
});

test("[E23, E37] it is shown by the global variable, also when that is set later", async () => {
  const globals = window as unknown as { __A1_WS_DEBUG?: boolean };
  const { it } = watched();
  globals.__A1_WS_DEBUG = true;
  expect(it.isShown).toBe(true);
  it.stop();
  open.length = 0;
  expect(watched().it.isShown).toBe(true);
  globals.__A1_WS_DEBUG = false;
});

test("[E23] Ctrl+Shift+W and Ctrl+Alt+W show and hide it, Escape hides it, and other keys are the page's", async () => {
  const { it } = watched();
  expect(press({ ctrlKey: true, shiftKey: true })).toBe(true);
  expect(it.isShown).toBe(true);
  press({ ctrlKey: true, altKey: true });
  expect(it.isShown).toBe(false);
  expect([
    press({ ctrlKey: true }),
    press({ altKey: true }),
    press({ ctrlKey: true, shiftKey: true, code: "KeyX" }),
  ]).toEqual([false, false, false]);
  it.show();
  it.element.shadowRoot
    ?.querySelector("section")
    ?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  expect(it.isShown).toBe(false);
  const { it: other } = watched({ shortcuts: false });
  it.stop();
  press({ ctrlKey: true, altKey: true });
  expect(other.isShown).toBe(false);
});

test("what is copied is JSON of everything that is shown, without the token", async () => {
  const { client, clock } = faked({ token: "secret-token" });
  const room = client.room("hub:demo");
  const it = diagnostics(room, { clock, open: true });
  open.push(it);
  await clock.advance(30_000);
  const text = JSON.stringify(it.snapshot());
  expect(Object.keys(JSON.parse(text))).toEqual(
    expect.arrayContaining([
      "phase",
      "stats",
      "attempts",
      "transitions",
      "rtts",
      "features",
      "queued",
      "oldestQueuedAt",
      "protocol",
      "extensions",
      "position",
    ]),
  );
  expect(text).not.toContain('"token":"secret-token"');
  expect(JSON.parse(text).url).not.toContain("secret-token");
});

test("several connections are watched at once, and one of them is shown", async () => {
  const { client, clock } = faked();
  const rooms = [client.room("hub:a"), client.room("hub:b", { connect: false })];
  const it = diagnostics(rooms, { clock, open: true });
  open.push(it);
  await clock.advance(200);
  const choice = it.element.shadowRoot?.querySelector("select");
  expect([...(choice?.options ?? [])].map((one) => one.textContent)).toEqual(["hub:a", "hub:b"]);
  expect(it.snapshot()).toMatchObject({ name: "hub:a", phase: "open" });
  if (choice) choice.value = "1";
  choice?.dispatchEvent(new Event("change"));
  expect(it.snapshot()).toMatchObject({ name: "hub:b", phase: "idle" });
});

test("a panel that is stopped leaves nothing behind", async () => {
  const { clock, it } = watched({ open: true });
  await clock.advance(200);
  const before = clock.pending;
  it.stop();
  expect(it.element.isConnected).toBe(false);
  expect(clock.pending).toBe(before - 1);
});

test("text of the server's is text", async () => {
  const { server, clock, it } = watched({ open: true });
  await clock.advance(200);
  server.say({ type: "<img src=x onerror=alert(1)>" });
  await clock.advance(200);
  expect(it.element.shadowRoot?.querySelector("img")).toBeNull();
  expect(it.snapshot().stats.byType["<img src=x onerror=alert(1)>"]).toBe(1);
});
