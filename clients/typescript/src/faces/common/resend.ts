// Messages that nothing acknowledges, and that the server may yet refuse for a time: they are said again.
import type { DormouseError, Frame } from "../../index.ts";

const KEPT_MAX = 100;
const TRIES_MAX = 3;

export class Resend {
  readonly #sent = new Map<string, { frame: Frame; tries: number }>();
  readonly #say: (frame: Frame) => void;

  constructor(say: (frame: Frame) => void) {
    this.#say = say;
  }

  keep(id: string, frame: Frame): void {
    this.#sent.set(id, { frame, tries: 0 });
    for (const oldest of this.#sent.keys()) {
      if (this.#sent.size <= KEPT_MAX) return;
      this.#sent.delete(oldest);
    }
  }

  /** Whether the message is said again. */
  refused(id: string | undefined, error: DormouseError): boolean {
    const sent = this.#sent.get(id ?? "");
    if (!sent || !error.retryable || TRIES_MAX <= sent.tries++) return false;
    this.#say(sent.frame);
    return true;
  }
}
