import type { Codec, Frame } from "./types.ts";

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
