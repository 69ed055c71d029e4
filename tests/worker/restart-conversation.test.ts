// An operator kills the process while backends are asked: after it is back, every message
// gets its response, and only one.
import { afterAll, expect, test } from "vitest";
import { Client, eventually, type Frame } from "../support/client.ts";
import { ask, connect, history } from "../support/conversation.ts";
import { answers, Responder } from "../support/responder.ts";
import { Workerd } from "../support/workerd.ts";

const ROUNDS = 2;
const CONVERSATIONS = 3;
const MESSAGES = 6;

const responder = await Responder.start();
const server = new Workerd();
const VARIABLES = {
  ...responder.variables,
  MESSAGES_PER_MINUTE: "0",
  CONVERSATION_TIMEOUT_MS: "15000",
};
afterAll(async () => {
  await server.stop();
  await responder.stop();
});

const open = (query: Record<string, string> = {}) =>
  Client.open(`${server.url}/ws/conversation?${new URLSearchParams({ token: "test", ...query })}`);

/** The messages of a conversation that have a response in the log. */
async function answered(conversationId: string): Promise<string[]> {
  const url = `${server.origin}/api/v1/rooms/conversation/${conversationId}/events?limit=200`;
  const { events } = await (await fetch(url, { headers: { Authorization: "Bearer test" } })).json();
  return events.filter((it: Frame) => it.type === "response").map((it: Frame) => it.data.messageId);
}

const said = ({ messages }: Frame, role: string): string[] =>
  messages.filter((it: Frame) => it.role === role).map((it: Frame) => it.messageId);

test("[Q10] killed while the backend is asked, the server comes back and every message is answered once", async () => {
  const conversations: Frame[] = [];
  const stored = new Map<string, Set<string>>();
  for (let round = 0; round < ROUNDS; round++) {
    // Asked, and never answered.
    responder.manner = () => {};
    const before = responder.asked.length;
    await server.start(VARIABLES);
    for (let i = 0; i < CONVERSATIONS; i++) {
      const client = await open(conversations[i] && resume(conversations[i] as Frame));
      const confirm = await connect(client);
      conversations[i] = confirm;
      for (let n = 0; n < MESSAGES; n++) ask(client, `r${round}-${n}`, `content ${n}`);
      const ids = stored.get(confirm.conversationId) ?? new Set();
      stored.set(confirm.conversationId, ids);
      // What history shows is durable.
      for (const id of said(await history(client, { limit: 200 }), "user")) ids.add(id);
    }
    await eventually(
      () => before + 4 * CONVERSATIONS <= responder.asked.length,
      () => "calls under way in every conversation",
    );
    await server.kill();
  }
  responder.manner = answers;
  const before = responder.asked.length;
  await server.start(VARIABLES);
  // Nobody comes back yet: the rooms' alarms alone have all that was pending asked again.
  const asked = () => responder.asked.slice(before).map((it) => key(it.question));
  const expected = [...stored].flatMap(([conversationId, ids]) =>
    [...ids].map((messageId) => key({ conversationId, messageId })),
  );
  await expect
    .poll(() => [...new Set(asked())].sort(), { timeout: 60_000, interval: 100 })
    .toEqual(expected.sort());
  for (const confirm of conversations) {
    const ids = [...(stored.get(confirm.conversationId) ?? [])].sort();
    expect(ids).toHaveLength(ROUNDS * MESSAGES);
    const responses = async () => [...(await answered(confirm.conversationId))].sort();
    await expect.poll(responses, { timeout: 30_000, interval: 100 }).toEqual(ids);
    // As a client does that does not know: sent again, it is the same response.
    const client = await open(resume(confirm));
    await connect(client);
    for (const id of ids) ask(client, id, "content of a resend");
    const told = () => client.frames.slice(1);
    await client.until(() => told().length === ids.length, "the responses to the resends");
    expect(told().map((it) => it.messageId)).toEqual(ids);
    for (const it of told()) expect(it.content).toMatch(/^You said: content \d$/);
    expect(await responses(), "no second response").toEqual(ids);
  }
  expect(responder.forged).toEqual([]);
}, 120_000);

const key = (it: { conversationId: string; messageId: string }) => `${it.conversationId}/${it.messageId}`;

const resume = ({ conversationId, resumeToken }: Frame) => ({ conversationId, resumeToken });
