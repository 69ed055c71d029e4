import { type ConnectionState, WebSocketConnection } from '@/websocket/connection';

// As it stands in the document of conversations.
// Initialize connection
const ws = new WebSocketConnection(handleStateChange);

// Connect and handle handshake
await ws.connect();

// Send message
ws.send({
  type: 'message',
  content: 'Hello!',
  timestamp: new Date().toISOString()
});

// Handle incoming messages
function handleStateChange(state: ConnectionState) {
  console.log('Connection state:', state);
}
// The end of it.
export { ws };
