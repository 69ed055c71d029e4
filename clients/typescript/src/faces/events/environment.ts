// Where the server is, by the variables of a front end.

export interface EventsEnvironment {
  /** The endpoint. */
  url: string;
  isAuthRequired: boolean;
}

/** `NEXT_PUBLIC_WS_URL`; where it is empty, `WS_ENDPOINT` of the page's own server, by default its demo. */
export function eventsEnvironment(
  env: Record<string, string | undefined>,
  origin: string | undefined = globalThis.location?.origin,
): EventsEnvironment {
  const endpoint = env.WS_ENDPOINT || "/api/v1/ws/demo";
  const url = env.NEXT_PUBLIC_WS_URL || String(new URL(endpoint, origin)).replace(/^http/, "ws");
  return { url, isAuthRequired: env.WS_AUTH_REQUIRED === "true" };
}
