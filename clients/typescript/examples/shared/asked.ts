// What the address says: which server, which room, and who one is.
const asked = new URLSearchParams(location.hash.slice(1));

export const server = asked.get("server") ?? "http://localhost:8787";
/** On a server for development, `test` is good for everything. */
export const token = asked.get("token") ?? "test";
export const room = (fallback: string) => asked.get("room") ?? fallback;
