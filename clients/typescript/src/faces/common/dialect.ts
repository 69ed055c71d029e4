// What the documented protocols share: how they are reached, how several messages come in one frame,
// and what their errors mean to the connection.
import {
  type AddressRequest,
  closeVerdict,
  type Dialect,
  DormouseError,
  type Frame,
  type LinkOptions,
  singleJson,
  type Verdict,
} from "../../index.ts";

/** What every documented client takes beside its own options. */
export type FaceOptions = Omit<LinkOptions, "token">;

export interface Words extends Omit<Dialect, "address" | "verdict" | "closeVerdict" | "codec"> {
  /** The type of the message that opens the connection for use. */
  hello: string;
  url(request: AddressRequest): string;
  /** Reads an `error`. */
  problem(frame: Frame): Problem;
  /** Decides otherwise what a refusal means. */
  refused?(problem: Problem): Verdict | undefined;
}

/** An error of the server's, whatever its protocol calls its members. */
export interface Problem {
  code: string;
  message: string;
  /** In seconds. */
  retryAfter?: number | undefined;
}

const EXPIRED = "AUTHENTICATION_FAILED";
/** What may work later. */
const PASSING = ["RATE_LIMIT_EXCEEDED", "CONNECTION_LIMIT", "UNAVAILABLE", "SYSTEM_ERROR"];

export const errorOf = ({ code, message, retryAfter = 0 }: Problem): DormouseError =>
  new DormouseError(code, message, {
    retryable: PASSING.includes(code),
    retryAfterMs: retryAfter * 1000 || undefined,
  });

/** An address of a server, with what is asked in the query. By default the server is the page's. */
export function address(
  path: string,
  base: string | URL | undefined,
  query: Record<string, unknown>,
): string {
  const url = new URL(path, String(base || globalThis.location?.origin).replace(/^http/, "ws"));
  for (const name in query) if (query[name]) url.searchParams.set(name, String(query[name]));
  return String(url);
}

/** A protocol as a link takes it. Errors come ahead of the close, which a platform may show late. */
export function dialect(words: Words): Dialect {
  let fault: Problem | undefined;
  let isGreeted = false;
  /** Whether a new token was asked for, and none was taken yet. */
  let isPrompted = false;

  const refusal = (problem: Problem): Verdict => {
    const { code, message: reason } = problem;
    const { retryable, retryAfterMs: afterMs } = errorOf(problem);
    const verdict: Verdict = retryable
      ? { action: "retry", kind: "server_error", code, reason, afterMs }
      : { action: code === EXPIRED ? "auth" : "stop", kind: "handshake", code, reason };
    return words.refused?.(problem) ?? verdict;
  };
  return {
    ...words,
    codec: {
      encode: singleJson.encode,
      decode(data) {
        const frame = singleJson.decode(data) as Frame;
        const frames = frame?.type === "batch" ? (frame.data as Frame[]) : [frame];
        isGreeted ||= frames.some((it) => it?.type === words.hello);
        return frames;
      },
    },
    address(request) {
      fault = undefined;
      isGreeted = isPrompted = false;
      return { url: words.url(request) };
    },
    verdict(frame) {
      // A younger token was taken.
      if (frame.type === "auth" || "expires_at" in Object(frame.result)) isPrompted = false;
      if (frame.type !== "error") return undefined;
      fault = words.problem(frame);
      if (!isGreeted) return refusal(fault);
      if (fault.code !== EXPIRED || isPrompted) return undefined;
      isPrompted = true;
      return { action: "renew", kind: "handshake", reason: fault.message };
    },
    closeVerdict: (code, reason, random) =>
      code === 1008 && fault ? refusal(fault) : closeVerdict(code, reason, random),
  };
}
