// A text that is edited together. The code for it is loaded when a component shows one.
import { useEffect, useState } from "react";
import type { DormouseError } from "../core/errors.ts";
import type { EventMap, Room } from "../core/room.ts";
import type { DocumentOptions } from "../core/room-types.ts";
import type { SharedText, TextState } from "../document/text.ts";
import type { TextField } from "../document/textarea.ts";
import { cached } from "../messages/cache.ts";
import { useWatched, Watched } from "./watched.ts";

/** A document as a component shows it. `useDocument` gives one. */
export interface DocumentState extends TextState {
  /**
   * The document itself: to bind other editors, undo, and hear of cursors. `null` until its code is loaded.
   */
  document: SharedText | null;
  /** Why the document cannot be joined, or what was refused last; `null` if there is nothing. */
  error: DormouseError | null;
}

type Field = TextField | null;
type Loaded = DocumentState & { bind?: (document: SharedText, field: TextField) => () => void };

const EMPTY: Loaded = {
  ...{ text: "", version: 0, isSaved: true, isJoined: false, participants: [] },
  ...{ document: null, error: null },
};

class DocumentStore extends Watched<Loaded> {
  readonly #make: () => Promise<Loaded & { document: SharedText }>;
  #document: SharedText | null = null;

  constructor(room: Room, name: string, options: DocumentOptions) {
    super(EMPTY);
    this.#make = async () => {
      const { SharedText, bindTextarea } = await import("../document/index.ts");
      return { ...EMPTY, document: new SharedText(room, name, options), bind: bindTextarea };
    };
  }

  protected async enter(): Promise<void> {
    if (this.#document) return;
    const made = await this.#make();
    const { document } = made;
    if (!this.isWatched || this.#document) return document.leave();
    this.#document = document;
    const show = (more: Partial<Loaded> = {}) =>
      this.show({ ...made, error: this.getSnapshot().error, ...document.getSnapshot(), ...more });
    document.subscribe(() => show());
    for (const name of ["failed", "refused"] as const) document.on(name, (error) => show({ error }));
    show({ error: null });
  }

  protected leave(): void {
    const document = this.#document;
    if (this.isWatched || !document) return;
    const { isSaved, isJoined } = document.getSnapshot();
    if (isJoined && !isSaved) {
      // What was typed is said before.
      const stop = document.subscribe(() => {
        stop();
        this.leave();
      });
      return;
    }
    this.#document = null;
    document.leave();
    this.show(EMPTY);
  }
}

const stores = new WeakMap<Room, Map<string, DocumentStore>>();

/**
 * A text of a room of kind `collaboration`. `ref` is for a `<textarea>` or an `<input>`, without `value`,
 * which then shows the text and says what is typed; other editors are bound to `document`.
 */
export function useDocument(room: Room<EventMap>, name: string, options: DocumentOptions = {}) {
  const key = JSON.stringify([name, options]);
  const store = cached(stores, room as Room, key, () => new DocumentStore(room as Room, name, options));
  const { bind, ...state } = useWatched(store);
  const [field, ref] = useState<Field>(null);
  const { document } = state;
  useEffect(() => (document && field && bind ? bind(document, field) : undefined), [document, field, bind]);
  return {
    ...state,
    /** Binds the element to the document, as the `ref` of a `<textarea>` or `<input>`. */
    ref: ref as (field: Field) => void,
  };
}
