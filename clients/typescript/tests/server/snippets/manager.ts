// As it stands in the document of the client protocol.
import { WebSocketManager } from '@/websocket/WebSocketManager';
import { BackoffStrategy } from '@/websocket/BackoffStrategy';

// Custom backoff strategy
const customStrategy = new BackoffStrategy({
  baseDelaysMs: [500, 1000, 2000],
  capDelayMs: 5000,
  jitterRatio: 0.1,
  maxAttempts: 5
});

// Custom manager configuration
const manager = new WebSocketManager('ws://custom-host:8000', 'my-client-id', {
  connectionTimeoutMs: 15000,
  enableHeartbeat: true,
  version: 1,
  role: 'admin',
  backoffStrategy: customStrategy
});
// The end of it.
export { manager };
