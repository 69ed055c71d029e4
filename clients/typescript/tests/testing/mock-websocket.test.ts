import { beforeEach, expect, test } from "vitest";
import { MockWebSocket } from "../../src/testing/index.ts";

beforeEach(() => MockWebSocket.reset());

test("[B39] it has what the document's mock has: it is open, and says what a test wants", () => {
  const socket = new MockWebSocket();
  const heard: unknown[] = [];
  expect([socket.readyState, socket.onmessage]).toEqual([WebSocket.OPEN, null]);
  socket.simulateMessage({ type: "lost" });
  socket.onmessage = (event: MessageEvent) => heard.push(JSON.parse(event.data));
  socket.send(JSON.stringify({ type: "message", data: { content: "hi" } }));
  socket.simulateMessage({ type: "message", data: { content: "hi" } });
  socket.simulateMessage('{"type":"pong"}');
  expect(heard).toEqual([{ type: "message", data: { content: "hi" } }, { type: "pong" }]);
  expect(socket.messages).toEqual([{ type: "message", data: { content: "hi" } }]);
});

test("[B39] it takes the place of WebSocket where a client makes its own", () => {
  const Socket: typeof WebSocket = MockWebSocket as never;
  const made = new Socket("ws://server/ws", ["a", "b"]);
  const events: string[] = [];
  for (const type of ["open", "message", "error", "close"]) {
    made.addEventListener(type, (event) => events.push(event.type));
  }
  const [mock] = MockWebSocket.instances as [MockWebSocket];
  expect([mock.url, mock.protocols]).toEqual(["ws://server/ws", ["a", "b"]]);
  mock.readyState = MockWebSocket.CONNECTING;
  expect(() => made.send("early")).toThrow("InvalidStateError");
  mock.simulateOpen();
  mock.simulateMessage({ type: "hello" });
  mock.simulateError();
  mock.simulateClose();
  made.close();
  made.send("late");
  expect(events).toEqual(["open", "message", "error", "close"]);
  expect([mock.sent, mock.readyState]).toEqual([[], MockWebSocket.CLOSED]);
});

test("[B22, B39] it closes as a test says", () => {
  const closes: unknown[] = [];
  const socket = new MockWebSocket();
  socket.onclose = ({ code, reason, wasClean }: CloseEvent) => closes.push([code, reason, wasClean]);
  socket.close();
  socket.close();
  const cut = new MockWebSocket();
  cut.onclose = socket.onclose;
  cut.simulateClose();
  expect(closes).toEqual([
    [1000, "", true],
    [1006, "", false],
  ]);
});
