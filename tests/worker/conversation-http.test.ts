// Conversations with a backend over HTTP: what it is asked, and what becomes of every
// way in which it can fail (D10, D11, D23).
import parse from "parse-prometheus-text-format";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { RFC_3339 } from "../support/asking.ts";
import { answer, ask, back, dial, heard, history, talk, unanswered } from "../support/conversation.ts";
import { answers, type Manner, Responder, reply } from "../support/responder.ts";
import { type Server, serve } from "../support/server.ts";

let responder: Responder;
let server: Server;
/** The same, with little time for the responder. */
let hasty: Server;
beforeAll(async () => {
  responder = await Responder.start();
  const variables = { ...responder.variables, MESSAGES_PER_MINUTE: "0" };
  server = await serve(variables);
  hasty = await serve({ ...variables, CONVERSATION_TIMEOUT_MS: "2000" });
});
afterAll(async () => {
  await server.stop();
  await hasty.stop();
  await responder.stop();
});
beforeEach(() => {
  responder.manner = answers;
});

/** Shows that the responder works, which ends a row of failures: five conversations in a row would open the breaker. */
async function isWell(): Promise<void> {
  responder.manner = answers;
  const [client] = await talk(server, "well");
  ask(client, "well", "still?");
  expect(await answer(client, "well")).toBe("You said: still?");
}

test("[D10, D11] the backend is asked as documented, signed, and its answer is the response", async () => {
  const client = await server.open("/ws/conversation", { token: await server.token({ name: "Ann Ä" }) });
  client.send({ type: "connect", clientId: "c-1", timestamp: "", version: "1" });
  const { conversationId } = await client.next("connect_confirm");
  ask(client, "id/with ä\r\n", "Grüße 😀");
  expect(await answer(client, "id/with ä\r\n")).toBe("You said: Grüße 😀");
  const { question, headers, method } = responder.asked.at(-1) ?? {};
  expect(method).toBe("POST");
  expect(question).toEqual({
    conversationId,
    messageId: "id/with ä\r\n",
    userId: "ann",
    username: "Ann Ä",
    clientId: "c-1",
    content: "Grüße 😀",
    timestamp: expect.stringMatching(RFC_3339),
  });
  expect(headers).toMatchObject({
    "content-type": "application/json",
    "idempotency-key": `${conversationId}/id%2Fwith%20%C3%A4%0D%0A`,
  });
  expect(responder.forged).toEqual([]);
});

test("[Q9] a message that is still unanswered is not asked again; one that was answered is told again", async () => {
  let release = () => {};
  responder.manner = (question, response, nth) => {
    release = () => answers(question, response, nth);
  };
  const [client, confirm] = await talk(server);
  ask(client, "m1", "slow");
  await responder.until("m1");
  const times = responder.times("m1");
  ask(client, "m1", "slow");
  expect(await heard(client)).toEqual([]);
  const [other] = await talk(server, "ann", back(confirm));
  release();
  for (const it of [client, other]) expect(await answer(it, "m1")).toBe("You said: slow");
  ask(client, "m1", "slow");
  expect(await answer(client, "m1")).toBe("You said: slow");
  expect(await heard(other)).toEqual([]);
  expect(responder.times("m1")).toBe(times);
});

test("[D23] an answer of 500 is asked for again, with the same key, and then it is the response", async () => {
  responder.manner = (question, response, nth) =>
    nth === 1 ? reply(response, 500, "oops") : answers(question, response, nth);
  const [client, { conversationId }] = await talk(server);
  ask(client, "twice", "hello");
  expect(await answer(client, "twice")).toBe("You said: hello");
  const keys = responder.asked
    .filter((it) => it.question.messageId === "twice")
    .map((it) => it.headers["idempotency-key"]);
  expect(keys).toEqual([`${conversationId}/twice`, `${conversationId}/twice`]);
});

test("[D12, D23, Q12] one that is never well is asked four times; the client is told, and may ask again", async () => {
  responder.manner = (_, response) => reply(response, 503, "never");
  const [client] = await talk(server);
  ask(client, "never", "hello");
  const error = await unanswered(client, "never");
  expect(error).toMatchObject({
    type: "error",
    error: expect.any(String),
    timestamp: expect.stringMatching(RFC_3339),
  });
  expect(responder.times("never")).toBe(4);
  await isWell();
  ask(client, "never", "hello");
  expect(await answer(client, "never")).toBe("You said: hello");
  const { messages } = await history(client);
  expect(
    messages.map((it: { role: string }) => it.role),
    "asked once, for all that",
  ).toEqual(["user", "assistant"]);
});

test("[D23, Q13] one that hangs is given up after its time, and asked again", async () => {
  responder.manner = (question, response, nth) => {
    if (1 < nth) answers(question, response, nth);
  };
  const [client] = await talk(hasty);
  ask(client, "hangs", "hello");
  expect(await answer(client, "hangs")).toBe("You said: hello");
  expect(responder.times("hangs")).toBe(2);
});

