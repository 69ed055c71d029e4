// The component of the documented example, as it stands there, and the panel beside it.
import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { WebSocketDiagnosticsWrapper } from "../../src/diagnostics/react.ts";
import { WebSocketManager } from "../../src/faces/manager.ts";
import { useWebSocketConnection, WebSocketProvider } from "../../src/react/index.ts";

function MyComponent() {
  const { isConnected, isConnecting, isFallback, connect, disconnect, send, onMessage } =
    useWebSocketConnection();

  useEffect(() => {
    const unsubscribe = onMessage((message) => {
      console.log("Received:", message);
    });
    return unsubscribe;
  }, [onMessage]);

  const sendTestMessage = () => {
    send({
      type: "test_message",
      timestamp: new Date().toISOString(),
      payload: { test: "data" },
    });
  };

  return (
    <div>
      <div>Status: {isConnected ? "Connected" : "Disconnected"}</div>
      <div>{isConnecting || isFallback ? "…" : ""}</div>
      <button type="button" onClick={connect} disabled={isConnected}>
        Connect
      </button>
      <button type="button" onClick={disconnect} disabled={!isConnected}>
        Disconnect
      </button>
      <button type="button" onClick={sendTestMessage} disabled={!isConnected}>
        Send Message
      </button>
    </div>
  );
}

const asked = new URLSearchParams(location.search);
const manager = new WebSocketManager(asked.get("url") ?? "", undefined, {
  token: asked.get("token"),
  log: () => {},
});

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <WebSocketProvider manager={manager}>
        <MyComponent />
        <WebSocketDiagnosticsWrapper />
      </WebSocketProvider>
    </StrictMode>,
  );
}
