// The services that a server calls: one that is told what happens, one that answers in conversations.
// Both fail now and then, before they have done their part and after.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Deliveries } from "./history.ts";

export const SECRET = "a secret of the services of a chaos run";

/** How often a call fails, and how: with a status, or with a connection that ends after it was done. */
const FAILS = { status: 0.03, cut: 0.03 };

type Told = { events: { id: string; room: string; offset?: number }[] };

export class Services {
  readonly deliveries = new Map<string, Deliveries>();
  calls = 0;
  failures = 0;
  asked = 0;
  isHealed = false;
  readonly #random: () => number;
  readonly #server: Server;

  private constructor(random: () => number) {
    this.#random = random;
    this.#server = createServer((request, response) => {
      this.#receive(request, response).catch(() => response.destroy());
    });
  }

  static async start(random: () => number): Promise<Services> {
    const services = new Services(random);
    await new Promise<void>((resolve) => services.#server.listen(0, "127.0.0.1", resolve));
    return services;
  }

  get variables(): Record<string, string> {
    const url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return {
      WEBHOOK_URL: `${url}/told`,
      WEBHOOK_SECRET: SECRET,
      WEBHOOK_EVENTS: "*",
      CONVERSATION_RESPONDER: "http",
      CONVERSATION_URL: `${url}/asked`,
      CONVERSATION_SECRET: SECRET,
      CONVERSATION_RETRY_MS: "50",
    };
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString());
    this.calls += 1;
    const luck = this.isHealed ? 1 : this.#random();
    if (luck < FAILS.status) {
      this.failures += 1;
      response.writeHead(503).end();
      return;
    }
    const isCut = luck < FAILS.status + FAILS.cut;
    if (isCut) this.failures += 1;
    if (request.url === "/asked") {
      this.asked += 1;
      if (isCut) response.destroy();
      else response.writeHead(200).end(JSON.stringify({ content: `You said: ${body.content}` }));
      return;
    }
    this.#told(body, !isCut);
    if (isCut) response.destroy();
    else response.writeHead(204).end();
  }

  #told({ events }: Told, isTaken: boolean): void {
    for (const { id, room, offset } of events) {
      const deliveries = this.deliveries.get(room) ?? { room, arrivals: [] };
      this.deliveries.set(room, deliveries);
      deliveries.arrivals.push({ id, offset, isTaken });
    }
  }
}
