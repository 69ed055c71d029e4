// Fetching a token, within the time that an attempt has.
import { abortable, DormouseError } from "./errors.ts";
import type { TokenRequest, TokenSource } from "./types.ts";

/** Rejects with what the function threw, or when the signal says that nobody waits any more. */
export async function fetchToken(
  source: TokenSource | undefined,
  request: TokenRequest,
): Promise<string | null> {
  const given = typeof source === "function" ? (async () => source(request))() : Promise.resolve(source);
  const token = (await abortable(given, request.signal)) ?? null;
  if (token !== null && typeof token !== "string") throw new DormouseError("TOKEN", "A token is a string");
  return token;
}
