// Who is measured: how each is started and reached, and what it cannot do.
import { createHmac, randomBytes } from "node:crypto";
import { objects } from "../../scripts/workerd.mjs";
import { bundleDormouse, bundleOther, bundlePeer } from "./bundle.mjs";
import { LOAD, PEERS } from "./paths.mjs";
import { serve } from "./processes.mjs";
import { serveWorker } from "./workerd.mjs";

const secret = randomBytes(32).toString("base64url");

/** How many users connect at once where it is about connecting. */
export const CLIENTS = 16;

/** No limit and nothing deleted: no peer has either. */
const DORMOUSE = {
  ENVIRONMENT: "development",
  JWT_SECRET: secret,
  WS_MAX_CONNECTIONS: "0",
  MAX_CONNECTIONS_PER_USER: "0",
  CONNECTIONS_PER_MINUTE_PER_IP: "0",
  MESSAGES_PER_MINUTE: "0",
  HTTP_CALLS_PER_MINUTE: "0",
  HTTP_PUBLISHES_PER_MINUTE: "0",
  BROADCASTS_PER_MINUTE: "0",
  INACTIVITY_TIMEOUT_MS: "0",
  HISTORY_MAX_ENTRIES: "0",
};

/** A token that every build checks. */
export function token(claims) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const expires = Math.floor(Date.now() / 1000) + 3600;
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ ...claims, exp: expires })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

const room = (port) => `ws://127.0.0.1:${port}/room/{room}`;

const worker = (name, path = room) => ({
  name,
  url: path,
  prepare: () => bundlePeer(name),
  start: (modules, storage) => serveWorker({ name, modules, objects: { Room: "Room" } }, storage),
});

const node = (name, path = room) => ({
  name,
  url: path,
  start: (_, storage) => {
    const args = ["--disable-warning=ExperimentalWarning", `${PEERS}${name}.mjs`, `${storage}/rooms.sqlite`];
    return serve(name, process.execPath, args, { portOf: Number, env: { NODE_ENV: "production" } });
  },
  lacks: ["sleep"],
});

const dormouse = (name, prepare) => ({
  name,
  batches: true,
  url: (port) => `ws://127.0.0.1:${port}/api/chat/ws?token=test&contextId=room{room}`,
  /** A token that has to be checked, and a user, for each of the clients. */
  userUrls: (port) =>
    Array.from({ length: CLIENTS }, (_, user) => {
      const jwt = token({ sub: `user${user}`, name: `User ${user}`, contexts: "*" });
      return `ws://127.0.0.1:${port}/api/chat/ws?token=${jwt}&contextId=room{room}`;
    }),
  prepare,
  start: (modules, storage, more) => {
    const variables = { ...DORMOUSE, ...more };
    return serveWorker({ name, modules, objects: objects(), variables }, storage);
  },
});

/** Another build of Dormouse, measured beside this one. */
export const before = (folder) => dormouse("before", () => bundleOther(folder, "before"));

/** No peer, but what the platform does of itself: for tests of the protocol below ours. */
export const bare = worker("echo");

export const peers = [
  { ...worker("raw"), lacks: ["history"] },
  worker("handwritten"),
  worker("partyserver", (port) => `ws://127.0.0.1:${port}/parties/room/{room}`),
  dormouse("dormouse", bundleDormouse),
  node("node-ws"),
  {
    ...node("socketio", (port) => `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket&room={room}`),
    framing: "socketio",
  },
  {
    name: "tokio",
    url: room,
    start: () => serve("tokio", LOAD, ["serve"], { portOf: Number }),
    lacks: ["sleep", "history", "json"],
  },
];
