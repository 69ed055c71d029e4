// A text field that several people type into at once.
import { Dormouse } from "@dormouse/client";
import { diagnostics } from "@dormouse/client/diagnostics";
import { bindTextarea } from "@dormouse/client/document";
import { room as asked, server, token } from "../shared/asked.ts";
import { hue, initial } from "../shared/people.ts";

const client = new Dormouse({ url: server, token });
const room = client.room(asked("collaboration:pad"));
diagnostics(room);

const find = <T extends Element>(selector: string) => document.querySelector(selector) as T;
const field = find<HTMLTextAreaElement>("#text");
const [people, status, size, undo] = ["#people", "#status", "#size", "#undo"].map(find<HTMLElement>);

const text = await room.document("notes");
bindTextarea(text, field);
field.disabled = false;
field.focus();

/** Where others are, by line, for as long as they are here. */
const lines = new Map<string, number>();
text.on("cursor", ({ user, position }) => {
  lines.set(user, text.text.slice(0, position).split("\n").length);
  show();
});
text.on("refused", (error) => {
  if (size) size.textContent = error.message;
});
undo?.addEventListener("click", () => void text.undo().catch(() => {}));

function show(): void {
  const { isSaved, isJoined, participants, text: now, version } = text.getSnapshot();
  people?.replaceChildren(
    ...participants.map(({ user, name = user }) => {
      const item = document.createElement("li");
      const face = Object.assign(document.createElement("span"), {
        className: "avatar",
        textContent: initial(name),
      });
      face.style.setProperty("--hue", String(hue(user)));
      const line = lines.get(user);
      item.append(face, user === room.user ? `${name} (you)` : line ? `${name}, line ${line}` : name);
      return item;
    }),
  );
  if (status) {
    status.className = `status ${isJoined ? "open" : room.link.phase}`;
    status.textContent = isJoined ? (isSaved ? "saved" : "saving…") : "away: what you type is kept";
  }
  if (size) size.textContent = `${now.length} characters, version ${version}`;
}
text.subscribe(show);
show();
