// The receiver of docs/OPERATIONS.md, as a process, and before it a service that may do anything
// else with a call than to pass it on.
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { eventually } from "./client.ts";
import type { Variables } from "./server.ts";

const RECEIVER = fileURLToPath(new URL("../../examples/webhook-receiver.mjs", import.meta.url));
export const SECRET = "a secret of the receiver, 32 bytes or more";

export type Event = {
  id: string;
  room: string;
  type: string;
  at: string;
  offset?: number;
  user?: string;
  to?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it looks at
  data?: any;
};

export type Call = { headers: IncomingMessage["headers"]; method?: string; body: string; events: Event[] };

/** What is done with a call: "pass" passes it on. `nth` counts calls of the same key, from 1. */
export type Manner = (call: Call, response: ServerResponse, nth: number) => unknown;

export const passes: Manner = () => "pass";

export class Webhooks {
  /** Every call, in the order of their arrival. */
  readonly calls: Call[] = [];
  /** What the receiver took, each event once. */
  readonly taken: Event[] = [];
  /** What the receiver answered to calls that were passed on. */
  readonly statuses: number[] = [];
  manner: Manner = passes;
  #receiver?: ChildProcess;
  #port = 0;
  #server = createServer((request, response) => this.#receive(request, response));

  static async start(manner: Manner = passes): Promise<Webhooks> {
    const webhooks = new Webhooks();
    webhooks.manner = manner;
    await webhooks.#startReceiver();
    await new Promise<void>((resolve) => webhooks.#server.listen(0, "127.0.0.1", resolve));
    return webhooks;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/in?key=hidden`;
  }

  /** The variables with which a server tells here of these events. */
  variables(events: string): Variables {
    return { WEBHOOK_URL: this.url, WEBHOOK_SECRET: SECRET, WEBHOOK_EVENTS: events };
  }

  /** What was taken of a room. */
  of(room: string): Event[] {
    return this.taken.filter((it) => it.room === room);
  }

  callsOf(room: string): Call[] {
    return this.calls.filter((it) => it.events[0]?.room === room);
  }

  /** Waits until so many events of a room were taken, and gives them. */
  async until(room: string, count: number): Promise<Event[]> {
    await eventually(
      () => count <= this.of(room).length,
      () => `${count} events of ${room}, of which came ${JSON.stringify(this.of(room)).slice(0, 2000)}`,
    );
    return this.of(room);
  }

  async untilCalled(room: string, times: number): Promise<Call[]> {
    await eventually(
      () => times <= this.callsOf(room).length,
      () => `call ${times} about ${room}`,
    );
    return this.callsOf(room);
  }

  async stop(): Promise<void> {
    this.#receiver?.kill();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #startReceiver(): Promise<void> {
    const receiver = spawn(process.execPath, [RECEIVER], {
      env: { ...process.env, WEBHOOK_SECRET: SECRET, PORT: "0" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#receiver = receiver;
    createInterface({ input: receiver.stdout }).on("line", (line) => this.taken.push(JSON.parse(line)));
    for await (const line of createInterface({ input: receiver.stderr })) {
      this.#port = Number(line.split(" ").at(-1));
      break;
    }
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const call = { headers: request.headers, method: request.method, body, events: events(body) };
    this.calls.push(call);
    const key = call.headers["idempotency-key"];
    const nth = this.calls.filter((it) => it.headers["idempotency-key"] === key).length;
    if (this.manner(call, response, nth) === "pass") response.writeHead(await this.pass(call)).end();
  }

  /** Passes a call on to the receiver, and gives its answer. */
  async pass({ headers, body, method }: Call): Promise<number> {
    const names = ["content-type", "x-dormouse-timestamp", "x-dormouse-signature", "idempotency-key"];
    const passed = Object.fromEntries(names.map((it) => [it, String(headers[it] ?? "")]));
    const answer = await fetch(`http://127.0.0.1:${this.#port}/`, { method, headers: passed, body });
    this.statuses.push(answer.status);
    return answer.status;
  }
}

function events(body: string): Event[] {
  try {
    return JSON.parse(body).events;
  } catch {
    return [];
  }
}
