// The schema of the chat, analytics and collaboration documents: `webSocketMessageSchema`.
import { context } from "./generated/context/schemas.ts";
import { type Check, isObject, type Schema, schema } from "./schema.ts";

/** The envelope of `/api/{chat,analytics,collaboration}/ws`. */
export interface WebSocketMessage {
  type: string;
  id?: string;
  /** RFC 3339. Missing in the platform's own `{"type":"pong"}` alone. */
  timestamp: string;
  data?: unknown;
  /** What went wrong, for people, where `type` is `error`. */
  error?: string;
  [member: string]: unknown;
}

const optional = (value: Record<string, unknown>, name: string) =>
  value[name] === undefined || value[name] === null || typeof value[name] === "string";

const message: Check = (value, path, issues) => {
  const wrong = (name: string, message: string) => issues.push({ message, path: [...path, name] });
  if (!isObject(value)) {
    issues.push({ message: "must be an object", path });
    return;
  }
  if (typeof value.type !== "string") wrong("type", "must be a string");
  if (typeof value.timestamp !== "string" && value.type !== "pong" && value.type !== "batch") {
    wrong("timestamp", "must be a string");
  }
  for (const name of ["id", "error"]) if (!optional(value, name)) wrong(name, "must be a string");
  // What the server says is as it promises; what an application says with a name of its own is its.
  if (!issues.length && context.knows(value.type as string)) {
    const found = context.safeParse(value);
    if (!found.success) issues.push(...found.error.issues);
  }
};

/** Any message of the server on these endpoints: the envelope, and the data of types that it knows. */
export const webSocketMessageSchema: Schema<WebSocketMessage> = /* @__PURE__ */ schema(message);
