// A thin editor of Dormouse's: what an acknowledgement says is its version (T5, T6).
import { WebSocket } from "ws";

const ACK = Buffer.from('"type":"edit_ack"');
const EDIT = Buffer.from('"type":"edit"');
const VERSION = /"version":(\d+)/;
const JOIN = JSON.stringify({ type: "join_session", data: { sessionId: "bench" } });
const OPTIONS = { perMessageDeflate: false, skipUTF8Validation: true, maxPayload: 1 << 26 };

export class DormouseEditor {
  acknowledged = 0;
  heard = 0;
  isWaiting = false;
  #version = 0;
  #goes = false;

  constructor(url) {
    this.socket = new WebSocket(url, OPTIONS);
    this.opened = new Promise((resolve, reject) => {
      this.socket.once("error", reject);
      this.socket.once("open", () => this.socket.send(JOIN));
      this.socket.once("message", () => resolve()); // Whatever it is, the room is awake.
    });
    this.socket.on("message", (frame) => this.#hear(frame));
  }

  #hear(frame) {
    for (let at = frame.indexOf(EDIT); at !== -1; at = frame.indexOf(EDIT, at + EDIT.length)) this.heard += 1;
    const ack = frame.indexOf(ACK);
    if (ack === -1) return;
    // An acknowledgement is short, and its version the first after its name.
    this.#version = Number(VERSION.exec(frame.toString("latin1", ack, Math.min(ack + 200, frame.length)))[1]);
    this.acknowledged += 1;
    this.isWaiting = false;
    if (this.#goes) this.#type();
  }

  #type() {
    this.isWaiting = true;
    this.socket.send(
      `{"type":"edit","data":{"operation":"insert","position":0,"content":"x","version":${this.#version}}}`,
    );
  }

  start() {
    this.#goes = true;
    this.#type();
  }

  stop() {
    this.#goes = false;
  }

  close() {
    this.socket.terminate();
  }
}

/** How many characters the document has in the end. */
export function finalOfDormouse(url) {
  const socket = new WebSocket(url, OPTIONS);
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("open", () => socket.send(JOIN));
    socket.on("message", (frame) => {
      const { type, data } = JSON.parse(frame.toString());
      if (type !== "session_state") return;
      socket.terminate();
      resolve(data.content.length);
    });
  });
}
