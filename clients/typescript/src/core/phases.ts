import type { LinkState, Phase } from "./types.ts";

/** Whether messages can be sent. */
export const isOpen = (phase: Phase) => phase === "open" || phase === "degraded";

/** Whether nothing is under way. */
export const isOver = (phase: Phase) => phase === "idle" || phase === "fallback";

/** A link of which nothing was asked. */
export const IDLE: LinkState = {
  ...{ phase: "idle", isPending: false, url: "", attempt: 0 },
  ...{ hello: null, error: null, retryAt: null, queued: 0 },
};
