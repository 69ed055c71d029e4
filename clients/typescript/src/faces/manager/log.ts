// What the manager says to the log.
import type { Link } from "../../index.ts";

/** To the link's own log, which says nothing twice in a row. */
export function logTo(link: Link): void {
  const { log } = link.$around;
  link.on("state", ({ phase, url }, before) => {
    if (phase === before.phase) return;
    log(`[WS] transition from ${before.phase} to ${phase}`);
    if (phase.endsWith("connecting")) log("[WS] Attempting WebSocket connection", url);
    if (phase === "fallback") log("[WS] Entering fallback mode");
  });
  link.on("hello", (hello) => log("[WS] Received hello message from server", hello));
  link.on("close", (verdict) => log(`[WS] Connection failed: ${verdict.kind} ${verdict.reason}`, verdict));
  link.on("error", (error) => log(`[WS] ${error.code} ${error.message}`, error));
}
