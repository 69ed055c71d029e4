// The real Worker in workerd, started from wrangler.toml with a test's own variables.
import { createTestHarness } from "wrangler";
import { mint } from "../../scripts/jwt.mjs";
import { Client, eventually, type Options } from "./client.ts";

export const SECRET = "a secret for tests, of more than 32 bytes";

const VARIABLES = {
  ENVIRONMENT: "development",
  JWT_SECRET: SECRET,
  // Every test is the same user of the API, from the same address.
  ANONYMOUS_CONNECTIONS_PER_ADDRESS: "0",
  HTTP_CALLS_PER_MINUTE: "0",
  HTTP_PUBLISHES_PER_MINUTE: "0",
  HTTP_FAILURES_PER_MINUTE: "0",
  CONNECTIONS_PER_MINUTE_PER_IP: "0",
  // A ping of the server's own would come into whatever test is under way.
  WS_HEARTBEAT_INTERVAL_MS: "0",
};

export type Variables = Record<string, string>;

/**
 * For tests of whether a room sleeps: it tells the directory of itself at once. Else it sets an
 * alarm for that, a second after the first event, which wakes it in the middle of the test.
 */
export const QUIET: Variables = { REPORT_INTERVAL_MS: "0" };

/** Where `npm test` has put the bundle, so that not every file builds it anew. */
const BUNDLE = ".wrangler/bundle";

export type Who = { user?: string; name?: string; room?: string; lifetime?: string; claims?: object };

/** Which class of object. */
export type Binding =
  | "CHAT_ROOMS"
  | "HUBS"
  | "DIRECTORY"
  | "COLLABORATIONS"
  | "CONVERSATIONS"
  | "ANALYTICS"
  | "ECHOES";

// biome-ignore lint/suspicious/noExplicitAny: a test knows what it looks at
export type Answer = { status: number; headers: Headers; text: string; json: any };

/** `secrets`, because they win over what a developer has in .dev.vars. */
export async function serve(variables: Variables = {}, config = "wrangler.toml", bundle = BUNDLE) {
  process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
  const worker = { configPath: config, prebuiltWorkerDir: bundle, secrets: { ...VARIABLES, ...variables } };
  const harness = createTestHarness({ workers: [worker] });
  const { url } = await harness.listen();
  return new Server(harness, url);
}

export class Server {
  readonly http: string;
  readonly ws: string;
  #rooms = 0;

  constructor(
    readonly harness: ReturnType<typeof createTestHarness>,
    url: URL,
  ) {
    this.http = url.origin;
    this.ws = url.origin.replace("http", "ws");
  }

  /** A room nobody has been in. */
  room(): string {
    this.#rooms += 1;
    return `room-${this.#rooms}`;
  }

  token({ user = "ann", name, room, lifetime, claims = {} }: Who): Promise<string> {
    const known = { sub: user, ...(name && { name }), ...(room && { contexts: [room] }) };
    return mint({ ...known, ...claims }, { secret: SECRET, lifetime: lifetime ?? "1h" });
  }

  /** Joins a room with a token of one's own. */
  async join(room: string, user = "ann", who: Who = {}): Promise<Client> {
    const token = await this.token({ user, room, ...who });
    return this.chat({ token, contextId: room });
  }

  chat(query: Record<string, string> = {}, options?: Options): Promise<Client> {
    return Client.open(`${this.ws}/api/chat/ws?${new URLSearchParams(query)}`, options);
  }

  /** A socket at any path. */
  open(path: string, query: Record<string, string> = {}, options?: Options): Promise<Client> {
    return Client.open(`${this.ws}${path}?${new URLSearchParams(query)}`, options);
  }

  /** A call of the HTTP API. The token `test` unless another is given; "" for none. */
  async call(method: string, path: string, body?: unknown, token = "test"): Promise<Answer> {
    const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {};
    const sent = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(`${this.http}${path}`, { method, headers, body: sent });
    const text = await response.text();
    const type = response.headers.get("Content-Type") ?? "";
    const json = /json/.test(type) && text ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, text, json };
  }

  /** The echo; all of one address are one object, which has its name. */
  echo(id: string, address = "192.0.2.1"): Promise<Client> {
    return Client.open(`${this.ws}/ws/${id}`, { headers: { "CF-Connecting-IP": address } });
  }

  /** Puts a room to sleep, now. Its sockets stay. */
  async sleep(room: string, binding: Binding = "CHAT_ROOMS"): Promise<void> {
    await this.harness.getWorker().evictDurableObject(binding, { name: room, webSockets: "hibernate" });
  }

  /** Whether a room is awake; puts it to sleep if so. */
  async wasAwake(room: string, binding: Binding = "CHAT_ROOMS"): Promise<boolean> {
    try {
      await this.sleep(room, binding);
      return true;
    } catch (error) {
      if (String(error).includes("not currently running")) return false;
      throw error;
    }
  }

  async sql(
    room: string,
    statement: string,
    binding: Binding = "CHAT_ROOMS",
  ): Promise<Record<string, unknown>[]> {
    const storage = await this.harness.getWorker().getDurableObjectStorage(binding, { name: room });
    return (await storage.exec(statement)) as Record<string, unknown>[];
  }

  logs(): string {
    return JSON.stringify(this.harness.getLogs());
  }

  /** Waits, within bounds, for something that no socket tells. */
  async until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
    await eventually(holds, () => what);
  }

  /** Stops it. Whatever its tests were about, nothing that it logged has a token or a secret in it. */
  async stop(): Promise<void> {
    const logged = secretsIn(this.logs());
    await this.harness.close();
    if (logged.length) throw new Error(`the Worker logged ${logged.length} secrets: ${logged}`);
  }
}

/** What in a text is a token, or the beginning of one, or a secret of the tests. */
export function secretsIn(text: string): string[] {
  const tokens = text.match(/eyJ[\w-]{8,}[\w.-]*/g) ?? [];
  return text.includes(SECRET) ? [SECRET, ...tokens] : tokens;
}
