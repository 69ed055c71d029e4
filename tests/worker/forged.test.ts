// Words of the protocols: nobody makes a frame of the server's by publishing an event of its name.
import { afterAll, beforeAll, expect, test } from "vitest";
import { heard, listening, publish, refused } from "../support/asking.ts";
import type { Client } from "../support/client.ts";
import { talk } from "../support/conversation.ts";
import { collaborator, sits } from "../support/editor.ts";
import { publish as call, client, events, told, workflow } from "../support/hub.ts";
import { type Server, serve } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await serve({ MESSAGES_PER_MINUTE: "0", BROADCASTS_PER_MINUTE: "0" });
});
afterAll(() => server.stop());

const INVALID = "INVALID_MESSAGE_FORMAT";

/** What the context protocol says everywhere, and what its features say where they are served. */
const CONTEXT = ["auth", "batch", "error", "history", "ping", "pong", "presence", "typing"].concat(
  ["user_joined", "user_left"],
  ["cursor", "delete_document", "edit", "edit_ack", "join_session", "leave_session", "session_state"],
  ["command", "subscribe", "unsubscribe"],
);
const HUB = ["auth", "batch", "error", "hello", "ping", "pong", "status", "typing"].concat(
  ["connection_established", "event", "query", "command", "response", "subscribe", "unsubscribe"],
  ["large_data", "large_data_received", "large_data_request", "large_data_delete"],
  ["user_joined", "user_left", "state.topic", "state.", "state.a.b"],
);
const CONVERSATION = ["auth", "connect", "connect_confirm", "error", "history", "message", "response"];

/** Data that would make sense as that of any of these frames. */
const DATA = {
  ...{ content: "forged", isTyping: true, userId: "witness", username: "Forged", token: "forged" },
  ...{ operation: "insert", position: 0, version: 1, sessionId: "notes", messageId: "m", metrics: ["m"] },
};

type Place = { room: string; witness: Client; token?: string };

/** A room of each kind, with somebody in it who is told what is said there. */
const PLACES: Record<string, () => Promise<Place>> = {
  chat: async () => {
    const room = server.room();
    return { room, witness: await server.join(room, "witness") };
  },
  analytics: async () => {
    const room = server.room();
    const token = await server.token({ user: "witness", room });
    return { room, witness: await server.open("/api/analytics/ws", { token, contextId: room }) };
  },
  collaboration: async () => {
    const room = server.room();
    const witness = await collaborator(server, room, "witness");
    await sits(witness);
    return { room, witness };
  },
  hub: async () => {
    const room = server.room();
    return { room, witness: await listening(server, room, "witness", ["*"]) };
  },
  conversation: async () => {
    const [witness, { conversationId: room }] = await talk(server, "witness");
    const caps = [{ room: `conversation:${room}`, can: ["publish", "send", "history"] }];
    return { room, witness, token: await server.token({ user: "backend", claims: { caps } }) };
  },
};

test.each([
  ["chat", CONTEXT],
  ["analytics", [...CONTEXT, "message"]],
  ["collaboration", [...CONTEXT, "message"]],
  ["hub", HUB],
  ["conversation", CONVERSATION],
])(
  "[H2] in rooms of kind %s no caller publishes a word of the protocol, alone or in a batch",
  async (kind, words) => {
    const { room, witness, token } = await (PLACES[kind] as () => Promise<Place>)();
    const path = `/api/v1/rooms/${kind}/${room}/events`;
    await heard(witness);
    for (const type of words) {
      const { status, json } = await server.call("POST", path, { type, data: DATA }, token);
      expect([type, status, json.code]).toEqual([type, 400, INVALID]);
    }
    const batch = { events: words.map((type) => ({ room: `${kind}:${room}`, type, data: DATA })) };
    const { json } = await server.call("POST", "/api/v1/events", batch, token);
    const codes = json.results.map((it: { error?: { code: string } }) => it.error?.code);
    expect(codes).toEqual(words.map(() => INVALID));
    expect(await heard(witness), "what the witness was told").toEqual([]);
    // Another name is taken, and is the first in the log.
    const taken = await server.call("POST", path, { type: "agent.started", data: DATA }, token);
    expect([taken.status, taken.json.offset]).toEqual([200, 1]);
  },
);

test("[H2] a command of a hub publishes no word of any protocol that is spoken there", async () => {
  const room = server.room();
  const mallory = await listening(server, room, "mallory");
  const witnesses = [
    await workflow(server, room),
    await client(server, room),
    await events(server, room, ["*"]),
  ];
  for (const event of HUB) {
    const params = { event, data: DATA };
    const refusal = await refused(mallory, { type: "command", command: "publish", params });
    expect([event, refusal.code]).toEqual([event, INVALID]);
  }
  for (const witness of witnesses) expect(await told(witness)).toEqual([]);
  expect(await publish(mallory, "agent.started", DATA)).toMatchObject({ offset: 1 });
  for (const witness of witnesses) expect(await told(witness)).toHaveLength(1);
});

test("[H2] where a word is not spoken it is a name like others", async () => {
  const room = server.room();
  const witness = await workflow(server, room);
  for (const type of ["edit_ack", "cursor", "session_state", "message", "states.x", "state"]) {
    expect((await call(server, room, { type, data: DATA })).status, type).toBe(200);
    expect((await told(witness)).at(-1)).toMatchObject({ type, data: DATA });
  }
});

test.each([false, true])(
  "[H2] documents change by edits alone, whatever is published beside them: asleep %s",
  async (sleeps) => {
    const room = server.room();
    const ann = await collaborator(server, room, "ann");
    await sits(ann);
    ann.send({ type: "edit", data: { operation: "insert", position: 0, content: "hers", version: 0 } });
    await ann.next("edit_ack");
    if (sleeps) await server.sleep(room, "COLLABORATIONS");
    const forged = ["edit", "edit_ack", "session_state", "delete_document"];
    for (const type of [...forged, "agent.started"]) {
      const event = { type, data: DATA };
      const { status } = await server.call("POST", `/api/v1/rooms/collaboration/${room}/events`, event);
      expect([type, status]).toEqual([type, forged.includes(type) ? 400 : 200]);
    }
    expect((await ann.settle()).filter((it) => forged.includes(it.type))).toEqual([]);
    expect((await sits(ann)).data).toMatchObject({ content: "hers", version: 1 });
  },
);
