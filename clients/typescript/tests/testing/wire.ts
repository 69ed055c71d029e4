// A socket of the fake server's, as a test looks at it: what it is told, message by message.
import type { FakeServer, FakeSocket, VirtualClock } from "../../src/testing/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: a test knows what it looks at
export type Told = { type: string; [member: string]: any };

/** Ids name what a user says, on whichever connection: no two are the same (N16). */
let asked = 0;

export class Wire {
  readonly messages: Told[] = [];
  /** How many messages each frame had. */
  readonly frames: number[] = [];
  readonly socket: FakeSocket;
  close: { code: number; reason: string } | undefined;

  readonly clock: VirtualClock;

  constructor(server: FakeServer, room: string, query: Record<string, string> = {}) {
    this.clock = server.clock;
    const parameters = new URLSearchParams({ room, token: "ann", ...query });
    if (query.token === "") parameters.delete("token");
    this.socket = new server.WebSocket(`${server.url}/ws/v2/connect?${parameters}`);
    this.socket.onmessage = ({ data }: { data: string }) => {
      const all = [JSON.parse(data)].flat();
      this.frames.push(all.length);
      this.messages.push(...all);
    };
    this.socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
      this.close = { code, reason };
    };
  }

  /** One that is let in. */
  static async join(server: FakeServer, room: string, query: Record<string, string> = {}): Promise<Wire> {
    const wire = new Wire(server, room, query);
    await wire.settle();
    if (wire.messages[0]?.type !== "hello") throw new Error(JSON.stringify([wire.messages, wire.close]));
    return wire;
  }

  get hello(): Told {
    return this.messages[0] as Told;
  }

  /** All that is under way arrives. */
  settle(): Promise<void> {
    return this.clock.advance(1);
  }

  send(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** What it is told because of this. */
  async hears(message: unknown): Promise<Told[]> {
    const before = this.messages.length;
    this.send(message);
    await this.settle();
    return this.messages.slice(before);
  }

  /** Asks, and gives the one answer. */
  async ask(message: object): Promise<Told> {
    asked += 1;
    const id = (message as { id?: string }).id ?? `w${asked}`;
    const heard = await this.hears({ id, ...message });
    const answers = heard.filter((it) => it.id === id);
    if (answers.length !== 1)
      throw new Error(`${JSON.stringify(message)} was answered by ${JSON.stringify(answers)}`);
    return answers[0] as Told;
  }

  publish(event: string, data?: unknown, more: object = {}): Promise<Told> {
    return this.ask({ type: "publish", event, data, ...more });
  }

  events(name?: string): Told[] {
    return this.messages.filter((it) => it.type === "event" && (name === undefined || it.event === name));
  }

  /** Offsets of the events that have one. */
  get offsets(): number[] {
    return this.events()
      .map((it) => it.offset)
      .filter((it) => it !== undefined);
  }
}
