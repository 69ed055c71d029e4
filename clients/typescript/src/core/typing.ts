// Who types.
import type { Session } from "./session.ts";
import { Store } from "./store.ts";

/** Typing is over so long after it was last said. */
const OVER_MS = 5000;
/** It is said again no sooner. */
const AGAIN_MS = 3000;

/**
 * The users who type now, without this one, as a store. A user is one of them until 5 s after the server
 * last said so.
 */
export class Typing extends Store<readonly string[]> {
  readonly #session: Session;
  readonly #timers = new Map<string, unknown>();
  #saidAt = 0;

  constructor(session: Session) {
    super([]);
    this.#session = session;
  }

  /**
   * Says that this user types, or no longer does. Call it at every key: it is sent no more often than it
   * must be, and not without a connection.
   */
  set(isTyping: boolean): void {
    const now = this.#session.$clock.now();
    const isRecent = now - this.#saidAt < (isTyping ? AGAIN_MS : OVER_MS);
    if (isTyping === isRecent || !this.#session.link.isOpen) return;
    this.#saidAt = isTyping ? now : 0;
    this.#session.link.send({ type: "publish", event: "typing", data: { on: isTyping } }, { queue: false });
  }

  protected override begin(): void {
    const session = this.#session;
    const { $clock: clock } = session;
    session.on("typing", ({ user, data }) => {
      if (!user || user === session.user) return;
      clock.clearTimeout(this.#timers.get(user));
      this.#timers.delete(user);
      const over = () => {
        this.#timers.delete(user);
        this.#tell();
      };
      if ((data as { on?: boolean }).on) this.#timers.set(user, clock.setTimeout(over, OVER_MS));
      this.#tell();
    });
    session.watch("attached", () => {
      for (const it of this.#timers.values()) clock.clearTimeout(it);
      this.#timers.clear();
      this.#tell();
    });
  }

  #tell(): void {
    this.show([...this.#timers.keys()]);
  }
}
