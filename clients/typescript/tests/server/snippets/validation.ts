// As it stands in the document of chat, analytics and collaboration, block by block; the lines between
// are of the page around.
declare const jwt: string;
declare const contextId: string;
declare function showErrorMessage(text: string): void;
declare function attemptReconnection(): void;
declare function handleMessage(message: object): void;
// ---
const ws = new WebSocket(`wss://your-domain.com/api/chat/ws?token=${encodeURIComponent(jwt)}&contextId=${contextId}`);
// ---
ws.onerror = (error) => {
  console.error('WebSocket error:', error);
  showErrorMessage('Connection error occurred');
};

ws.onclose = (event) => {
  if (event.code !== 1000) {
    console.error('WebSocket closed unexpectedly:', event.code, event.reason);
    attemptReconnection();
  }
};
// ---
import { webSocketMessageSchema } from '@shared/schemas/websocket';

ws.onmessage = (event) => {
  try {
    const message = webSocketMessageSchema.parse(JSON.parse(event.data));
    handleMessage(message);
  } catch (error) {
    console.error('Invalid message format:', error);
  }
};
// ---
export { ws };
