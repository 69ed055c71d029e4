// What goes wrong, as an error of one class.

/** What a `DormouseError` has beside its code and message. */
export interface ErrorOptions {
  /** Whether the same may work later. `false` by default. */
  retryable?: boolean;
  /** When, in milliseconds from now, if the server said so. */
  retryAfterMs?: number;
  /** What the server added. */
  details?: unknown;
  /** The error that led to it. */
  cause?: unknown;
}

/**
 * What promises of the client reject with. `code` is that of the server (`PERMISSION_DENIED`, `CONFLICT`,
 * …), the code of a close, or one of the client: `CLOSED` (the connection was closed, or ended for good),
 * `QUEUE_FULL`, `EXPIRED` (not answered within its time), `NOT_CONNECTED`, `TOKEN` (the token function
 * failed), `NETWORK`, `MESSAGE_TOO_LARGE`. `docs/errors.md` has them all.
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
