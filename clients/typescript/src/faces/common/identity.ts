// What a client calls itself.

const KEY = "ws_client_id";

/** A UUID, where the page has https; else no less unlikely. */
export const newClientId = (): string => crypto.randomUUID?.() ?? String(Math.random()).slice(2);

/** The same after a reload. A storage that is denied or full is none. */
export function storedClientId(storage: Pick<Storage, "getItem" | "setItem"> | null | undefined): string {
  let id = newClientId();
  try {
    const own = storage === undefined ? globalThis.localStorage : storage;
    id = own?.getItem(KEY) || id;
    own?.setItem(KEY, id);
  } catch {}
  return id;
}
