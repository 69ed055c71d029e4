// Between the Worker, which holds a client's socket, and the client's room. The room's own end
// is read at once by the Worker, so that it shows nothing of how much the client has read. The
// Worker's end shows it, and tells.
//
// The room sends a mark after every so many bytes; the Worker answers with the mark and how much
// of what came before it waits for the client, then and whenever that has become a step less. Both
// are text frames that begin with NUL, as nothing of a room's does. A client's frame that does is
// passed on with another NUL before it, so that no client speaks for the Worker.

const NUL = "\0";
const MARK = `${NUL}mark `;
const REPORT = `${NUL}unread `;

/**
 * Between two marks, and between two reports, in bytes: a quarter of what may wait before
 * anything is left out, and so rare that a room that says little is not woken by reports.
 */
const STEP = 64 * 1024;

/**
 * What may wait for a client here, in bytes, whatever its room thinks of it: more than a room ever
 * allows, which is 1 MiB beside one long answer and what is on its way.
 */
const UNREAD_MAX = 8 << 20;

/**
 * Between two looks at how much waits, in milliseconds: twice as long each time nothing has
 * changed, up to a second.
 */
const LOOK_MS = 1;
const LOOK_MS_MAX = 1024;

/** What is known of each piped socket of a room, as long as this isolate lives. */
const readers = new WeakMap();

export const readerOf = (socket) => readers.get(socket);

export const bindPipe = (socket) => {
  if (!readers.has(socket)) readers.set(socket, new Reader(socket));
};

export const reported = (socket, report) => {
  bindPipe(socket);
  readers.get(socket).heard(report);
};

/** The room's end: what its client has not read. */
class Reader {
  #socket;
  /**
   * Bytes sent; to when the last mark was; to when the last report was. They begin anywhere, so
   * that a report from before the room's sleep is not taken for one of now.
   */
  #sent = Math.floor(Math.random() * 2 ** 40);
  #marked = this.#sent;
  #known = this.#sent;
  #first = this.#sent;
  /** What waited when that report was made. */
  #waiting = 0;

  constructor(socket) {
    this.#socket = socket;
  }

  /** What is on its way to the Worker, or of which its report is. */
  get underway() {
    return this.#sent - this.#known;
  }

  get unread() {
    return this.underway + this.#waiting;
  }

  sent(bytes) {
    this.#sent += bytes;
    if (this.#sent - this.#marked < STEP) return;
    this.#marked = this.#sent;
    this.#socket.send(MARK + this.#sent);
  }

  heard(report) {
    const [waiting, mark] = report.slice(REPORT.length).split(" ").map(Number);
    this.#waiting = waiting;
    // Without a mark of this life it says how it is now.
    this.#known = this.#first < mark && mark <= this.#sent ? mark : this.#sent;
  }
}

/** The Worker's end: passes frames on, and tells the room how much its client has not read. */
export class Pipe {
  #client;
  #room;
  /** The room's last mark, and what came since, in bytes. */
  #mark = "";
  #since = 0;
  /** What the room was told last. */
  #told = 0;
  #isAsked = false;
  #timer;
  #waitMs = LOOK_MS;

  constructor(client, room) {
    this.#client = client;
    this.#room = room;
  }

  /** Whether there is still room for what the client does not read. */
  toClient(data) {
    if (typeof data === "string" && data.startsWith(MARK)) {
      this.#mark = data.slice(MARK.length);
      this.#since = 0;
      this.#isAsked = true;
      this.#look(LOOK_MS);
      return true;
    }
    const before = this.#client.bufferedAmount;
    this.#client.send(data);
    const waiting = this.#client.bufferedAmount;
    this.#since += waiting - before;
    // No mark came where one was due: the room has slept meanwhile, and begun to count anew.
    if (2 * STEP <= this.#since) {
      this.#mark = "";
      this.#since = 0;
      this.#isAsked = true;
      this.#look(LOOK_MS);
    }
    return waiting <= UNREAD_MAX;
  }

  toRoom(data) {
    this.#room.send(typeof data === "string" && data.startsWith(NUL) ? NUL + data : data);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isAsked = false;
    this.#told = 0;
  }

  #look(waitMs) {
    this.#waitMs = waitMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#report(), waitMs);
  }

  #report() {
    const waiting = Math.max(0, this.#client.bufferedAmount - this.#since);
    const isNews = this.#isAsked || STEP <= this.#told - waiting || (waiting === 0 && this.#told !== 0);
    if (isNews) {
      this.#isAsked = false;
      this.#told = waiting;
      try {
        this.#room.send(`${REPORT}${waiting} ${this.#mark}`);
      } catch {}
    }
    if (waiting !== 0) this.#look(isNews ? LOOK_MS : Math.min(2 * this.#waitMs, LOOK_MS_MAX));
  }
}
