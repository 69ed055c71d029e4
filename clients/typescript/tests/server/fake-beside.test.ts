// The fake server beside the real one: the same scripts, and what clients are told must be the same.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Native } from "../../../../tests/support/native.ts";
import { type Server, serve } from "../../../../tests/support/server.ts";
import { native } from "../../src/frames/schemas.ts";
import { FakeServer } from "../../src/testing/index.ts";
import { type Told, Wire } from "../testing/wire.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ MESSAGES_PER_MINUTE: "0", BROADCASTS_PER_MINUTE: "0", REPORT_INTERVAL_MS: "0" });
});
afterAll(() => server.stop());

/** What a script needs of a client, of whichever server. */
interface Client {
  readonly messages: Told[];
  ask(message: object): Promise<Told>;
  publish(event: string, data?: unknown, more?: object): Promise<Told>;
  send(message: object | string): void;
  /** All that was said before this is here. */
  settle(): Promise<void>;
  /** All of the log is here. */
  caughtUp(offset: number): Promise<void>;
}

type Query = Record<string, string>;
/** Opens a connection of a user: `service` may publish for one user. */
type Open = (user: string, query?: Query) => Promise<Client>;
type Script = (open: Open, kind: string) => Promise<Client[]>;

function onFake(kind: string): Open {
  const fake = new FakeServer();
  fake.setTokenValidator((user) => ({
    user,
    expiresAt: fake.clock.now() + 3_600_000,
    grants: ["join", "send", ...(user === "service" ? (["publish"] as const) : []), "history", "presence"],
  }));
  return async (user, query) => {
    const wire = await Wire.join(fake, `${kind}:room`, { token: user, ...query });
    return Object.assign(wire, {
      caughtUp: () => wire.settle(),
    }) as unknown as Client;
  };
}

function onReal(kind: string): Open {
  const name = server.room();
  return async (user, query) => {
    const claims = user === "service" ? { role: "service" } : {};
    const token = await server.token({ user, room: name, claims });
    const client = await Native.join(server.ws, `${kind}:${name}`, { token, ...query });
    let settled = 0;
    return Object.assign(client, {
      // Its own question is no part of the script.
      settle: async () => {
        settled += 1;
        const answer = await client.ask({ type: "query", query: "position", id: `settle-${settled}` });
        client.messages.splice(client.messages.indexOf(answer), 1);
      },
      caughtUp: (offset: number) => client.until(() => offset <= client.position, `the entry ${offset}`),
    }) as unknown as Client;
  };
}

