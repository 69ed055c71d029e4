// As it stands in the document of the client protocol, block by block; the lines between are of the page.
import { useEffect } from 'react';
// ---
import { useWebSocketConnection } from '@/websocket/useWebSocketConnection';

function MyComponent() {
  const {
    isConnected,
    isConnecting, 
    isFallback,
    connect,
    disconnect,
    send,
    onMessage
  } = useWebSocketConnection();

  useEffect(() => {
    const unsubscribe = onMessage((message) => {
      console.log('Received:', message);
    });
    return unsubscribe;
  }, [onMessage]);

  const sendTestMessage = () => {
    send({
      type: 'test_message',
      timestamp: new Date().toISOString(),
      payload: { test: 'data' }
    });
  };

  return (
    <div>
      <div>Status: {isConnected ? 'Connected' : 'Disconnected'}</div>
      <button onClick={connect} disabled={isConnected}>Connect</button>
      <button onClick={disconnect} disabled={!isConnected}>Disconnect</button>
      <button onClick={sendTestMessage} disabled={!isConnected}>Send Message</button>
    </div>
  );
}
// ---
import { WebSocketDiagnosticsWrapper } from '@/diagnostics/WebSocketDiagnosticsPanel';

function App() {
  return (
    <div>
      {/* Your app content */}
      <WebSocketDiagnosticsWrapper />
    </div>
  );
}
// ---
import { _useWebSocket } from '@/contexts/WebSocketContext';

function Before() {
// ---
const { status, connected, send } = _useWebSocket();
// ---
  return <p>{`before ${status} ${connected} ${typeof send}`}</p>;
}

function After() {
// ---
const { isConnected, send, state } = useWebSocketConnection();
// ---
  return <p>{`after ${isConnected} ${state.phase} ${typeof send}`}</p>;
}
export { After, App, Before, MyComponent };
