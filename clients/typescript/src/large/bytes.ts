// Bytes as the two encodings of the protocol carry them, and their digest.
import { DormouseError } from "../core/errors.ts";

/** As many arguments as a call may have on every platform. */
const ARGUMENTS_MAX = 8192;

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += ARGUMENTS_MAX) {
    text += String.fromCharCode(...bytes.subarray(at, at + ARGUMENTS_MAX));
  }
  return btoa(text);
}

export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (it) => it.charCodeAt(0));

/** 64 hex digits. Pages have it where they are served over TLS, or from this machine. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const { subtle } = globalThis.crypto ?? {};
  if (!subtle) throw new DormouseError("UNAVAILABLE", "crypto.subtle is missing: the page is not secure");
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(digest, (it) => it.toString(16).padStart(2, "0")).join("");
}
