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
  list?.replaceChildren(
    ...places.map((place) => {
      const voters = votes.filter(([, it]) => it === place).map(([user]) => user);
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", String(voters.includes(room.user ?? "")));
      button.style.setProperty("--part", `${(100 * voters.length) / most}%`);
      button.onclick = () => vote(place);
      const name = document.createElement("span");
      name.textContent = place;
      const faces = document.createElement("span");
      faces.className = "faces";
      for (const user of voters) {
        const face = Object.assign(document.createElement("span"), {
          className: "avatar",
          title: nameOf(user),
        });
        face.style.setProperty("--hue", String(hue(user)));
        face.textContent = initial(nameOf(user));
        faces.append(face);
      }
      const count = document.createElement("b");
      count.textContent = String(voters.length);
      button.append(name, faces, count);
      item.append(button);
      return item;
    }),
  );
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
