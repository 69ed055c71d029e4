// The page: joins a room over the native protocol, and comes back to where it was whatever happens to
// the connection. Other people's words and names become text, never markup.
const $ = (id) => document.getElementById(id);
const PING = '{"type":"ping"}'; // These bytes are answered without waking the room.
const [scroller, said, unsaid] = [$("scroller"), $("said"), $("unsaid")];

let room, token, me, socket, heartbeat, retry, attempt, answered;
let epoch; // which incarnation of the log is shown
let position = 0; // everything up to this offset has been told
let older = null; // what to ask with for the next older page
let asking; // the id of the request for a page, while it has no answer
let [isAtEnd, typedAt, requests] = [true, 0, 0];
let people = new Map(); // names by user id
const typing = new Set();

function connect() {
  [retry, answered] = [clearTimeout(retry), true];
  const query = new URLSearchParams({
    room: `chat:${room}`,
    ...(epoch && { resume: `${epoch}:${position}` }),
  });
  const url = `${location.origin.replace("http", "ws")}/ws/v2/connect?${query}`;
  const it = new WebSocket(url, ["dormouse.v2.json", `bearer.${token}`]); // URLs are logged
  let verdict; // what the server's last message says
  socket = it;
  it.onmessage = ({ data }) => {
    if (it !== socket) return;
    answered = true;
    for (const each of [JSON.parse(data)].flat()) {
      if (each.type === "error" && !each.id) verdict = { ...verdict, why: each.message };
      if (each.type === "closing") verdict = { ...verdict, ...each };
      else handlers[each.type]?.(each);
    }
  };
  it.onclose = ({ code }) => it === socket && lost(code, verdict);
  heartbeat = setInterval(() => {
    if (!answered) return lost(1006);
    answered = false;
    if (it.readyState === WebSocket.OPEN) it.send(PING);
  }, 25_000);
}

/** Lets go at once: on a dead network the close event takes minutes. */
function hangUp() {
  socket?.close();
  [socket, retry, heartbeat] = [undefined, clearTimeout(retry), clearInterval(heartbeat)];
  [asking, typedAt] = [undefined, 0];
  typing.clear();
  showTyping();
}

function lost(code, verdict) {
  hangUp();
  const wayOut = verdict?.reconnect;
  if (wayOut === "auth" || wayOut === "never") return status(verdict.why ?? verdict.reason, "join");
  const byLength = (a, b) => b.textContent.length - a.textContent.length;
  if (code === 1009) giveUp([...unsaid.querySelectorAll("[id]")].sort(byLength)[0], "too long");
  const wait = Math.random() * Math.min(500 * 2 ** attempt++, 10_000);
  retry = setTimeout(connect, wayOut === "now" ? 0 : (verdict?.after_ms ?? wait));
  status(verdict?.why || "reconnecting…");
}

/** Sends a message, and gives the id by which its answer is known. */
function send(type, members, id = `r${requests++}`) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type, id, ...members }));
  return id;
}

/** A page of what was said, up to what has been told: what is told from then on follows it. */
function ask(next = { before: position + 1 }) {
  asking = send("history", { limit: 50, ...next });
}
const say = (it) => send("publish", { event: "message", data: { content: it.lastChild.textContent } }, it.id);
const toEnd = () => scroller.scroll(0, scroller.scrollHeight);
const make = (tag, textContent = "") =>
  Object.assign(document.createElement(tag), { textContent, dir: "auto" });

const handlers = {
  hello(it) {
    [attempt, me] = [0, it.user_id];
    if (!it.recovered) {
      forget(said); // Nothing was shown before, or it is not known what was missed.
      position = it.from;
      ask();
    }
    epoch = it.epoch;
    status("connected", "chat");
    send("presence");
    for (const each of unsaid.querySelectorAll("[id]")) say(each); // Again is harmless.
  },
  event(it) {
    if (it.offset <= position) return;
    position = it.offset ?? position;
    events[it.event]?.(it);
  },
  position(it) {
    position = Math.max(position, it.offset);
  },
  ack(it) {
    if (it.id === asking) page(it);
    else if (it.members) showPeople(it.members);
    else unsaid.children.namedItem(it.id)?.remove();
  },
  error(it) {
    if (!it.retryable) giveUp(unsaid.children.namedItem(it.id), it.message);
    else if (unsaid.children.namedItem(it.id)) setTimeout(again, (it.retry_after ?? 1) * 1000, it.id, socket);
    if (it.id) status(it.message);
  },
};

/** What happens in the room; all else that it serves is of no concern here. */
const events = {
  message: (it) => add([it]),
  edit: ({ of, data }) => at(of)?.lastChild.replaceChildren(data.content),
  delete: ({ of }) => at(of)?.remove(),
  presence({ user, name, data: { action, members } }) {
    if (members) return showPeople(members);
    const others = [...people].filter(([id]) => id !== user);
    people = new Map(action === "leave" ? others : [...others, [user, name ?? user]]);
    showPeople();
  },
  typing: ({ user, data }) => showTyping(user, data.on && user !== me),
};

