// Where one writes. The text is the field's own: it is in no state that must be kept up.
import { type FormEvent, type KeyboardEvent, useRef } from "react";

interface Props {
  say: (content: string) => void;
  setTyping: (isTyping: boolean) => void;
}

export function Composer({ say, setTyping }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  const send = (event: FormEvent) => {
    event.preventDefault();
    const content = field.current?.value.trim();
    if (!field.current || !content) return;
    say(content);
    field.current.value = "";
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) send(event);
  };
  return (
    <form className="composer" onSubmit={send}>
      <textarea
        ref={field}
        rows={1}
        aria-label="Message"
        placeholder="Write a message"
        onChange={(event) => setTyping(event.target.value !== "")}
        onKeyDown={pressed}
      />
      <button type="submit">Send</button>
    </form>
  );
}
