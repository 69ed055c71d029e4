import type { Codec, Data, Frame } from "./types.ts";

/** Bytes as base64, with the member that says so. */
const readable = (frame: Frame): Frame => {
  const { data } = frame;
  if (!(data instanceof Uint8Array)) return frame;
  const text = Array.from(data, (it) => String.fromCharCode(it)).join("");
  return { ...frame, data: btoa(text), encoding: "base64" };
};

/**
 * JSON in text frames; several messages are an array. `data` that is a `Uint8Array` is sent as base64 with
 * `encoding: "base64"`; what comes in stays as it is.
 */
export const json: Codec = {
  encode: (frame) => JSON.stringify(readable(frame)),
  join: (parts) => `[${parts.join(",")}]`,
  decode(data) {
    if (typeof data !== "string") throw new Error("a binary frame");
    return JSON.parse(data);
  },
};

/** JSON of protocols that take one message a frame. */
export const singleJson: Codec = { encode: json.encode, decode: json.decode };

/** What is joined to one frame: so many messages, of so many characters or bytes. */
const [JOINED_MAX, JOINED_LENGTH_MAX] = [100, 65_536];

/** What goes over the wire for these messages: one frame of all, where that may be. */
export function encoded({ encode, join }: Codec, frames: Frame[]): Data[] {
  const parts = frames.map(encode);
  const length = parts.reduce((sum, it) => sum + it.length, 0);
  const isJoined = join && 1 < parts.length && parts.length <= JOINED_MAX && length <= JOINED_LENGTH_MAX;
  return isJoined ? [join(parts)] : parts;
}