test("[D23] one that begins its answer and never ends it has not answered", async () => {
  responder.manner = (question, response, nth) => {
    if (1 < nth) return answers(question, response, nth);
    response.writeHead(200, { "Content-Type": "application/json" }).write('{"content":"half');
  };
  const [client] = await talk(hasty);
  ask(client, "half", "hello");
  expect(await answer(client, "half")).toBe("You said: hello");
});

test("one that promises more than it sends, or hangs up, is asked again", async () => {
  responder.manner = (question, response, nth) => {
    if (nth === 1) return void response.socket?.destroy();
    if (nth === 2) {
      response
        .writeHead(200, { "Content-Length": "1000" })
        .write('{"content":"short"}', () => response.socket?.end());
      return;
    }
    answers(question, response, nth);
  };
  const [client] = await talk(hasty);
  ask(client, "liar", "hello");
  expect(await answer(client, "liar")).toBe("You said: hello");
  expect(responder.times("liar")).toBe(3);
});

const raw =
  (text: string): Manner =>
  (_, response) => {
    response.socket?.end(text);
  };
const USELESS: [string, Manner][] = [
  ["less promised than sent", raw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"content":"long"}')],
  ["HTML", (_, response) => reply(response, 200, "<!doctype html><h1>Welcome", "text/html")],
  ["JSON without content", (_, response) => reply(response, 200, '{"text":"hi"}')],
  ["content that is no text", (_, response) => reply(response, 200, '{"content":{"a":1}}')],
  ["a list", (_, response) => reply(response, 200, '["hi"]')],
  ["nothing", (_, response) => reply(response, 204, "")],
  ["no UTF-8", (_, response) => void response.writeHead(200).end(Buffer.from([123, 255, 254, 125]))],
  ["a bad request", (_, response) => reply(response, 400, '{"content":"no"}')],
  ["nothing there", (_, response) => reply(response, 404, '{"content":"no"}')],
  [
    "more than a message may say",
    (_, response) => reply(response, 200, JSON.stringify({ content: "x".repeat((1 << 20) - 8191) })),
  ],
  [
    "more than 1 MiB",
    (_, response) => reply(response, 200, JSON.stringify({ content: "x".repeat(10 << 20) })),
  ],
];
test.each(USELESS)("[Q12] %s is no answer: refused at once, not asked again", async (title, manner) => {
  responder.manner = manner;
  const [client] = await talk(server);
  const id = `useless ${title}`;
  ask(client, id, "hello");
  const error = await unanswered(client, id);
  expect(error.error).not.toMatch(/html|JSON|\d{3}/);
  expect(responder.times(id)).toBe(1);
  // Asking again asks again.
  responder.manner = answers;
  ask(client, id, "hello");
  expect(await answer(client, id)).toBe("You said: hello");
});

test("a redirect is not followed", async () => {
  const elsewhere = await Responder.start();
  responder.manner = (_, response) => void response.writeHead(307, { Location: elsewhere.url }).end();
  const [client] = await talk(server);
  ask(client, "redirected", "hello");
  await unanswered(client, "redirected");
  expect(elsewhere.asked.length + elsewhere.forged.length).toBe(0);
  await elsewhere.stop();
});

test("[L22] an answer as long as a message may be is one", async () => {
  const content = "x".repeat((1 << 20) - 8 * 1024);
  responder.manner = (_, response) => reply(response, 200, JSON.stringify({ content }));
  const [client] = await talk(server);
  ask(client, "large", "hello");
  expect(await answer(client, "large")).toBe(content);
});

test("[Q10] a message is answered even if its room is evicted while the backend is asked", async () => {
  responder.manner = (question, response, nth) => {
    if (1 < nth) answers(question, response, nth);
  };
  const [client, { conversationId }] = await talk(hasty);
  ask(client, "evicted", "hello");
  await responder.until("evicted");
  await hasty.sleep(conversationId, "CONVERSATIONS");
  expect(await answer(client, "evicted")).toBe("You said: hello");
  ask(client, "evicted", "hello");
  expect(await answer(client, "evicted"), "the one response").toBe("You said: hello");
});

test("[Q10] a response that comes while nobody is connected is there for whoever comes back", async () => {
  let release = () => {};
  responder.manner = (question, response, nth) => {
    release = () => answers(question, response, nth);
  };
  const [client, confirm] = await talk(server);
  ask(client, "alone", "hello");
  await responder.until("alone");
  await client.leave();
  release();
  const [again] = await talk(server, "ann", back(confirm));
  await expect.poll(async () => (await history(again)).messages.length).toBe(2);
  ask(again, "alone", "hello");
  expect(again.frames.filter((it) => it.type === "response").length).toBeLessThan(2);
  await again.upTo("response");
});

