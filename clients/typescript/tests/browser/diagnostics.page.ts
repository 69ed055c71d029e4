// A page with a room, and the panel of its connection.
import { diagnostics } from "../../src/diagnostics/index.ts";
import { Dormouse } from "../../src/index.ts";

const asked = new URLSearchParams(location.search);
const client = new Dormouse({ url: asked.get("url") ?? "", token: asked.get("token") });
const room = client.room("chat:panel");
diagnostics(room);
Object.assign(globalThis, { room });
document.body.append(Object.assign(document.createElement("button"), { textContent: "Of the page" }));
