// The entry "./msgpack": the native protocol in MessagePack, for `new Dormouse({ codec: msgpack })`. It is
// smaller where messages hold bytes or numbers.
import { decode, encode } from "@msgpack/msgpack";
import type { Codec, Frame } from "../core/types.ts";

/**
 * The native protocol in MessagePack, for `new Dormouse({ codec: msgpack })`. Members that are `undefined`
 * are left out, as in JSON. Bytes are `Uint8Array` in both directions, without `encoding`.
 */
export const msgpack: Codec = {
  name: "msgpack",
  encode: (frame: Frame) => encode(frame, { ignoreUndefined: true }),
  join(parts) {
    // The header of an array of up to 65,535 elements.
    const head = Uint8Array.of(0xdc, parts.length >> 8, parts.length & 0xff);
    const all = [head, ...(parts as Uint8Array[])];
    const joined = new Uint8Array(all.reduce((sum, it) => sum + it.length, 0));
    let at = 0;
    for (const it of all) {
      joined.set(it, at);
      at += it.length;
    }
    return joined;
  },
  // What comes as text is JSON, whatever was negotiated (N1).
  decode: (data) => (typeof data === "string" ? JSON.parse(data) : decode(new Uint8Array(data))),
};
