// The words of which the generated schemas consist. A schema of a general library for some hundred
// frames would be several times as large as the rest of the entry.

/** One thing that is wrong with a frame. */
export interface Issue {
  readonly message: string;
  /** Where: names of members, and indexes in lists. */
  readonly path: ReadonlyArray<string | number>;
}

/** What `parse` throws: `issues` say everything that was found, the message says the first. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
  readonly code = "INVALID_MESSAGE_FORMAT";
  readonly retryable = false;
  readonly issues: readonly Issue[];
  constructor(issues: readonly Issue[]) {
    super(issues.map(({ path, message }) => (path.length ? `${path.join(".")}: ${message}` : message))[0]);
    this.issues = issues;
  }
}

/** What `safeParse` returns: the value, or what is wrong with it. */
export type SafeResult<T> = { success: true; data: T } | { success: false; error: SchemaError };

/** A schema that may be used as one of zod, and wherever a Standard Schema may. */
export interface Schema<T> {
  /** Returns the value itself, with its type. @throws {SchemaError} if it does not match. */
  parse(value: unknown): T;
  /** As `parse`, and returns the error in place of throwing it. */
  safeParse(value: unknown): SafeResult<T>;
  /** The schema as a Standard Schema: https://standardschema.dev. */
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: "dormouse";
    /** As `safeParse`, in the shape of Standard Schemas. It never returns a promise. */
    readonly validate: (value: unknown) => { value: T } | { issues: readonly Issue[] };
    readonly types?: { input: unknown; output: T };
  };
}

/** Checks a value and adds what is wrong. A schema of an object knows its members. */
export type Check = {
  (value: unknown, path: Array<string | number>, issues: Issue[]): void;
  required?: Record<string, Check>;
  words?: readonly string[];
};

const check =
  (what: string, holds: (value: unknown) => boolean): Check =>
  (value, path, issues) => {
    if (!holds(value)) issues.push({ message: `must be ${what}`, path: [...path] });
  };

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const any: Check = () => {};
export const str: Check = /* @__PURE__ */ check("a string", (it) => typeof it === "string");
export const bytes: Check = /* @__PURE__ */ check(
  "bytes, or base64",
  (it) => typeof it === "string" || it instanceof Uint8Array,
);
export const bool: Check = /* @__PURE__ */ check("a boolean", (it) => typeof it === "boolean");
export const num: Check = /* @__PURE__ */ check("a number", Number.isFinite);
export const count: Check = /* @__PURE__ */ check(
  "a whole number, 0 or more",
  (it) => Number.isSafeInteger(it) && 0 <= (it as number),
);

/** One of these strings. */
export function word(...words: string[]): Check {
  const it = check(words.join(" or "), (value) => words.includes(value as string));
  it.words = words;
  return it;
}

export const nullable =
  (inner: Check): Check =>
  (value, path, issues) => {
    if (value !== null) inner(value, path, issues);
  };

export const list =
  (inner: Check): Check =>
  (value, path, issues) => {
    if (!Array.isArray(value)) return isList(value, path, issues);
    for (const [at, it] of value.entries()) inner(it, [...path, at], issues);
  };
const isList = /* @__PURE__ */ check("a list", Array.isArray);
const isMembers = /* @__PURE__ */ check("an object", isObject);

/** Any members, whose values are of one kind. */
export const map =
  (inner: Check): Check =>
  (value, path, issues) => {
    if (!isObject(value)) return isMembers(value, path, issues);
    for (const [key, it] of Object.entries(value)) inner(it, [...path, key], issues);
  };

/** Members that must be there, and that may; `null` says the same as a missing one (N55). Others are left alone (N3). */
export function obj(required: Record<string, Check>, optional: Record<string, Check> = {}): Check {
  const it: Check = (value, path, issues) => {
    if (!isObject(value)) return isMembers(value, path, issues);
    for (const [key, inner] of Object.entries(required)) {
      if (value[key] === undefined) issues.push({ message: "is missing", path: [...path, key] });
      else inner(value[key], [...path, key], issues);
    }
    for (const [key, inner] of Object.entries(optional)) {
      if (value[key] !== undefined && value[key] !== null) inner(value[key], [...path, key], issues);
    }
  };
  it.required = required;
  return it;
}

/** What one of them takes; else what is wrong for the one that finds least. */
export const either =
  (...all: Check[]): Check =>
  (value, path, issues) => {
    const found = all.map((inner) => {
      const its: Issue[] = [];
      inner(value, path, its);
      return its;
    });
    issues.push(...found.reduce((least, its) => (its.length < least.length ? its : least)));
  };

/** A schema of what a check takes. */
export function schema<T>(inner: Check): Schema<T> {
  const safeParse = (value: unknown): SafeResult<T> => {
    const issues: Issue[] = [];
    inner(value, [], issues);
    return issues.length
      ? { success: false, error: new SchemaError(issues) }
      : { success: true, data: value as T };
  };
  return {
    safeParse,
    parse(value) {
      const result = safeParse(value);
      if (result.success) return result.data;
      throw result.error;
    },
    "~standard": {
      version: 1,
      vendor: "dormouse",
      validate(value) {
        const result = safeParse(value);
        return result.success ? { value: result.data } : { issues: result.error.issues };
      },
    },
  };
}
