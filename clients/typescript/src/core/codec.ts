import type { Codec } from "./types.ts";

/** JSON in text frames; several messages are an array. */
export const json: Codec = {
  encode: (frame) => JSON.stringify(frame),
  join: (parts) => `[${parts.join(",")}]`,
  decode(data) {
    if (typeof data !== "string") throw new Error("a binary frame");
    return JSON.parse(data);
  },
};

/** JSON of protocols that take one message a frame. */
export const singleJson: Codec = { encode: json.encode, decode: json.decode };
