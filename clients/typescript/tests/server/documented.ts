// What the tests of the documented clients share: addresses that are examples lead to the server of the
// test, as if a name server said so.

import { mint } from "../../../../scripts/jwt.mjs";
import { SECRET, type Server } from "../../../../tests/support/server.ts";
import type { SocketConstructor } from "../../src/index.ts";
import { start } from "./support.ts";

export { eventually } from "../../../../tests/support/client.ts";
export { start };

export interface Route {
  /** Every socket that was opened. */
  sockets: WebSocket[];
  WebSocket: SocketConstructor;
}

/** `change` may say otherwise what is asked for, as a proxy does: a token for a placeholder of one. */
export function route(server: Server, change: (url: URL) => void = () => {}): Route {
  const sockets: WebSocket[] = [];
  class Routed extends WebSocket {
    constructor(url: string | URL, protocols?: string[]) {
      const to = new URL(String(url).replace(/^wss?:\/\/[^/]+/, server.ws));
      change(to);
      super(to, protocols);
      sockets.push(this);
    }
  }
  return { sockets, WebSocket: Routed as unknown as SocketConstructor };
}

/** A token of the test's server. */
export const tokenOf = (claims: object, lifetime = "1h"): Promise<string> =>
  mint({ sub: "ann", ...claims }, { secret: SECRET, lifetime });
