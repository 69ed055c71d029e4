// A room that is erased while somebody talks in it.
import type { Acknowledged, Said } from "../history.ts";
import { nameOf, type Scene } from "./caller.ts";
import { CALL_MS, HttpCaller } from "./streams.ts";

/** How many times of those at which it may say something the room is erased. */
const ERASED_SHARE = 0.25;

/**
 * Says each thing once, when the one before has its answer: none that was acknowledged is still on its way,
 * to come into the log that follows.
 */
export class TransientCaller extends HttpCaller {
  readonly said: Said[] = [];

  constructor(scene: Scene) {
    super(scene, false, "wiped-http");
  }

  override say(): void {
    if (this.open) return;
    // Erasing a room forgets the ids too.
    const text = this.next("gone-");
    const began = performance.now();
    const published = this.publish(text, "said", { text }).then(({ epoch, offset }) => {
      this.said.push({ text, epoch, offset, began, ended: performance.now() });
      return offset;
    });
    void this.tried(text, published);
  }
}

/** Erases the room now and then. */
export class WipeCaller extends HttpCaller {
  readonly erasures: Acknowledged[] = [];

  constructor(scene: Scene) {
    super(scene, false, "wiper-http");
  }

  override say(): void {
    if (this.open || ERASED_SHARE < this.scene.random()) return;
    const began = performance.now();
    const erased = this.#erase().then(() => {
      this.erasures.push({ began, ended: performance.now() });
      return undefined;
    });
    void this.tried("", erased);
  }

  async #erase(): Promise<void> {
    const { room, token } = this.scene;
    const url = `${this.http}/api/v1/rooms/${room.replace(":", "/")}?confirm=${nameOf(room)}`;
    const headers = { Authorization: `Bearer ${await token()}` };
    const signal = AbortSignal.timeout(CALL_MS);
    const { status } = await fetch(url, { method: "DELETE", headers, signal });
    if (status !== 204) throw new Error(`not erased: ${status}`);
  }
}
