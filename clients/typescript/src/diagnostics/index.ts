// The entry "./diagnostics": a panel that shows what a connection is doing and has been through. It is
// of no framework, lives in a shadow root of its own, and is loaded only where it is imported.
export { type Diagnostics, type DiagnosticsOptions, diagnostics } from "./diagnostics.ts";
export { type Snapshot, type Subject, snapshot } from "./snapshot.ts";
