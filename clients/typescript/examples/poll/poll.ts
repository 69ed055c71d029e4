// A poll without any framework: votes are values that the room keeps, one key a person.
import { Dormouse } from "@dormouse/client";
import { diagnostics } from "@dormouse/client/diagnostics";
import { room as asked, server, token } from "../shared/asked.ts";
import { hue, initial } from "../shared/people.ts";

const PLACES = ["Noodles", "Pizza", "The place with the soup"];

const client = new Dormouse({ url: server, token });
const room = client.room(asked("hub:lunch"));
diagnostics(room);

const find = <T extends Element>(selector: string) => document.querySelector(selector) as T;
const [list, status, people, problem] = ["#options", "#status", "#people", "#problem"].map(find<HTMLElement>);

const told = (error: unknown) => {
  if (problem) problem.textContent = error instanceof Error ? error.message : "";
};

/** Another vote for the same takes it back. */
const vote = (place: string) => {
  const key = `vote.${room.user}`;
  const isTaken = room.state.getSnapshot()[key]?.value === place;
  room.state.set(key, isTaken ? null : place).then(() => told(null), told);
};

const make = <Tag extends "b" | "button" | "li" | "span">(tag: Tag, className = "", text = "") =>
  Object.assign(document.createElement(tag), { className, textContent: text });

const rows = new Map<string, { button: HTMLButtonElement; faces: HTMLElement; count: HTMLElement }>();

/** The row of a place, made once: it keeps the focus, and a press that is under way. */
function rowOf(place: string) {
  const known = rows.get(place);
  if (known) return known;
  const row = { button: make("button"), faces: make("span", "faces"), count: make("b") };
  row.button.type = "button";
  row.button.onclick = () => vote(place);
  row.button.append(make("span", "", place), row.faces, row.count);
  const item = make("li");
  item.append(row.button);
  list?.append(item);
  rows.set(place, row);
  return row;
}

function show(): void {
  const { members } = room.presence.getSnapshot();
  const nameOf = (user: string) => members.find((it) => it.user === user)?.name ?? user;
  const values = Object.entries(room.state.getSnapshot());
  const under = (prefix: string) =>
    values
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, it]) => [key.slice(prefix.length), it.value] as const);
  const added = under("place.").map(([, name]) => String(name));
  const votes = under("vote.");
  const places = [...PLACES, ...added.filter((it) => !PLACES.includes(it))];
  const most = Math.max(1, ...places.map((place) => votes.filter(([, it]) => it === place).length));
  for (const place of places) {
    const { button, faces, count } = rowOf(place);
    const voters = votes.filter(([, it]) => it === place).map(([user]) => user);
    // Whose vote it is is known with the first connection.
    button.disabled = room.user === undefined;
    button.setAttribute("aria-pressed", String(voters.includes(room.user ?? "")));
    button.style.setProperty("--part", `${(100 * voters.length) / most}%`);
    count.textContent = String(voters.length);
    faces.replaceChildren(
      ...voters.map((user) => {
        const face = make("span", "avatar", initial(nameOf(user)));
        face.title = nameOf(user);
        face.style.setProperty("--hue", String(hue(user)));
        return face;
      }),
    );
  }
  if (people) people.textContent = members.map(({ user, name }) => name ?? user).join(", ");
  if (!status) return;
  status.className = `status ${room.link.phase}`;
  status.textContent = room.link.isOpen ? "connected" : room.link.phase;
}

find<HTMLFormElement>("#add").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target as HTMLFormElement;
  const place = String(new FormData(form).get("option")).trim();
  form.reset();
  const key = `place.${place.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  if (place) room.state.set(key, place).then(() => vote(place), told);
});

for (const it of [room.state, room.presence, room.link]) it.subscribe(show);
show();
