// The frames of every protocol, as docs/asyncapi.json has them, and the few of the native protocol
// that it does not list one by one.
import { readFileSync } from "node:fs";

/** Where the document and the generated files are, whatever the working directory is. */
export const ROOT = new URL("../../../../", import.meta.url);

export const PROTOCOLS = ["native", "workflow", "client", "context", "events", "conversation"];

/**
 * What the document says generically (`command`, `event`), although docs/PROTOCOL.md names it:
 * typing and read markers (N36, N58).
 */
const id = { type: "string", minLength: 1, maxLength: 128 };
const room = { type: "string" };
const offset = { $ref: "#/components/schemas/Offset" };

const command = (name, params) => ({
  type: "object",
  properties: { type: { const: "command" }, id, room, command: { const: name }, params },
  required: ["type", "command", "params"],
});

const object = (properties, required = Object.keys(properties)) => ({ type: "object", properties, required });

const event = (name, data, more = {}) => ({
  type: "object",
  properties: {
    type: { const: "event" },
    event: name,
    at: { type: "integer", minimum: 0, description: "When it was said: milliseconds since 1970." },
    user: { type: "string", description: "Whose it is: the `sub` of their token." },
    name: { type: "string", description: "Their name for showing." },
    data,
    ...more,
  },
  required: ["type", "event", "at", "data"],
});

const MISSING = {
  "native.receive.command.read": ["Has read up to an entry.", command("read", object({ offset }))],
  "native.receive.publish.typing": [
    "Types, or no longer does.",
    object(
      {
        type: { const: "publish" },
        id,
        room,
        event: { const: "typing" },
        data: object({ on: { type: "boolean" } }),
      },
      ["type", "event", "data"],
    ),
  ],
  "native.receive.query.reads": [
    "Asks who has read up to where.",
    object({ type: { const: "query" }, id, room, query: { const: "reads" } }, ["type", "query"]),
  ],
  "native.send.event.typing": [
    "A user types, or no longer does.",
    event({ const: "typing" }, object({ on: { type: "boolean" } })),
  ],
  "native.send.event.read": ["A user has read up to an entry.", event({ const: "read" }, object({ offset }))],
};

/**
 * What the document says of another protocol's spelling: the times of changes are numbers here (N33).
 * Golden frames have them as text, which a schema takes as well (`also`). And bytes are bytes in
 * MessagePack (N52).
 */
const CORRECTED = {
  "native.ObjectChunk": {
    chunk: { type: "bytes", description: "Its bytes: base64 in JSON, `Uint8Array` in MessagePack." },
  },
  "native.Change2": {
    at: { type: "integer", minimum: 0, also: "string", description: "When: milliseconds since 1970." },
  },
};

/** A name for what the document puts together without giving it one. */
const MERGED = {
  "native.EntryOut+native.Annotations": "native.HistoryEntry",
  "context.Message+context.Annotations": "context.HistoryMessage",
  "events.Past+events.Annotations": "events.HistoryEvent",
};

/** @returns the messages and the schemas by their names, the limits and the close codes. */
export function load() {
  const document = JSON.parse(readFileSync(new URL("docs/asyncapi.json", ROOT), "utf8"));
  const schemas = { ...document.components.schemas };
  const messages = {};
  for (const [name, { payload, summary }] of Object.entries(document.components.messages)) {
    if (PROTOCOLS.includes(name.split(".")[0])) messages[name] = { summary, payload };
  }
  for (const [name, [summary, payload]] of Object.entries(MISSING)) {
    // Once the document has it, that is what counts.
    messages[name] ??= { summary, payload };
  }
  for (const [name, properties] of Object.entries(CORRECTED)) {
    schemas[name] = { ...schemas[name], properties: { ...schemas[name].properties, ...properties } };
  }
  for (const message of Object.values(messages)) message.payload = merged(message.payload, schemas);
  for (const [name, schema] of Object.entries(schemas)) schemas[name] = merged(schema, schemas);
  const [hello] = document.components.messages["native.send.hello"].examples;
  return { messages, schemas, limits: hello.payload.limits, closeCodes: document["x-close-codes"] };
}

/** The same with a named schema in place of an `allOf` of two, and without an `allOf` of one. */
function merged(schema, schemas) {
  if (Array.isArray(schema)) return schema.map((it) => merged(it, schemas));
  if (!schema || typeof schema !== "object") return schema;
  const { allOf, ...rest } = schema;
  if (allOf?.length === 1) return { ...rest, ...merged(allOf[0], schemas) };
  if (allOf) {
    const names = allOf.map((it) => nameOf(it.$ref));
    const name = MERGED[names.join("+")];
    if (!name) throw new Error(`no name for ${names.join(" and ")} together: give it one here`);
    schemas[name] ??= together(names.map((it) => schemas[it]));
    return { ...rest, $ref: `#/components/schemas/${name}` };
  }
  return Object.fromEntries(Object.entries(schema).map(([key, it]) => [key, merged(it, schemas)]));
}

/** The members of all of them; what two have may be as either says. */
function together(all) {
  const properties = {};
  for (const [name, it] of all.flatMap((schema) => Object.entries(schema.properties))) {
    properties[name] = properties[name] ? { anyOf: [properties[name], it] } : it;
  }
  return { type: "object", properties, required: all.flatMap((it) => it.required ?? []) };
}

export const nameOf = (ref) => ref.slice("#/components/schemas/".length);
