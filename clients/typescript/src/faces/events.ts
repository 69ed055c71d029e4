// The entry "./events": the documented manager of `/api/v1/ws`, which feeds the parts of a dashboard.
export { type EventsEnvironment, eventsEnvironment } from "./events/environment.ts";
export {
  type ConnectionState,
  EventsManager,
  type EventsOptions,
  type ServerEvent,
} from "./events/manager.ts";
export type { Agent, Metric, Shown } from "./events/stores.ts";
