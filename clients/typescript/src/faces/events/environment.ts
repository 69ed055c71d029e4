// Where the server is, by the variables of a front end.

/** What the variables of a front end say of the server. */
export interface EventsEnvironment {
  /** The endpoint. */
  url: string;
  /** Whether the server takes no client without a token. */
  isAuthRequired: boolean;
}

/**
 * Reads the variables of a front end. The address is `NEXT_PUBLIC_WS_URL`; where that is empty,
 * `WS_ENDPOINT` of the server of the page, which is `/api/v1/ws/demo` by default.
 */
export function eventsEnvironment(
  env: Record<string, string | undefined>,
  origin: string | undefined = globalThis.location?.origin,
): EventsEnvironment {
  const endpoint = env.WS_ENDPOINT || "/api/v1/ws/demo";
  const url = env.NEXT_PUBLIC_WS_URL || String(new URL(endpoint, origin)).replace(/^http/, "ws");
  return { url, isAuthRequired: env.WS_AUTH_REQUIRED === "true" };
}
