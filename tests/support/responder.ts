// A backend that answers in conversations: a real HTTP server, which trusts nobody.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { eventually } from "./client.ts";
import type { Variables } from "./server.ts";

export const BACKEND_SECRET = "a secret of the backend, 32 bytes or more";

/** What it was asked, as documented. */
export type Question = {
  conversationId: string;
  messageId: string;
  userId: string;
  username: string;
  clientId: string;
  content: string;
  timestamp: string;
};

export type Asked = { question: Question; headers: IncomingMessage["headers"]; method?: string };

/** What it does when it is asked something. `nth` counts how often, from 1. */
export type Manner = (question: Question, response: ServerResponse, nth: number) => void;

export const reply = (response: ServerResponse, status: number, body: string, type = "application/json") =>
  response.writeHead(status, { "Content-Type": type }).end(body);

export const answers: Manner = ({ content }, response) =>
  reply(response, 200, JSON.stringify({ content: `You said: ${content}` }));

export class Responder {
  readonly asked: Asked[] = [];
  /** Requests that were not ours: a test is wrong, or the signature is. */
  readonly forged: string[] = [];
  manner: Manner = answers;
  #server = createServer((request, response) => this.#receive(request, response));

  static async start(manner: Manner = answers): Promise<Responder> {
    const responder = new Responder();
    responder.manner = manner;
    await new Promise<void>((resolve) => responder.#server.listen(0, "127.0.0.1", resolve));
    return responder;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/answer?v=1`;
  }

  /** The variables with which a server asks here. */
  get variables(): Variables {
    return {
      CONVERSATION_RESPONDER: "http",
      CONVERSATION_URL: this.url,
      CONVERSATION_SECRET: BACKEND_SECRET,
      CONVERSATION_RETRY_MS: "20",
    };
  }

  /** How often it was asked this. */
  times(messageId: string): number {
    return this.asked.filter((it) => it.question.messageId === messageId).length;
  }

  async until(messageId: string, times = 1): Promise<void> {
    await eventually(
      () => times <= this.times(messageId),
      () => `question ${times} about ${messageId}`,
    );
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const fault = this.#fault(request, body);
    if (fault) {
      this.forged.push(fault);
      reply(response, 401, "{}");
      return;
    }
    const question = JSON.parse(body) as Question;
    this.asked.push({ question, headers: request.headers, method: request.method });
    this.manner(question, response, this.times(question.messageId));
  }

  /** As docs/OPERATIONS.md says how to. */
  #fault({ headers }: IncomingMessage, body: string): string | undefined {
    const timestamp = String(headers["x-dormouse-timestamp"]);
    if (300 < Math.abs(Date.now() / 1000 - Number(timestamp))) return `of another time: ${timestamp}`;
    const signature = createHmac("sha256", BACKEND_SECRET).update(`${timestamp}.${body}`).digest("hex");
    const [expected, shown] = [`sha256=${signature}`, String(headers["x-dormouse-signature"])].map((it) =>
      Buffer.from(it),
    ) as [Buffer, Buffer];
    const fits = expected.length === shown.length && timingSafeEqual(expected, shown);
    return fits ? undefined : `signed ${shown}`;
  }
}
