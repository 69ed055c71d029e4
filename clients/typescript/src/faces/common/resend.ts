// Messages that nothing acknowledges, and that the server may yet refuse for a time: when it is over they
// are said again, ahead of what follows.
import type { Clock, DormouseError, Frame, Link } from "../../index.ts";

const KEPT_MAX = 100;
const TRIES_MAX = 3;

export class Resend {
  readonly #sent = new Map<string, { frame: Frame; tries: number }>();

  keep(id: string, frame: Frame): void {
    this.#sent.set(id, { frame, tries: 0 });
    const [oldest] = this.#sent.keys();
    if (KEPT_MAX < this.#sent.size) this.#sent.delete(oldest as string);
  }

  /** Nothing leaves until the time is over, or the connection. */
  refused(link: Link, clock: Clock, id: string | undefined, error: DormouseError): void {
    const sent = this.#sent.get(id ?? "");
    if (!sent || !error.retryable || TRIES_MAX <= sent.tries++) return;
    link.queue.$isPaused = true;
    link.send(sent.frame, { priority: "critical" });
    clock.setTimeout(() => {
      link.queue.$isPaused = false;
      link.queue.flush();
    }, error.retryAfterMs ?? 1000);
  }
}