const at = (offset) => said.querySelector(`[data-offset="${Number(offset)}"]`);

function again(id, on) {
  const it = unsaid.children.namedItem(id);
  if (it && socket === on) say(it);
}

function page({ entries, next }) {
  const isFirst = older === null && said.childElementCount === 0;
  asking = undefined;
  older = next ?? null;
  add(
    entries.filter((it) => it.event === "message" && !it.deleted),
    !isFirst,
  );
  scrolled();
}

function article(author, authorId, content, at) {
  const [it, head, time] = [make("article"), make("h2"), make("time")];
  const day = at.toDateString() === new Date().toDateString() ? {} : { dateStyle: "medium" };
  time.textContent = at.toLocaleString([], { ...day, timeStyle: "short" });
  head.append(make("bdi", author), " ", time);
  it.append(head, make("p", content));
  it.classList.toggle("mine", authorId === me);
  it.dataset.head = `${authorId} ${time.textContent}`;
  return it;
}

function add(messages, areOlder = false) {
  const height = scroller.scrollHeight;
  scroller.ariaLive = areOlder ? "off" : "polite"; // What was said long ago is not read out.
  for (const { offset, user, name, data, at } of messages) {
    let before = said.lastChild;
    while (before && offset < Number(before.dataset.offset)) before = before.previousSibling;
    if (offset === Number(before?.dataset.offset)) continue;
    const it = article(name ?? user, user, data.content, new Date(at));
    it.dataset.offset = offset;
    said.insertBefore(it, before ? before.nextSibling : said.firstChild);
    for (const each of [it, it.nextSibling]) {
      each?.classList.toggle("more", each.dataset.head === each.previousSibling?.dataset.head);
    }
  }
  if (areOlder) scroller.scrollTop += scroller.scrollHeight - height;
  else if (isAtEnd) toEnd();
}

function scrolled() {
  isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
  if (older && asking === undefined && scroller.scrollTop <= 80) ask(older);
}

function showPeople(members) {
  if (members) people = new Map(members.map((it) => [it.user, it.name ?? it.user]));
  $("people").replaceChildren(...[...people.values()].sort().map((name) => make("li", name)));
}

function showTyping(userId, is) {
  typing[is ? "add" : "delete"](userId);
  const names = [...typing].map((id) => `\u2068${people.get(id) ?? id}\u2069`); // isolated, as by <bdi>
  const list = new Intl.ListFormat("en").format(names);
  $("typing").textContent = list && `${list} ${names.length > 1 ? "are" : "is"} typing…`;
}

/** Says how things are, and turns to the form or the chat. */
function status(text, view) {
  if ($("status").textContent !== text) $("status").textContent = text;
  if (!$(view)?.hidden) return;
  for (const id of ["join", "chat"]) $(id).hidden = id !== view;
  $(view === "chat" ? "content" : "token").focus();
}

function forget(...lists) {
  [epoch, position, older, isAtEnd] = [undefined, 0, null, true];
  for (const list of lists) list.replaceChildren();
}

function giveUp(it, why) {
  it?.append(make("small", `Not sent: ${why}`));
  it?.removeAttribute("id");
}

function typed(is) {
  if (is ? Date.now() - typedAt < 3000 : !typedAt) return; // The room forgets it after 5 s.
  typedAt = is ? Date.now() : 0;
  send("publish", { event: "typing", data: { on: is }, ephemeral: true });
}

$("join").onsubmit = (event) => {
  event.preventDefault();
  hangUp();
  const before = `${token} in ${room}`;
  [room, token, attempt] = [$("context").value, $("token").value || "test", 0];
  if (before !== `${token} in ${room}`) forget(said, unsaid);
  $("room").textContent = document.title = room;
  status("connecting…");
  connect();
};
$("compose").onsubmit = (event) => {
  event.preventDefault();
  const content = $("content").value;
  $("content").value = "";
  if (!content.trim()) return;
  const it = article(people.get(me) ?? me, me, content, new Date());
  it.id = crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join("-");
  unsaid.append(it);
  toEnd();
  typed(false);
  say(it);
};
$("content").oninput = () => typed($("content").value.trim() !== "");
$("leave").onclick = () => location.reload();
scroller.onscroll = scrolled;
new ResizeObserver(() => isAtEnd && toEnd()).observe(scroller);
addEventListener("hashchange", () => location.reload());

const given = new URLSearchParams(location.hash.slice(1));
for (const id of ["context", "token"]) $(id).value = given.get(id) ?? $(id).value;
$("join").querySelector("button").focus();
