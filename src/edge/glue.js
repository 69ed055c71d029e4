// What is faster, safer or only possible in JavaScript. Called by platform.rs alone.
import { waitUntil } from "cloudflare:workers";
import { letGo } from "./held.js";
import { readerOf } from "./pipe.js";

/** Which session a socket belongs to, as long as this isolate lives. */
const sessions = new WeakMap();

export const bindSession = (socket, session) => {
  sessions.set(socket, session);
};

export const sessionOf = (socket) => sessions.get(socket);

/** What waits for a socket's client to read it; of a piped socket's, also what is on its way. */
export const backlogOf = (socket) => readerOf(socket)?.unread ?? socket.bufferedAmount;

/** Waiting for a socket, in bytes, from which on it goes without what is worth nothing later. */
const BACKLOG_EPHEMERAL_MAX = 256 * 1024;
/** From which on it is let go: what it has not read is memory that all rooms share. */
const BACKLOG_MAX = 1024 * 1024;
/** From which on what waits for a socket counts as memory that is taken. */
const UNREAD_MIN = 64 * 1024;
/** How old that count may be, in milliseconds: a look at all who are slow is not for each frame. */
const UNREAD_AGE_MS = 10;
/**
 * How much goes to a large group of sockets between two looks at their backlogs: no
 * backlog outgrows what was sent, and looking costs as much as sending.
 */
const CHECK_EVERY = 64 * 1024;
const LARGE_GROUP = 8;

/** Sends to a room's sockets, and watches which of them do not keep up. */
export class Sender {
  #inTurn = false;
  /** Sent in this turn, and in the last one that sent anything, in bytes. */
  #current = 0;
  #recent = 0;
  #unseen = 0;
  #lagging = new WeakSet();
  /** Of those who asked for something long, how long it is, until most of it is read. */
  #asked = new WeakMap();
  /** Those for whom much may wait; how much did when they were last looked at, and when. */
  #watched = new Set();
  #unread = 0;
  #unreadAt = 0;

  watch(socket) {
    this.#watched.add(socket);
  }

  forget(socket) {
    this.#watched.delete(socket);
  }

