// As it stands in the document of chat, analytics and collaboration, block by block; the lines between
// are of the page around.
declare const window: { LAUNCH_SETTINGS: { jwt: string } };
declare function displayMessage(message: object): void;
declare function updateTypingIndicator(userId: string, isTyping: boolean): void;
declare function showUserJoined(username: string): void;
declare function showUserLeft(username: string): void;
// ---
import { ChatWebSocketClient } from '@features/chat/client/services/ChatWebSocketClient';

const chatClient = new ChatWebSocketClient({
  url: 'wss://your-domain.com/api/chat/ws',
  token: window.LAUNCH_SETTINGS.jwt,
  contextId: 'context_123',
});

await chatClient.connect();
// ---
chatClient.send({
  type: 'message',
  data: {
    content: 'Hello, everyone!',
    messageType: 'text',
  },
});
// ---
chatClient.send({
  type: 'typing',
  data: {
    isTyping: true,
  },
});
// ---
chatClient.send({
  type: 'history',
  data: {
    limit: 50,
    before: '2024-01-01T00:00:00Z',
  },
});
// ---
const ws = chatClient;
// ---
ws.onmessage = (event) => {
  const message = JSON.parse(event.data);

  if (message.type === 'message') {
    const { id, content, author, timestamp } = message.data;
    displayMessage({ id, content, author, timestamp });
  }
};
// ---
// biome-ignore lint/suspicious/noExplicitAny: the document's own code looks at it
chatClient.on("*", (_data, message: any) => {
// ---
if (message.type === 'typing') {
  const { userId, isTyping } = message.data;
  updateTypingIndicator(userId, isTyping);
}
// ---
if (message.type === 'user_joined') {
  const { userId, username } = message.data;
  showUserJoined(username);
}

if (message.type === 'user_left') {
  const { userId, username } = message.data;
  showUserLeft(username);
}
// ---
});
export { chatClient };