/** Without what differs from run to run: times, ids, epochs, texts for people. */
function plain(it: unknown, epochs: string[]): unknown {
  if (Array.isArray(it)) return it.map((one) => plain(one, epochs));
  if (typeof it !== "object" || it === null) return it;
  const told = Object.entries(it).map(([key, value]) => {
    if (key === "epoch") {
      if (!epochs.includes(value)) epochs.push(value);
      return [key, `epoch ${epochs.indexOf(value)}`];
    }
    if (["at", "message", "session_id", "client_id", "server_time", "expires_at"].includes(key))
      return [key, "…"];
    if (key === "room") return [key, String(value).split(":")[0]];
    // What the fake server does not serve, and which limits are set for tests.
    if (key === "features" || key === "limits" || key === "grants") return [key, "…"];
    return [key, plain(value, epochs)];
  });
  return Object.fromEntries(told.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}

/** Answers have the ids that `ask` made up, in the order in which they were asked. */
function transcript({ messages }: Client, epochs: string[]): unknown[] {
  const ids: string[] = [];
  // Where the pages of a replay end is the server's own business (N30).
  const isInner = (at: number) => messages[at]?.type === "position" && messages[at + 1]?.type === "position";
  const named = messages.flatMap((it, at) => {
    if (isInner(at)) return [];
    if (it.id === undefined || it.id.startsWith("k-")) return [it];
    if (!ids.includes(it.id)) ids.push(it.id);
    return [{ ...it, id: ids.indexOf(it.id) }];
  });
  return plain(named, epochs) as unknown[];
}

async function run(script: Script, open: Open, kind: string): Promise<unknown[]> {
  const epochs: string[] = [];
  const clients = await script(open, kind);
  // What either says is as the schemas of the client say (B23).
  for (const message of clients.flatMap((it) => it.messages)) {
    const result = native.safeParse(message);
    expect(result.success ? [] : result.error.issues, JSON.stringify(message)).toEqual([]);
  }
  return clients.map((it) => transcript(it, epochs));
}

const command = (name: string, params: object = {}) => ({ type: "command", command: name, params });
const query = (name: string, params?: object) => ({ type: "query", query: name, params });

const SCRIPTS: Array<[string, string, Script]> = [
  [
    "[N16, N17, N22, N23] what is said, said again and told",
    "hub",
    async (open) => {
      const ann = await open("ann");
      const bob = await open("bob");
      await ann.publish("a", 1, { id: "k-1" });
      await ann.publish("b", { n: [1, 0.5, null] });
      await ann.publish("a", "another", { id: "k-1" });
      await bob.publish("c", undefined, { ephemeral: true });
      await bob.publish("d", 4, { echo: false });
      await bob.publish("blob", "AAH+/w", { encoding: "base64" });
      for (const it of [ann, bob]) await it.settle();
      return [ann, bob];
    },
  ],
  [
    "[N3, N9, N10, N15, N41] what is refused",
    "hub",
    async (open) => {
      const ann = await open("ann");
      for (const it of [
        { type: "dance" },
        { type: "publish" },
        { type: "publish", event: "a b" },
        { type: "publish", event: "a", room: "hub:other" },
        { type: "attach", room: "hub:other" },
        { type: "detach", room: "chat:x" },
        { type: "subscribe", events: [] },
        { type: "subscribe", events: ["**"] },
        { type: "history", limit: 0 },
        { type: "history", before: -1 },
        query("secrets"),
        command("dance"),
        { type: "publish", event: "edit", of: 99, data: 1 },
        { type: "attach", rewind: 1001 },
        { type: "publish", event: "a", to: "bob" },
        { type: "publish", event: "presence" },
        { type: "publish", event: "typing", data: { on: "yes" } },
        command("presence.update", { data: "x".repeat(1_023) }),
        command("set_state", { key: "a b", value: 1 }),
        command("kick", { user_id: "bob" }),
      ]) {
        await ann.ask(it);
      }
      return [ann];
    },
  ],
  [
    "[N11, N12, N13, N24] attachments from here and there",
    "hub",
    async (open) => {
      const ann = await open("ann", { present: "0" });
      for (let at = 1; at <= 20; at += 1) await ann.publish("n", at, { echo: at % 2 === 0 });
      const [{ epoch }] = ann.messages as [Told];
      const resumes = [
        `${epoch}:12`,
        `${epoch}:20`,
        `${epoch}:0`,
        `${epoch}:21`,
        "other:7",
        "other:0",
        "nonsense",
      ];
      for (const asked of [
        ...resumes.map((resume) => ({ resume })),
        { rewind: 5 },
        { rewind: "1000" },
        { rewind: "1h" },
        { resume: "other:7", rewind: 3 },
        { resume: `${epoch}:18`, rewind: 3 },
        { resume: `${epoch}:3`, events: ["m*"] },
        { resume: `${epoch}:3`, events: ["n"], present: false },
      ]) {
        await ann.ask({ type: "attach", ...asked });
        await ann.caughtUp(20);
      }
      await ann.ask({ type: "detach" });
      await ann.ask({ type: "history" });
      await ann.ask({ type: "ping" });
      await ann.ask({ type: "attach", resume: `${epoch}:19` });
      await ann.caughtUp(20);
      return [ann];
    },
  ],
  [
    "[N20, N21, N30] filters, live and told again",
    "hub",
    async (open) => {
      const ann = await open("ann", { events: "agent.*", present: "0" });
      const bob = await open("bob", { present: "0" });
      for (const name of ["agent.a", "other", "agents"]) await bob.publish(name);
      await ann.settle();
      await ann.ask({ type: "subscribe", events: ["other", "x"] });
      await ann.ask({ type: "unsubscribe", events: ["agent.*"] });
      await bob.publish("reply", 1, { of: 2 });
      await bob.publish("agent.a");
      await ann.settle();
      await ann.ask({ type: "unsubscribe", events: ["other", "x"] });
      await bob.publish("other");
      await ann.settle();
      await ann.ask(query("subscriptions"));
      await bob.ask({ type: "unsubscribe", events: ["x"] });
      for (let at = 7; at <= 300; at += 1) bob.send({ type: "publish", event: "many", data: at });
      await bob.settle();
      await ann.settle();
      const again = await open("cid", {
        events: "agent*",
        resume: `${bob.messages[0]?.epoch}:0`,
        present: "0",
      });
      await again.caughtUp(300);
      return [ann, again];
    },
  ],
  [
    "[N19, N27, N28] what is for one user",
    "hub",
    async (open) => {
      const all = await open("service", { present: "0" });
      const ann = await open("ann", { present: "0" });
      const bob = await open("bob", { present: "0" });
      await all.publish("a", 1);
      for (const at of [2, 3]) await all.publish("b", at, { to: "bob" });
      await ann.publish("d", 4);
      await ann.publish("e", 5, { echo: false });
      await all.publish("g", 6, { to: "bob" });
      await all.publish("h", 7);
      for (const it of [ann, bob, all]) await it.settle();
      const again = await open("ann", { resume: `${bob.messages[0]?.epoch}:0`, present: "0" });
      await again.caughtUp(7);
      await bob.ask({ type: "history" });
      await ann.ask({ type: "history" });
      return [ann, bob, all, again];
    },
  ],
  [
    "[N32, N33] pages, raw and folded",
    "chat",
    async (open) => {
      const ann = await open("ann", { present: "0" });
      const bob = await open("bob", { present: "0" });
      for (let at = 1; at <= 5; at += 1) await ann.publish("message", { content: `${at}` });
      await ann.publish("message", { text: 7 });
      await ann.publish("edit", { content: "2, edited" }, { of: 2 });
      await bob.publish("edit", { content: "no" }, { of: 2 });
      await bob.publish("reaction", { key: "👍" }, { of: 2 });
      await bob.publish("reaction", { key: "👍" }, { of: 2 });
      await ann.publish("reaction", { key: "👍", on: true }, { of: 2 });
      await bob.publish("reaction", { key: "👍", on: false }, { of: 2 });
      await bob.publish("message", { content: "an answer", messageType: "markdown" }, { of: 3 });
      await ann.publish("edit", { content: "3, edited" }, { of: 3 });
      await ann.publish("delete", undefined, { of: 3 });
      await ann.publish("delete", undefined, { of: 3 });
      await ann.publish("edit", { content: "x" }, { of: 6 });
      await bob.settle();
      const pages: object[] = [
        {},
        { limit: 2 },
        { before: 4, limit: 2 },
        { after: 0, limit: 3 },
        { after: 2, limit: 3, reverse: true },
        { raw: true },
        { raw: true, after: 5, limit: 2 },
        { of: 3 },
        { before: 1_000_000_000_000 },
        { after: 1_000_000_000_000, limit: 1 },
        { before: 1 },
      ];
      for (const page of pages) await bob.ask({ type: "history", ...page });
      const again = await open("cid", { rewind: "1000", present: "0" });
      await again.caughtUp(12);
      return [ann, bob, again];
    },
  ],
  [
    "[N34, N35, N37] who is here",
    "hub",
    async (open) => {
      const ann = await open("ann");
      const bob = await open("bob");
      const other = await open("bob");
      await other.ask(command("presence.enter", { data: { status: "busy" } }));
      await bob.ask(command("presence.update", { data: [1] }));
      await ann.settle();
      await ann.ask({ type: "presence" });
      await ann.ask({ type: "presence", limit: 1 });
      await ann.ask({ type: "presence", cursor: "ann" });
      await other.ask(command("presence.leave"));
      await ann.settle();
      await other.ask(command("presence.update", { data: 1 }));
      await other.ask(command("presence.leave"));
      await other.ask(command("presence.enter"));
      await ann.settle();
      await ann.ask({ type: "presence" });
      await bob.ask({ type: "attach", present: false });
      await ann.settle();
      await bob.settle();
      await other.settle();
      await ann.ask(query("presence"));
      return [ann, bob, other];
    },
  ],
  [
    "[N36, N58, N61] typing, read markers and the state",
    "chat",
    async (open) => {
      const ann = await open("ann", { present: "0" });
      const bob = await open("bob", { present: "0" });
      await ann.publish("message", { content: "1" });
      for (const on of [true, true, false, false, true]) await bob.publish("typing", { on });
      await bob.ask(command("read", { offset: 1 }));
      await bob.ask(command("read", { offset: 9 }));
      await ann.ask(query("reads"));
      const set = (value: unknown, if_version?: number) =>
        command("set_state", { key: "a.b", value, if_version });
      await ann.ask({ ...set({ n: 1 }, 0), id: "k-1" });
      await ann.ask({ ...set({ n: 1 }, 0), id: "k-1" });
      await bob.ask(set(2, 0));
      await bob.ask(set(2, 2));
      await bob.ask(query("state", { keys: ["a.*"] }));
      await bob.ask(query("state", { keys: ["b"] }));
      await bob.ask(query("state", { keys: [] }));
      await ann.ask(set(null));
      await bob.settle();
      await bob.ask(query("state"));
      await ann.settle();
      return [ann, bob];
    },
  ],
];

test.concurrent.each(SCRIPTS)(
  "%s: the fake server in a %s room tells the same as the real one",
  async (_, kind, script) => {
    const fake = await run(script, onFake(kind), kind);
    const real = await run(script, onReal(kind), kind);
    expect(fake.length).toBe(real.length);
    for (const [at, told] of real.entries()) {
      expect((told as unknown[]).length).toBeGreaterThan(3);
      expect(fake[at]).toEqual(told);
    }
  },
);
