// Schemas of what the server sends, in the words of src/frames/schema.ts.
import { nameOf } from "./document.mjs";
import { frameKey, needed, partName } from "./names.mjs";

/** @returns the text of `schemas.ts` of one protocol, not yet formatted. */
export function schemas(protocol, { messages, schemas: all }) {
  const own = Object.entries(messages).filter(([key]) => key.startsWith(`${protocol}.send.`));
  const parts = needed(
    own.map(([, it]) => it.payload),
    all,
  );
  const consts = [...parts].map(([name, it]) => `const ${partName(name)} = ${schema(it, name)};`);
  const frames = own.map(([key, it]) => `${JSON.stringify(frameKey(key))}: ${schema(it.payload)},`);
  const body = `${consts.join("\n")}\n\nreturn {\n${frames.join("\n")}\n};`;
  const used = WORDS.filter((it) => new RegExp(`\\b${it}\\b`).test(body.replaceAll(/"[^"]*"/g, "")));
  return `import { frames } from "../../protocol.ts";
import { ${used.join(", ")} } from "../../schema.ts";
import type { ServerFrames } from "./server.ts";

/** Every frame that the server sends on ${ENDPOINTS[protocol]}. */
export const ${protocol} = /* @__PURE__ */ frames<ServerFrames>("${protocol}", () => {
${body}
});
`;
}

const ENDPOINTS = {
  native: "`/ws/v2/connect`",
  context: "`/api/chat/ws`, `/api/analytics/ws` and `/api/collaboration/ws`",
  workflow: "`/ws`",
  events: "`/api/v1/ws`",
  client: "`/ws/client`",
  conversation: "`/ws/conversation`",
};

const WORDS = [
  "any",
  "bool",
  "bytes",
  "count",
  "either",
  "list",
  "map",
  "nullable",
  "num",
  "obj",
  "str",
  "word",
];

function schema(it, name) {
  if (it.also) return `either(${schema({ ...it, also: undefined })}, ${schema({ type: it.also })})`;
  if (it.$ref) return partName(nameOf(it.$ref));
  if ("const" in it) return `word(${JSON.stringify(it.const)})`;
  // Codes are added within a version (N54): one that is not known is no fault of the frame.
  if (name === "Code") return "str";
  const words = it.enum ?? (it.oneOf?.every((one) => "const" in one) && it.oneOf.map((one) => one.const));
  if (words) return `word(${words.map((word) => JSON.stringify(word)).join(", ")})`;
  const either = it.anyOf ?? it.oneOf;
  if (either)
    return union(
      either.map((one) => schema(one)),
      either.map((one) => one.type),
    );
  if (Array.isArray(it.type)) {
    return union(
      it.type.map((one) => schema({ ...it, type: one })),
      it.type,
    );
  }
  switch (it.type) {
    case "bytes":
      return "bytes";
    case "string":
      return "str";
    case "boolean":
      return "bool";
    case "null":
      return "null";
    case "integer":
      return "count";
    case "number":
      return "num";
    case "array":
      return `list(${schema(it.items)})`;
    case "object":
      return objectOf(it);
    default:
      return "any";
  }
}

function union(all, types) {
  const kept = all.filter((_, at) => types[at] !== "null");
  const one = kept.length === 1 ? kept[0] : `either(${kept.join(", ")})`;
  return kept.length < all.length ? `nullable(${one})` : one;
}

function objectOf(it) {
  if (!it.properties) {
    if (it.required) return `obj({ ${it.required.map((name) => `${name}: any`).join(", ")} })`;
    return `map(${it.additionalProperties === true ? "any" : schema(it.additionalProperties)})`;
  }
  const required = new Set(it.required ?? []);
  const of = (isRequired) =>
    Object.entries(it.properties)
      .filter(([name]) => required.has(name) === isRequired)
      .map(([name, one]) => `${JSON.stringify(name)}: ${schema(one)}`);
  const [must, may] = [of(true), of(false)];
  return may.length ? `obj({ ${must.join(", ")} }, { ${may.join(", ")} })` : `obj({ ${must.join(", ")} })`;
}
