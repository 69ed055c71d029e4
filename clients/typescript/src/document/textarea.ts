// Binds a <textarea>, or an <input>, to a text that is edited together.
import { difference, splice } from "./change.ts";
import type { SharedText } from "./text.ts";

/** What it takes of an element. */
export interface TextField {
  value: string;
  selectionStart: number | null;
  selectionEnd: number | null;
  setSelectionRange(start: number, end: number): void;
  addEventListener(name: string, listener: () => void): void;
  removeEventListener(name: string, listener: () => void): void;
}

/** Shows the text, says what is typed, and keeps the selection where it is. Returns how to unbind it. */
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
