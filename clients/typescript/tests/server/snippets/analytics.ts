// As it stands in the document of chat, analytics and collaboration, block by block; the lines between
// are of the page around.
declare const window: { LAUNCH_SETTINGS: { jwt: string } };
declare function updateDashboard(metric: string, value: unknown): void;
// ---
import { AnalyticsWebSocketClient } from '@features/dashboard/client/services/AnalyticsWebSocketClient';

const analyticsClient = new AnalyticsWebSocketClient({
  url: 'wss://your-domain.com/api/analytics/ws',
  token: window.LAUNCH_SETTINGS.jwt,
  contextId: 'context_123',
});
// ---
analyticsClient.send({
  type: 'subscribe',
  data: {
    metrics: ['engagement', 'performance', 'activity'],
  },
});
// ---
const ws = analyticsClient;
// ---
ws.onmessage = (event) => {
  const message = JSON.parse(event.data);

  if (message.type === 'metric_update') {
    const { metric, value, timestamp } = message.data;
    updateDashboard(metric, value);
  }
};
// ---
export { analyticsClient };
