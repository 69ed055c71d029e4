// The words of the native protocol, version 2: how its frames are read, and where it is reached.
import { json } from "./codec.ts";
import { DormouseError } from "./errors.ts";
import type { Codec, Dialect, Frame, Verdict } from "./types.ts";

/** How the token reaches the server: as a sub-protocol (the default), in the URL, or in a first message. */
export type TokenCarrier = "protocol" | "query" | "message";

/** How the native protocol is reached. */
export interface NativeOptions {
  /** The server, without a path: `https://example.com` or `wss://example.com`. */
  url: string | URL;
  /** A label for this client. It proves nothing. */
  clientId?: string;
  /** How the token reaches the server. `protocol` by default. */
  auth?: TokenCarrier;
  /** JSON by default; `msgpack` of `@dormouse/client/msgpack`. */
  codec?: Codec;
}

/** The longest frame that is sent before the server has said its limit, in bytes. */
const FRAME_BYTES_MAX = 1_048_576;

type ErrorFrame = {
  code: string;
  message: string;
  retryable: boolean;
  retry_after?: number;
  details?: unknown;
};

export function errorOf(frame: Frame): DormouseError {
  const { code, message, retryable, retry_after: after, details } = frame as Frame & ErrorFrame;
  return new DormouseError(code, message, { retryable, details, retryAfterMs: after && after * 1000 });
}

/** `query` says what to ask of the room in the URL, at each attempt. */
export function native(options: NativeOptions, query: () => Record<string, unknown>): Dialect {
  const { url, clientId, auth = "protocol", codec = json } = options;
  /** The last error that was about the connection: `closing` says less. */
  let fault: Frame | undefined;
  const format = codec.name ?? "json";

  return {
    codec,
    address({ token }) {
      fault = undefined;
      // Other characters cannot stand in the name of a sub-protocol.
      const isProtocol = auth === "protocol" && token && /^[\w.~-]+$/.test(token);
      const isQuery = !isProtocol && auth !== "message";
      const address = new URL("/ws/v2/connect", String(url).replace(/^http/, "ws"));
      const parameters = { ...query(), client_id: clientId, token: isQuery && token };
      for (const [name, it] of Object.entries(parameters)) if (it) address.searchParams.set(name, String(it));
      return {
        url: address.href,
        protocols: [`dormouse.v2.${format}`, ...(isProtocol ? [`bearer.${token}`] : [])],
      };
    },
    opening: ({ token }) => (auth === "message" && token ? [{ type: "auth", token }] : []),
    hello: "hello",
    check(frame, hello) {
      const limit = (hello?.limits as { frame_bytes?: number } | undefined)?.frame_bytes ?? FRAME_BYTES_MAX;
      const data = codec.encode(frame);
      // A character has three bytes at most.
      if (data.length * 3 <= limit || new Blob([data as string]).size <= limit) return;
      throw new DormouseError("MESSAGE_TOO_LARGE", "", { details: { limit } });
    },
    idOf: (frame) => frame.id as string | undefined,
    answer(frame) {
      const id = frame.id as string;
      if (frame.type === "ack") return { id, value: frame };
      if (frame.type !== "error") return undefined;
      if (id) return { id, error: errorOf(frame) };
      fault = frame;
      return undefined;
    },
    verdict(frame) {
      if (frame.type === "reauth") return { action: "renew", kind: "handshake", reason: "expired" };
      // The attachment is over, and nothing will bring it back.
      if (frame.type === "detached" && !frame.reattach) {
        return closing({ ...frame, reconnect: "never", reason: frame.message });
      }
      return frame.type === "closing" ? closing(frame, fault) : undefined;
    },
    renewal: (token, id) => ({ type: "auth", id, token }),
  };
}

/** What `closing` asks for; of a word for `reconnect` that is not known, to come back. */
function closing(frame: Frame, fault?: Frame): Verdict {
  const {
    code,
    reconnect,
    after_ms: afterMs,
  } = frame as { code?: number; reconnect?: string; after_ms?: number };
  return {
    action: reconnect === "auth" ? "auth" : reconnect === "never" ? "stop" : "retry",
    kind: code === 1008 ? "handshake" : code === 1001 ? "timeout" : "server_error",
    code: String(fault?.code ?? code),
    reason: String(fault?.message ?? frame.reason),
    afterMs: reconnect === "now" ? 0 : afterMs,
  };
}
