// What a close means to a client that was told nothing before it.
import type { Verdict } from "./types.ts";

/** By the codes of RFC 6455, and those of the client protocol (4400, 4401, 4500). */
export function closeVerdict(code: number, reason: string, random: () => number): Verdict {
  const isFinal = [1000, 1002, 1003, 1007].includes(code) || (4000 <= code && code !== 4500);
  return {
    action: isFinal ? "stop" : code === 1008 ? "auth" : "retry",
    kind:
      code === 1006 || code === 1005 ? "abnormal" : isFinal || code === 1008 ? "handshake" : "server_error",
    code,
    reason: reason || `closed with ${code}`,
    afterMs: code === 1012 ? random() * 5000 : code === 1013 ? 5000 + random() * 25_000 : undefined,
  };
}
