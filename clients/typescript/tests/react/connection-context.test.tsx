// @vitest-environment happy-dom
import { act, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import { WebSocketConnection } from "../../src/faces/connection.ts";
import { useWebSocket, WebSocketProvider } from "../../src/faces/connection-context.ts";
import { settle, world } from "../support/clock.ts";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

function Line() {
  const { status, conversationId, error } = useWebSocket();
  return <p>{`${status} ${conversationId} ${error}`}</p>;
}

test("[D1, D21, D22] the context shows the state, over one socket also in strict mode, and cleans up", async () => {
  const around = world();
  const options = { url: "http://host", token: "t", clientId: "c", ...around.environment };
  const connection = new WebSocketConnection(undefined, options);
  const main = document.body.appendChild(document.createElement("main"));
  const root = createRoot(main);
  const tree = (
    <StrictMode>
      <WebSocketProvider connection={connection}>
        <Line />
        <Line />
      </WebSocketProvider>
    </StrictMode>
  );
  expect(renderToString(tree)).toContain("disconnected null null");
  await act(async () => root.render(tree));
  await act(settle);
  expect(main.textContent).toBe("connecting null null".repeat(2));
  await act(async () => {
    around.socket().opens();
    const confirmed = {
      clientId: "c",
      conversationId: "conversation_1",
      resumeToken: "r",
      status: "confirmed",
    };
    around.socket().says({ type: "connect_confirm", timestamp: "t", ...confirmed });
  });
  expect(main.textContent).toBe("connected conversation_1 null".repeat(2));
  await act(async () =>
    around.socket().says({ type: "error", error: "told", code: "CONFLICT", timestamp: "t" }),
  );
  expect(main.textContent).toBe("connected conversation_1 told".repeat(2));
  await act(async () => root.render(null));
  await settle();
  expect([around.sockets.length, around.socket().closed?.code]).toEqual([1, 1000]);
});

test("outside of a provider there is no connection", () => {
  expect(() => renderToString(<Line />)).toThrow("WebSocketProvider");
});
