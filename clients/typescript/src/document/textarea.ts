// Binds a <textarea>, or an <input>, to a text that is edited together.
import { difference, splice } from "./change.ts";
import type { SharedText } from "./text.ts";

/** The members that `bindTextarea` uses of a `<textarea>` or `<input>`. */
export interface TextField {
  /** The text that is shown. */
  value: string;
  /** The beginning of the selection in UTF-16 code units; `null` if the element has none. */
  selectionStart: number | null;
  /** The end of the selection in UTF-16 code units; `null` if the element has none. */
  selectionEnd: number | null;
  /** Selects what is between two places. */
  setSelectionRange(start: number, end: number): void;
  /** Begins to listen to `input` and `select`. */
  addEventListener(name: string, listener: () => void): void;
  /** Ends listening. */
  removeEventListener(name: string, listener: () => void): void;
}

/**
 * Binds a `<textarea>` or an `<input>` to a document: it shows the text, its input is sent, and the
 * selection stays where it is while others edit. Returns a function that unbinds it.
 */
export function bindTextarea(document: SharedText, field: TextField): () => void {
  field.value = document.text;
  const typed = () => {
    const edit = difference(document.text, field.value);
    if (edit) document.edit(edit.start, edit.end, edit.content);
    moved();
  };
  const moved = () => document.cursor(field.selectionStart ?? 0, [field.selectionStart, field.selectionEnd]);
  const unbind = document.bind({
    splice(it) {
      const { start, end, content } = it;
      // What stands before stays; what stands in it goes to its beginning; what is behind moves on.
      const kept = (at: number) =>
        at <= start ? at : end <= at ? at + content.length - (end - start) : start;
      const [from, to] = [kept(field.selectionStart ?? 0), kept(field.selectionEnd ?? 0)];
      field.value = splice(field.value, it);
      field.setSelectionRange(from, to);
    },
  });
  field.addEventListener("input", typed);
  field.addEventListener("select", moved);
  return () => {
    unbind();
    field.removeEventListener("input", typed);
    field.removeEventListener("select", moved);
  };
}
