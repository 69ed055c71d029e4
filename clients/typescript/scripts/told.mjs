// What README.md says of each entry.
export const TOLD = {
  index: { path: "", about: "connections, rooms, publish, resume, queue, history, presence, typing, state" },
  schemas: { path: "/schemas", about: "a [schema](docs/schemas.md) for every frame that comes in" },
  document: {
    path: "/document",
    about: "[texts](docs/document.md) that are edited together; loaded when `room.document` is called",
  },
  "large-data": { path: "/large-data", about: "[large data](docs/large-data.md) in chunks" },
  indexeddb: { path: "/indexeddb", about: "[queues](docs/indexeddb.md) that outlive a reload" },
  msgpack: { path: "/msgpack", about: "[MessagePack](docs/msgpack.md) in place of JSON" },
  messages: { path: "/messages", about: "the [list of messages](docs/messages.md), for any framework" },
  react: {
    path: "/react",
    about:
      "[hooks](docs/react.md): [useRoom](docs/useRoom.md), [useMessages](docs/useMessages.md), [usePresence](docs/usePresence.md), [useTyping](docs/useTyping.md), [useMetric](docs/useMetric.md), [useDocument](docs/useDocument.md), [useConnection](docs/useConnection.md), [useWebSocketConnection](docs/useWebSocketConnection.md)",
  },
  archmesh: { path: "/archmesh", about: "the [workflow client](docs/archmesh.md)" },
  chat: { path: "/chat", about: "the [chat client](docs/chat.md)" },
  analytics: { path: "/analytics", about: "the [analytics client](docs/analytics.md)" },
  collaboration: { path: "/collaboration", about: "the [collaboration client](docs/collaboration.md)" },
  events: { path: "/events", about: "the [events manager](docs/events.md)" },
  monitor: { path: "/monitor", about: "the [monitor](docs/monitor.md) of one socket" },
  connection: { path: "/connection", about: "the [conversation client](docs/connection.md)" },
  "connection-context": { path: "/connection/context", about: "its [React context](docs/connection.md)" },
  manager: { path: "/manager", about: "the [connection manager](docs/manager.md)" },
  diagnostics: { path: "/diagnostics", about: "the [panel](docs/diagnostics.md)" },
  "diagnostics-react": {
    path: "/diagnostics/react",
    about: "the panel as a [component](docs/diagnostics.md)",
  },
  testing: { path: "/testing", about: "a [fake server and a clock](docs/testing.md), for tests" },
};
