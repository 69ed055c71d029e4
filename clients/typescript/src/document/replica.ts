// A text as its user sees it, and what of it the server does not know yet (T11 to T13). Without a wire.
import {
  type Change,
  changeFrom,
  changeOf,
  difference,
  isNothing,
  make,
  type Operation,
  type Splice,
  splices,
  transform,
} from "./change.ts";

/** An operation that was sent and has no answer yet. */
export interface Inflight {
  /** The id under which it was sent. It goes again under the same one. */
  id: string;
  /** The version of the text that the operation was made to. */
  version: number;
  /** The operation as it was sent. */
  operation: Operation;
  /** The operation moved past all that others did since. */
  change: Change;
}

/**
 * The text as its user sees it, and what of it the server does not know yet (T11 to T13). It has no wire:
 * `SharedText` sends and hears for it.
 */
export class Replica {
  /** The text with the own changes that the server does not know yet. */
  text = "";
  /** The version of the server's text up to which everything was heard. */
  version = 0;
  /** The operation that was sent and has no answer; there is one at most. */
  inflight: Inflight | null = null;
  #queue: Change[] = [];
  /** The text of `version`, without what is ours. */
  #known = "";

  /** Whether the server knows everything that was typed here. */
  get isAtRest(): boolean {
    return !this.inflight && !this.#queue.length;
  }

  /** Makes an edit of this user (T11). */
  edit(edit: Splice): void {
    const change = changeFrom(edit);
    const last = this.#queue.at(-1);
    this.text = make(this.text, change);
    // Who types on at the end of what was typed makes one insert longer.
    if (last && !last.cuts.length && !change.cuts.length && last.at + last.content.length === change.at) {
      last.content += change.content;
    } else this.#queue.push(change);
  }

  /** The operation to send now; `null` if there is none, or one is in flight (T12). `id` makes its id. */
  next(id: () => string): Inflight | null {
    if (this.inflight) return null;
    while (this.#queue[0] && isNothing(this.#queue[0])) this.#queue.shift();
    const first = this.#queue[0];
    if (!first) return null;
    const { at, content, cuts } = first;
    const isApart = content && cuts[0] && cuts[0][0] !== at;
    let change = first;
    if (1 < cuts.length || isApart) {
      const last = cuts.pop() as [number, number];
      change = { at: last[0], content: "", cuts: [last] };
    } else this.#queue.shift();
    const [cut] = change.cuts;
    const operation: Operation = {
      operation: !cut ? "insert" : change.content ? "replace" : "delete",
      position: cut ? cut[0] : change.at,
      ...(change.content && { content: change.content }),
      ...(cut && { length: cut[1] - cut[0] }),
    };
    this.inflight = { id: id(), version: this.version, operation, change };
    return this.inflight;
  }

  /**
   * Takes an operation of another user, which makes this version (T13). Returns the steps for the text that
   * is shown.
   */
  heard(operation: Operation, version: number): Splice[] {
    let b = changeOf(operation);
    this.#known = make(this.#known, b);
    const moved = (p: Change) => {
      const after = transform(p, b, true);
      b = transform(b, p, false);
      return after;
    };
    if (this.inflight) this.inflight.change = moved(this.inflight.change);
    this.#queue = this.#queue.map(moved);
    this.text = make(this.text, b);
    this.version = version;
    return splices(b);
  }

  /** The server has taken the operation in flight, as this version. */
  acknowledged(version: number): void {
    if (this.inflight) this.#known = make(this.#known, this.inflight.change);
    this.inflight = null;
    this.version = version;
  }

  /** The operation in flight was not taken. It is sent again as if it had never been. */
  returned(): void {
    if (this.inflight) this.#queue.unshift(this.inflight.change);
    this.inflight = null;
  }

  /**
   * Begins with this text of the server's. What is not sent yet is made to it too, so that nothing that was
   * typed without a connection is lost; what was sent and is not in is taken back. Returns what to do
   * to the text that is shown.
   */
  adopt(content: string, version: number): Splice[] {
    const base = this.inflight ? make(this.#known, this.inflight.change) : this.#known;
    const changed = difference(base, content);
    [this.inflight, this.#known, this.version] = [null, content, version];
    if (!changed) return [];
    let b = changeFrom(changed);
    this.#queue = this.#queue.map((p) => {
      const after = transform(p, b, true);
      b = transform(b, p, false);
      return after;
    });
    this.text = make(this.text, b);
    return splices(b);
  }
}
