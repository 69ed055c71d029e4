// What goes wrong, as an error of one class.

export interface ErrorOptions {
  retryable?: boolean;
  retryAfterMs?: number;
  details?: unknown;
  cause?: unknown;
}

/**
 * `code` is the server's (`PERMISSION_DENIED`, `CONFLICT`, …), or one of the client's own: `CLOSED` (the
 * connection ended for good or was closed), `QUEUE_FULL`, `EXPIRED` (not answered within its time),
 * `NOT_CONNECTED`, `TIMEOUT`, `TOKEN` (the token function failed), `NETWORK`.
 */
export class DormouseError extends Error {
  override name = "DormouseError";
  declare code: string;
  /** Whether the same may work later. */
  retryable = false;
  declare retryAfterMs?: number;
  declare details?: unknown;

  constructor(code: string, message?: string, options?: ErrorOptions) {
    super(message || code);
    Object.assign(this, options, { code });
  }
}

/** Why a promise was given up: what the signal says. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((done, failed) => {
    const stop = () => failed(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop);
    promise.then(done, failed).finally(() => signal.removeEventListener("abort", stop));
  });
}
