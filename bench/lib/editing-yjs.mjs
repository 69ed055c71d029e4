// A thin editor of the Yjs server's: its document holds what it types itself, and nothing
// else. The server sends every update back to its author too; that is the answer.

import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { WebSocket } from "ws";
import * as sync from "y-protocols/sync";
import * as Y from "yjs";

const OPTIONS = { perMessageDeflate: false };
/** Kinds of messages, and of those that synchronise. */
const SYNC = 0;
const UPDATE = 2;

export class YjsEditor {
  acknowledged = 0;
  heard = 0;
  isWaiting = false;
  #doc = new Y.Doc();
  #text = this.#doc.getText("bench");
  #goes = false;

  constructor(url) {
    this.socket = new WebSocket(url, OPTIONS);
    this.opened = new Promise((resolve, reject) => {
      this.socket.once("error", reject);
      this.socket.once("open", () => resolve());
    });
    this.socket.on("message", (frame) => this.#hear(frame));
    this.#doc.on("update", (update) => {
      const encoder = encoding.createEncoder();
      encoding.writeVarUint(encoder, SYNC);
      sync.writeUpdate(encoder, update);
      this.socket.send(encoding.toUint8Array(encoder));
    });
  }

  #hear(frame) {
    if (frame[0] !== SYNC || frame[1] !== UPDATE) return;
    const decoder = decoding.createDecoder(frame);
    for (const _ of ["kind", "step", "length", "clients", "structs"]) decoding.readVarUint(decoder);
    if (decoding.readVarUint(decoder) !== this.#doc.clientID) {
      this.heard += 1;
      return;
    }
    this.acknowledged += 1;
    this.isWaiting = false;
    if (this.#goes) this.#type();
  }

  #type() {
    this.isWaiting = true;
    this.#text.insert(this.#text.length, "x");
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
export function finalOfYjs(url) {
  const socket = new WebSocket(url, OPTIONS);
  const doc = new Y.Doc();
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("open", () => {
      const encoder = encoding.createEncoder();
      encoding.writeVarUint(encoder, SYNC);
      sync.writeSyncStep1(encoder, doc);
      socket.send(encoding.toUint8Array(encoder));
    });
    socket.on("message", (frame) => {
      // Its second step answers our first.
      if (frame[0] !== SYNC || frame[1] !== 1) return;
      const decoder = decoding.createDecoder(frame);
      decoding.readVarUint(decoder);
      sync.readSyncMessage(decoder, encoding.createEncoder(), doc, undefined);
      socket.terminate();
      resolve(doc.getText("bench").length);
    });
  });
}
