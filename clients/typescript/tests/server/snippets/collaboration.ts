// As it stands in the document of chat, analytics and collaboration, block by block; the lines between
// are of the page around.
import { CollaborationWebSocketClient } from '@dormouse/client/collaboration';

declare const window: { LAUNCH_SETTINGS: { jwt: string } };
declare function applyEdit(operation: string, position: number, content: string, author: string): void;
const collaborationClient = new CollaborationWebSocketClient({
  url: 'wss://your-domain.com/api/collaboration/ws',
  token: window.LAUNCH_SETTINGS.jwt,
  contextId: 'context_123',
});
// biome-ignore lint/suspicious/noExplicitAny: the document's own code looks at it
collaborationClient.on("*", (_data, message: any) => {
// ---
// Receive edit operation
if (message.type === 'edit') {
  const { operation, position, content, author } = message.data;
  applyEdit(operation, position, content, author);
}
// ---
});
export const join = () => {
// ---
// Join collaboration session
collaborationClient.send({
  type: 'join_session',
  data: {
    sessionId: 'session_123',
    role: 'participant',
  },
});
// ---
};
export const edit = () => {
// ---
// Send edit operation
collaborationClient.send({
  type: 'edit',
  data: {
    operation: 'insert',
    position: 42,
    content: 'Hello World',
    version: 15,
  },
});
// ---
};
export const leave = () => {
// ---
// Leave session
collaborationClient.send({
  type: 'leave_session',
  data: {
    sessionId: 'session_123',
  },
});
// ---
};
export { collaborationClient };
