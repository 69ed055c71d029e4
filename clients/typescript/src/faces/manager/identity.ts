// What the client calls itself: the same after a reload, where there is a storage.

const KEY = "ws_client_id";

/** A storage that is denied or full is none. */
export function storedClientId(storage: Pick<Storage, "getItem" | "setItem"> | null | undefined): string {
  // Pages without https have no `randomUUID`.
  let id: string = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
  try {
    const own = storage === undefined ? globalThis.localStorage : storage;
    id = own?.getItem(KEY) || id;
    own?.setItem(KEY, id);
  } catch {}
  return id;
}
