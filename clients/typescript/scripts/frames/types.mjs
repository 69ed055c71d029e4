// TypeScript types of the frames of one protocol: what both directions share, the client's frames,
// and the server's.
import { nameOf } from "./document.mjs";
import { frameKey, messageName, needed, partName } from "./names.mjs";

/** Members that stand in nearly every frame, and need no words. */
const WELL_KNOWN = new Set(["type", "id", "timestamp", "room"]);

/** @returns the texts of `parts.ts`, `client.ts` and `server.ts`, not yet formatted. */
export function types(protocol, { messages, schemas }) {
  const own = Object.entries(messages).filter(([key]) => key.startsWith(`${protocol}.`));
  const parts = needed(
    own.map(([, it]) => it.payload),
    schemas,
  );
  const sent = own.filter(([key]) => key.startsWith(`${protocol}.receive.`));
  const heard = own.filter(([key]) => key.startsWith(`${protocol}.send.`));
  return {
    "parts.ts": [...parts].map(([name, it]) => declaration(partName(name), it, name)).join("\n"),
    "client.ts": file(sent, "Client", schemas),
    "server.ts": file(heard, "Server", schemas),
  };
}

function file(own, side, schemas) {
  const direct = needed(
    own.map(([, it]) => it.payload),
    schemas,
  );
  const text = own.map(([key, it]) => doc(it.summary) + declaration(messageName(key), it.payload)).join("\n");
  const used = [...direct.keys()].map(partName).filter((it) => new RegExp(`\\b${it}\\b`).test(text));
  const imports = used.length ? `import type { ${used.join(", ")} } from "./parts.ts";\n\n` : "";
  const map = own.map(([key]) => `${JSON.stringify(frameKey(key))}: ${messageName(key)};`).join("\n");
  const who = side === "Client" ? "a client sends" : "the server sends";
  return `${imports}${text}
/** Every frame that ${who}, by its name in docs/asyncapi.json. */
export interface ${side}Frames {\n${map}\n}

/** Any frame that ${who}. */
export type ${side}Frame = ${side}Frames[keyof ${side}Frames];
`;
}

function declaration(name, schema, full) {
  const text = full ? doc(schema.description) : "";
  if (schema.type === "object" && schema.properties) {
    return `${text}export interface ${name} ${members(schema)}\n`;
  }
  // The protocol may get codes that a client of today does not know (N54).
  const open = name === "Code" ? " | (string & {})" : "";
  return `${text}export type ${name} = ${type(schema)}${open};\n`;
}

function members(schema) {
  const required = new Set(schema.required ?? []);
  const lines = Object.entries(schema.properties).map(([name, it]) => {
    const about = WELL_KNOWN.has(name) ? "" : doc(it.description);
    return `${about}${key(name)}${required.has(name) ? "" : "?"}: ${type(it, required.has(name))};`;
  });
  if (schema.additionalProperties === true) lines.push("[member: string]: unknown;");
  return `{\n${lines.join("\n")}\n}`;
}

/** `null` says the same as nothing (N55), so what may be missing need not be declared as `null`. */
function type(schema, isRequired = true) {
  if (schema.$ref) return partName(nameOf(schema.$ref));
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((it) => JSON.stringify(it)).join(" | ");
  const either = schema.anyOf ?? schema.oneOf;
  if (either)
    return union(
      either.map((it) => type(it)),
      isRequired,
    );
  if (Array.isArray(schema.type))
    return union(
      schema.type.map((it) => type({ ...schema, type: it })),
      isRequired,
    );
  switch (schema.type) {
    case "bytes":
      return "string | Uint8Array";
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "integer":
    case "number":
      return "number";
    case "array":
      return `Array<${type(schema.items)}>`;
    case "object":
      if (schema.properties) return members(schema);
      if (schema.required)
        return `{ ${schema.required.map((it) => `${it}: unknown`).join("; ")}; [member: string]: unknown }`;
      return `Record<string, ${schema.additionalProperties === true ? "unknown" : type(schema.additionalProperties)}>`;
    default:
      return "unknown";
  }
}

function union(all, isRequired) {
  const kept = [...new Set(all)].filter((it) => isRequired || it !== "null");
  return kept.join(" | ");
}

const key = (name) => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));

const doc = (text) => (text ? `/** ${text.replaceAll("*/", "* /").replaceAll("\n", " ")} */\n` : "");
