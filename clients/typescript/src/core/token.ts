import { abortable } from "./errors.ts";
import type { TokenRequest, TokenSource } from "./types.ts";

/** Rejects with what the function threw, or when the signal says that nobody waits any more. */
export async function fetchToken(
  token: TokenSource | undefined,
  request: TokenRequest,
): Promise<string | null> {
  if (typeof token !== "function") return token ?? null;
  const given = (async () => token(request))();
  return (await abortable(given, request.signal)) ?? null;
}