test("[D27, Q12] at most sixteen messages of a conversation wait", async () => {
  const held: (() => void)[] = [];
  responder.manner = (question, response, nth) => void held.push(() => answers(question, response, nth));
  const [client] = await talk(server);
  for (let i = 0; i < 17; i++) ask(client, `w${i}`, "hello");
  const error = await unanswered(client, "w16");
  expect(error.retry_after).toBeGreaterThan(0);
  responder.manner = answers;
  for (const release of held.splice(0)) release();
  const responses = () => client.frames.filter((it) => it.type === "response");
  await client.until(() => responses().length === 16, "sixteen responses");
  expect(new Set(responses().map((it) => it.messageId)).size).toBe(16);
});

test("[D28] what the backend says when it fails reaches no client, and no content the log", async () => {
  responder.manner = (_, response) => reply(response, 400, "secret: hunter2");
  const [client] = await talk(server);
  ask(client, "private", "words that are nobody's business");
  await unanswered(client, "private");
  expect(JSON.stringify(client.frames)).not.toContain("hunter2");
  for (const secret of ["hunter2", "nobody's business", "a secret of the backend"]) {
    expect(server.logs()).not.toContain(secret);
  }
  expect(server.logs(), "but that it failed, and how").toContain("it answered 400");
});

test("the handshake and history work while nothing answers", async () => {
  responder.manner = () => {};
  const client = await dial(hasty);
  client.send({ type: "connect", clientId: "c-1", timestamp: "", version: "1" });
  await client.next("connect_confirm");
  ask(client, "m", "anybody?");
  expect((await history(client)).messages).toMatchObject([{ role: "user", content: "anybody?" }]);
  responder.manner = answers;
  await answer(client, "m");
});

/** How the breaker stands that operators see: "0" closed, "2" open. */
async function breaker(): Promise<string | undefined> {
  const { text } = await server.call("GET", "/metrics");
  const states = parse(text).find((it) => it.name === "dormouse_breaker_state")?.metrics ?? [];
  return states.find((it) => it.labels?.breaker === "outbound")?.value;
}

const failsAtPoison: Manner = (question, response, nth) =>
  question.content === "poison" ? reply(response, 500, "") : answers(question, response, nth);

test("[A29, Q15] two messages that make the responder fail hold back their own conversation, and no other", async () => {
  await isWell();
  responder.manner = failsAtPoison;
  const [client] = await talk(server);
  ask(client, "f1", "poison");
  expect((await unanswered(client, "f1")).retry_after).toBeUndefined();
  ask(client, "f2", "poison");
  expect((await unanswered(client, "f2")).retry_after, "held back").toBeGreaterThan(0);
  const times = responder.asked.length;
  ask(client, "f3", "hello");
  expect((await unanswered(client, "f3")).retry_after).toBeGreaterThan(0);
  expect(responder.asked.length, "it is not asked on this conversation's behalf").toBe(times);
  for (const user of ["ann", "bob"]) {
    const [other] = await talk(server, user);
    ask(other, "m", "hello");
    expect(await answer(other, "m")).toBe("You said: hello");
  }
  expect(await breaker()).toBe("0");
});

test("[Q15] conversations of one user, however many, do not close the responder to others", async () => {
  await isWell();
  responder.manner = failsAtPoison;
  const clients = await Promise.all(Array.from({ length: 6 }, () => talk(server)));
  await Promise.all(
    clients.map(async ([client]) => {
      ask(client, "f", "poison");
      await unanswered(client, "f");
    }),
  );
  expect(await breaker()).toBe("0");
  const [other] = await talk(server, "bob");
  ask(other, "m", "hello");
  expect(await answer(other, "m")).toBe("You said: hello");
});

test("[A29, Q15] a responder that fails in five conversations is left alone, and asked again when its time is up", {
  timeout: 90_000,
}, async () => {
  await isWell();
  responder.manner = (_, response) => reply(response, 500, "");
  const users = ["u1", "u2", "u3", "u4", "u5"];
  for (const user of users) {
    const [client] = await talk(server, user);
    ask(client, "f", "hello");
    await unanswered(client, "f");
  }
  const [client] = await talk(server);
  const times = responder.asked.length;
  ask(client, "f", "hello");
  expect((await unanswered(client, "f")).retry_after, "and when").toBeGreaterThan(0);
  expect(responder.asked.length, "nobody is asked any more").toBe(times);
  expect(await breaker()).toBe("2");
  responder.manner = answers;
  const asksAgain = async () => {
    ask(client, "f", "hello");
    await client.until(() => client.frames.at(-1)?.messageId === "f", "any answer");
    const last = client.frames.at(-1);
    client.frames.length = client.frames.length - 1;
    return last?.content;
  };
  await expect.poll(asksAgain, { timeout: 60_000, interval: 500 }).toBe("You said: hello");
  expect(await breaker()).toBe("0");
});
