// What the generated types are called, and which schemas a file of them needs.
import { nameOf } from "./document.mjs";

const pascal = (text) =>
  text
    .split(/[._]/)
    .map((it) => it.charAt(0).toUpperCase() + it.slice(1))
    .join("");

/** `native.send.ack.attached` is the server's `ServerAckAttached`. */
export function messageName(key) {
  const [, direction, ...rest] = key.split(".");
  return pascal(`${direction === "send" ? "server" : "client"}.${rest.join(".")}`);
}

/** `ack.attached` of `native.send.ack.attached`: the key among the frames of one direction. */
export const frameKey = (key) => key.split(".").slice(2).join(".");

/** A schema that belongs to one protocol loses the protocol's name, and is not called as a global is. */
export function partName(name) {
  const own = name.split(".").at(-1);
  return own === "Error" ? "ErrorData" : own;
}

/** Every schema that these refer to, each after those that it refers to itself. */
export function needed(payloads, schemas) {
  const found = new Map();
  const visit = (it) => {
    if (Array.isArray(it)) return it.forEach(visit);
    if (!it || typeof it !== "object") return;
    if (it.$ref) {
      const name = nameOf(it.$ref);
      if (found.has(name)) return;
      found.set(name, undefined);
      visit(schemas[name]);
      found.delete(name);
      found.set(name, schemas[name]);
      return;
    }
    Object.values(it).forEach(visit);
  };
  visit(payloads);
  return found;
}
