// The page: joins a room, and comes back whatever happens to the connection.
// Other people's words and names become text, never markup.
const $ = (id) => document.getElementById(id);
const PING = '{"type":"ping"}'; // These bytes are answered without waking the room.
const [scroller, said, unsaid] = [$("scroller"), $("said"), $("unsaid")];

let room, token, me, socket, heartbeat, retry, attempt, answered, refusal;
let epoch; // which incarnation of the log is shown
let newest = 0; // the newest offset shown
let gap = 0; // while what was missed is fetched: the newest offset shown before; 0 at first
let older = null; // the `before` of the next older page
let [isAsking, isAtEnd, typedAt] = [false, true, 0];
let people = new Map(); // names by user id
const typing = new Set();

function connect() {
  [retry, refusal, answered] = [clearTimeout(retry), undefined, false];
  const url = `${location.origin.replace("http", "ws")}/api/chat/ws?contextId=${room}`;
  const it = new WebSocket(url, ["chat", `bearer.${token}`]); // URLs are logged
  socket = it;
  it.onopen = () => {
    it.send(PING); // Its pong says that we are in, whatever we may do there.
    for (const each of unsaid.querySelectorAll("[id]")) say(each);
    send("presence");
    ask();
  };
  it.onmessage = ({ data }) => it === socket && receive(JSON.parse(data));
  it.onclose = ({ code, reason }) => it === socket && lost(code, reason);
  heartbeat = setInterval(() => {
    if (!answered) return lost(1006);
    [attempt, answered] = [0, false];
    it.send(PING);
  }, 30_000);
}

/** Lets go at once: on a dead network the close event takes minutes. */
function hangUp() {
  socket?.close();
  [socket, retry, heartbeat] = [undefined, clearTimeout(retry), clearInterval(heartbeat)];
  [gap, isAsking, typedAt] = [gap ?? newest, false, 0];
  typing.clear();
  showTyping();
}

function lost(code, reason) {
  hangUp();
  const why = refusal?.error ?? reason;
  if (code === 1008 && refusal?.code !== "RATE_LIMIT_EXCEEDED") return status(why, "join");
  const byLength = (a, b) => b.textContent.length - a.textContent.length;
  if (code === 1009) giveUp([...unsaid.querySelectorAll("[id]")].sort(byLength)[0], "too long");
  const wait = Math.min(500 * 2 ** attempt++, 10_000) * (0.5 + Math.random() / 2);
  retry = setTimeout(connect, wait + (refusal?.retry_after ?? 0) * 1000);
  status(why || "reconnecting…");
}

function send(type, data, id) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type, id, data }));
}

const ask = (before) => send("history", { limit: gap ? 200 : 50, before });
const say = (it) => send("message", { content: it.lastChild.textContent }, it.id); // Again is harmless.
const toEnd = () => scroller.scroll(0, scroller.scrollHeight);
const make = (tag, textContent = "") =>
  Object.assign(document.createElement(tag), { textContent, dir: "auto" });

function receive(frame) {
  [answered, refusal] = [true, frame.type === "error" ? frame : undefined];
  if (!refusal) status("connected", "chat");
  handlers[frame.type]?.(frame);
}

const handlers = {
  message({ id, data }) {
    if (data.authorId === me) unsaid.children.namedItem(id)?.remove();
    add([data]);
  },
  history({ data: { messages, nextBefore, epoch: its } }) {
    if (epoch && epoch !== its) {
      forget(said); // Offsets of another log mean something else.
      return ask();
    }
    [epoch, isAsking] = [its, false];
    add(messages, gap === undefined);
    if (!gap) older = nextBefore;
    else if (gap + 1 < nextBefore) return ask(nextBefore);
    gap = undefined;
    scrolled();
  },
  presence: ({ data }) => showPeople(data.members.map((it) => [it.userId, it.username])),
  user_joined: ({ data }) => showPeople([...people, [data.userId, data.username]]),
  user_left: ({ data }) => showPeople([...people].filter(([id]) => id !== data.userId)),
  typing: ({ data }) => showTyping(data.userId, data.isTyping && data.userId !== me),
  error(frame) {
    if (frame.code === "SYSTEM_ERROR") return lost(1011); // Come back, then ask and say it again.
    const isPassing = ["AUTHENTICATION_FAILED", "RATE_LIMIT_EXCEEDED", "UNAVAILABLE"].includes(frame.code);
    if (!isPassing) giveUp(unsaid.children.namedItem(frame.id), frame.error);
    status(frame.error);
  },
};

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
  for (const { offset, author, authorId, content, timestamp } of messages) {
    let before = said.lastChild;
    while (before && offset < Number(before.dataset.offset)) before = before.previousSibling;
    if (offset === Number(before?.dataset.offset)) continue;
    newest = Math.max(newest, offset);
    const it = article(author, authorId, content, new Date(timestamp));
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
  if (!older || isAsking || gap !== undefined || scroller.scrollTop > 80) return;
  isAsking = true;
  ask(older);
}

function showPeople(entries) {
  people = new Map(entries);
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
  [epoch, newest, gap, older, isAtEnd] = [undefined, 0, 0, null, true];
  for (const list of lists) list.replaceChildren();
}

function giveUp(it, why) {
  it?.append(make("small", `Not sent: ${why}`));
  it?.removeAttribute("id");
}

function typed(is) {
  if (is ? Date.now() - typedAt < 3000 : !typedAt) return; // The room forgets it after 5 s.
  typedAt = is ? Date.now() : 0;
  send("typing", { isTyping: is });
}

/** Whose token it is, to tell mine from theirs. */
function subject(jwt) {
  try {
    const text = atob(jwt.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (it) => it.charCodeAt(0)))).sub;
  } catch {
    return jwt; // `test` is user `test`.
  }
}

$("join").onsubmit = (event) => {
  event.preventDefault();
  hangUp();
  const before = `${me} in ${room}`;
  [room, token, attempt] = [$("context").value, $("token").value || "test", 0];
  me = subject(token);
  if (before !== `${me} in ${room}`) forget(said, unsaid);
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
