// What a close means to a client that was told nothing before it.
import type { Verdict } from "./types.ts";

/** By the codes of RFC 6455, and those of the client protocol (4400, 4401, 4500). */
export function closeVerdict(code: number, reason: string, random: () => number): Verdict {
  const is = (action: Verdict["action"], kind: Verdict["kind"], afterMs?: number): Verdict => {
    const verdict: Verdict = { action, kind, code, reason: reason || `closed with ${code}` };
    if (afterMs !== undefined) verdict.afterMs = afterMs;
    return verdict;
  };
  if (code === 1000) return is("stop", "unknown");
  if (code === 1006 || code === 1005) return is("retry", "abnormal");
  if (code === 1008) return is("auth", "handshake");
  if (code === 1012) return is("retry", "server_error", random() * 5000);
  if (code === 1013) return is("retry", "server_error", 5000 + random() * 25_000);
  if (code === 1002 || code === 1003 || code === 1007) return is("stop", "handshake");
  if (4000 <= code && code !== 4500) return is("stop", "handshake");
  return is("retry", "server_error");
}
