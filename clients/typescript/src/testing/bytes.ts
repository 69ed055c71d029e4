// Bytes: kept as base64 with `encoding`, and told as they are to who speaks MessagePack (N51).
import { isObject } from "../frames/schema.ts";

export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (it) => String.fromCharCode(it)).join(""));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (it) => it.charCodeAt(0));
}

/** A message, several, or what is in one, with bytes in place of their base64. */
export function withBytes(it: unknown): unknown {
  if (Array.isArray(it)) return it.map(withBytes);
  if (!isObject(it)) return it;
  if (Array.isArray(it.entries)) return { ...it, entries: it.entries.map(withBytes) };
  if (it.encoding !== "base64" || typeof it.data !== "string") return it;
  const { encoding: _, data, ...rest } = it;
  return { ...rest, data: fromBase64(data as string) };
}