  unread(anew) {
    if (this.#watched.size === 0) return 0;
    const now = Date.now();
    if (!anew && Math.abs(now - this.#unreadAt) < UNREAD_AGE_MS) return this.#unread;
    this.#unreadAt = now;
    this.#unread = 0;
    for (const socket of this.#watched) {
      const waiting = backlogOf(socket);
      if (waiting <= UNREAD_MIN) this.#watched.delete(socket);
      else this.#unread += waiting;
    }
    return this.#unread;
  }

  /**
   * One string for all sockets: passed from Rust once, not once per socket. Gives those
   * that do not keep up, if any. A dead socket reports itself through its own close event,
   * so its throw is dropped. `tight`: memory is short, and they are given less of it.
   */
  send(sockets, message, bytes, except, ephemeral, tight) {
    const slow = this.#look(sockets, tight ? BACKLOG_EPHEMERAL_MAX : BACKLOG_MAX);
    if (sockets.length === 1 && UNREAD_MIN < bytes) this.#watched.add(sockets[0]);
    // An answer: a document, a page. Who gets it has the time to read it.
    if (sockets.length === 1 && BACKLOG_EPHEMERAL_MAX < bytes) this.#asked.set(sockets[0], bytes);
    for (const socket of sockets) {
      if (socket === except || (ephemeral && this.#lagging.has(socket))) continue;
      try {
        socket.send(message);
        readerOf(socket)?.sent(bytes);
      } catch {}
    }
    this.#current += bytes;
    this.#unseen += bytes;
    return slow;
  }

  #look(sockets, max) {
    this.#startTurn();
    const isLarge = LARGE_GROUP < sockets.length;
    if (isLarge && this.#unseen < CHECK_EVERY) return;
    if (isLarge) this.#unseen = 0;
    // Nobody can have read what still waits for its commit, or has only just left.
    const fresh = this.#recent + this.#current;
    let slow;
    for (const socket of sockets) {
      const reader = readerOf(socket);
      const waiting = reader ? reader.unread : socket.bufferedAmount;
      if (UNREAD_MIN < waiting) this.#watched.add(socket);
      if (waiting <= BACKLOG_EPHEMERAL_MAX) this.#asked.delete(socket);
      // Through a pipe, what is on its way may well be read already: the answer is on its way too.
      const underway = reader ? Math.max(fresh, Math.min(reader.underway, BACKLOG_MAX)) : fresh;
      const backlog = waiting - underway - (this.#asked.get(socket) ?? 0);
      if (backlog <= BACKLOG_EPHEMERAL_MAX) {
        this.#lagging.delete(socket);
        continue;
      }
      this.#lagging.add(socket);
      if (max < backlog) {
        slow ??= [];
        slow.push(socket);
      }
    }
    return slow;
  }

  #startTurn() {
    if (this.#inTurn) return;
    this.#inTurn = true;
    queueMicrotask(() => {
      this.#inTurn = false;
    });
    this.#recent = this.#current;
    this.#current = 0;
  }
}

/**
 * Runs a statement and takes all of its rows while errors can still be caught: as JSON,
 * which crosses into wasm once, not once per value. Nothing for no rows.
 */
export function runSql(sql, query, bindings) {
  const rows = [...sql.exec(query, ...bindings).raw()];
  return rows.length ? JSON.stringify(rows) : undefined;
}

export const transactionSync = (state, work) => state.storage.transactionSync(work);

/**
 * Arms the one alarm, or leaves it where it rings earlier: a room that wakes does not know
 * when that is, and to put off an alarm that is just about to ring makes workerd hold back
 * all that the room sends (2026-11-17). An early alarm finds nothing to do and re-arms.
 * Not awaited: it commits with the writes of the same turn.
 */
export const setAlarm = async ({ storage }, atMs) => {
  try {
    const armed = await storage.getAlarm();
    // What is due at once says 0, which the platform takes for no time.
    if (armed === null || atMs < armed) await storage.setAlarm(Math.max(1, atMs));
  } catch (error) {
    console.error("the alarm was not set", error);
  }
};

/**
 * Deletes all that an object stores, its alarm too. At once, so that what happens next finds
 * nothing, and writes anew.
 */
export const deleteStorage = ({ storage }) => {
  const failed = (error) => console.error("a storage was not deleted", error);
  storage.deleteAlarm().catch(failed);
  storage.deleteAll().catch(failed);
};

/** The same in a moment: what is said in this turn does not wait for it. */
export const setAlarmLater = (state, atMs, afterMs) => {
  setTimeout(() => setAlarm(state, atMs), afterMs);
};

/** When the platform last answered a ping for this socket, in milliseconds. */
export const autoResponseAt = (state, socket) => state.getWebSocketAutoResponseTimestamp(socket)?.getTime();

/** A URL's scheme with its colon, host and path, then its decoded query, name after value after name. */
export function splitUrl(text) {
  const url = new URL(text);
  return [url.protocol, url.host, url.pathname, ...[...url.searchParams].flat()];
}

/**
 * Asks an object for a socket. The request is built from nothing: no header of a
 * client's reaches an object. Gives the socket, or the object's refusal as JSON; throws if
 * neither comes in time. A socket that comes later is let go, or its room would have it in it.
 */
export async function askForSocket(namespace, name, header, value, patienceMs) {
  const stub = namespace.get(namespace.idFromName(name));
  const init = { headers: { Upgrade: "websocket", [header]: value } };
  const asked = stub.fetch("https://object/", init);
  let isLate = false;
  const answered = async () => {
    const response = await asked;
    if (isLate) return letGo(response.webSocket);
    return response.webSocket ?? (await response.text());
  };
  const work = answered();
  // To the end, also for a client that is gone before: only then does the platform close the
  // socket that comes, in which its room would see somebody for a minute.
  waitUntil(work.catch(() => {}));
  return inTime(work, patienceMs, () => {
    isLate = true;
  });
}

/** Sends text to an object, which answers with text, in time. */
export async function postTo(namespace, name, body, patienceMs) {
  const stub = namespace.get(namespace.idFromName(name));
  const answered = async () => {
    const response = await stub.fetch("https://object/", { method: "POST", body });
    const text = await response.text();
    if (!response.ok) throw new Error(`an object answered ${response.status}`);
    return text;
  };
  return inTime(answered(), patienceMs);
}

/** What comes of this, or an error when it takes too long. */
async function inTime(work, patienceMs, late) {
  let timer;
  const tooLate = new Promise((_, reject) => {
    timer = setTimeout(() => {
      late?.();
      reject(new Error("no answer in time"));
    }, patienceMs);
  });
  work.catch(() => {}); // Late failures are nobody's.
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** A request's body, read no further than it may be long. Nothing for a longer one. */
export async function readText(request, bytesMax) {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytesMax < bytes) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * Sends text to a service outside. Its answer is `[status, text]`, without a text that is
 * too long or no UTF-8; what it sends must all be here in time. No redirect is followed.
 */
export async function postOut(url, headers, body, patienceMs, bytesMax) {
  const abort = new AbortController();
  const answered = async () => {
    const init = { method: "POST", headers, body, redirect: "manual", signal: abort.signal };
    const response = await fetch(url, init);
    try {
      return [response.status, await readText(response, bytesMax)];
    } catch (error) {
      // Not text: an answer, but a useless one. Anything else is a broken connection.
      if (error instanceof TypeError && !abort.signal.aborted) return [response.status, undefined];
      throw error;
    }
  };
  try {
    return await inTime(answered(), patienceMs);
  } finally {
    abort.abort();
  }
}

/**
 * Asks for keys: `[text, Cache-Control]`. Throws, with a reason that holds nothing of the answer, if
 * there is none, whole and in time. No redirect is followed: the address is the operator's word.
 */
export async function fetchKeys(url, patienceMs, bytesMax) {
  const abort = new AbortController();
  const answered = async () => {
    const init = { headers: { Accept: "application/json" }, redirect: "manual", signal: abort.signal };
    const response = await fetch(url, init).catch(() => {
      throw new Error("it cannot be reached");
    });
    // A development proxy may have followed it all the same.
    if (response.redirected) throw new Error("it redirects");
    if (response.status !== 200) throw new Error(`it answered ${response.status}`);
    const text = await readText(response, bytesMax).catch(() => {
      throw new Error("its answer broke off, or is no UTF-8");
    });
    if (text === undefined) throw new Error(`its answer has more than ${bytesMax} bytes`);
    return [text, response.headers.get("Cache-Control")];
  };
  try {
    return await inTime(answered(), patienceMs);
  } finally {
    abort.abort();
  }
}

export const variable = (env, name) => {
  const value = env[name];
  return value === undefined || value === null || typeof value === "object" ? undefined : String(value);
};
