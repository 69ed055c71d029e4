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

/** What was sent and is not answered: as it was said, and what has become of it since. */
export interface Inflight {
  id: string;
  /** Of the text that the operation was made to. */
  version: number;
  operation: Operation;
  change: Change;
}

export class Replica {
  /** As the user sees it. */
  text = "";
  version = 0;
  inflight: Inflight | null = null;
  #queue: Change[] = [];
  /** The text of `version`, without what is ours. */
  #known = "";

  /** Whether the server knows everything. */
  get isAtRest(): boolean {
    return !this.inflight && !this.#queue.length;
  }

  /** The user edits (T11). */
  edit(edit: Splice): void {
    const change = changeFrom(edit);
    const last = this.#queue.at(-1);
    this.text = make(this.text, change);
    // Who types on at the end of what was typed makes one insert longer.
    if (last && !last.cuts.length && !change.cuts.length && last.at + last.content.length === change.at) {
      last.content += change.content;
    } else this.#queue.push(change);
  }

  /** What is to be sent now, if anything is (T12). */
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

  /** What somebody else did (T13). Returns what to do to the text that is shown. */
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

  /** What was sent is in. */
  acknowledged(version: number): void {
    if (this.inflight) this.#known = make(this.#known, this.inflight.change);
    this.inflight = null;
    this.version = version;
  }

  /** What was sent will not be in: it goes again as if it had never been sent. */
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
