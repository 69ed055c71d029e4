// The documented protocols, by the clients of the package.
import { ArchMeshWebSocketClient } from "../../../clients/typescript/src/faces/archmesh.ts";
import { ChatWebSocketClient } from "../../../clients/typescript/src/faces/chat.ts";
import { WebSocketConnection } from "../../../clients/typescript/src/faces/connection.ts";
import { EventsManager } from "../../../clients/typescript/src/faces/events.ts";
import { WebSocketManager } from "../../../clients/typescript/src/faces/manager.ts";
import type { DormouseError } from "../../../clients/typescript/src/index.ts";
import { Caller, nameOf, type Place, type Scene, textOf } from "./caller.ts";

/** What the first frame of a protocol with `resume` says of that. */
type Greeting = { offset?: number; epoch?: string; recovered?: boolean; reason?: string };

abstract class Resuming extends Caller {
  constructor(scene: Scene, dialect: string) {
    super(scene, dialect, "log");
  }

  protected greeted({ offset = 0, epoch, recovered, reason }: Greeting): void {
    this.attached({ from: offset, epoch, recovered, reason } as Place);
  }
}

/** `/api/chat/ws`. */
export class ChatCaller extends Resuming {
  readonly #chat: ChatWebSocketClient;

  constructor(scene: Scene, auth: "query" | "message" = "query") {
    super(scene, `context-${auth}`);
    this.#chat = new ChatWebSocketClient({
      ...this.around,
      url: `${this.ws}/api/chat/ws`,
      token: scene.token,
      contextId: nameOf(scene.room),
      auth,
      messagesPerMinute: Number.MAX_SAFE_INTEGER,
    });
    this.#chat.link.on("hello", (hello) => this.greeted(Object(hello?.data)));
    this.#chat.on("*", (_, { type, data }) => {
      const { offset } = Object(data) as { offset?: number };
      const isEntry = ["message", "edit_message", "delete_message", "reaction"].includes(type);
      if (isEntry) this.saw(textOf(type, data), offset);
    });
  }

  get isOpen(): boolean {
    return this.#chat.link.isOpen;
  }

  connect(): void {
    void this.#chat.connect().catch(() => {});
  }

  override say(): void {
    const text = this.next();
    const message = { type: "message" as const, id: text, data: { content: text } };
    const answered = this.#chat.request(message);
    void this.tried(
      text,
      answered.then(({ data }) => (data as { offset: number }).offset),
    );
  }

  leave(): void {
    this.#chat.disconnect();
  }
}

/** `/api/v1/ws`. */
export class EventsCaller extends Resuming {
  readonly #manager: EventsManager;

  constructor(scene: Scene) {
    super(scene, "events");
    this.#manager = new EventsManager({
      ...this.around,
      url: `${this.ws}/api/v1/ws`,
      token: scene.token,
      contextId: nameOf(scene.room),
    });
    this.#manager.subscribe(["*"], ({ event = "", data, offset }) => {
      if (offset !== undefined) this.saw(textOf(event, data), offset);
    });
    this.#manager.link.on("hello", (hello) => this.greeted(Object(hello)));
  }

  get isOpen(): boolean {
    return this.#manager.link.isOpen;
  }

  connect(): void {
    void this.#manager.connect().catch(() => {});
  }

  override say(): void {
    const text = this.next();
    const answered = this.#manager.command("publish", { event: "said", data: { text } });
    void this.tried(
      text,
      answered.then((result) => (result as { offset: number }).offset),
    );
  }

  leave(): void {
    this.#manager.disconnect();
  }
}

/** `/ws/client`: nothing acknowledges what it says but that it hears it itself. */
export class ManagerCaller extends Caller {
  readonly #manager: WebSocketManager;

  constructor(scene: Scene) {
    super(scene, "client", "live");
    const { backoff, ...around } = this.around;
    this.#manager = new WebSocketManager(this.ws, scene.name, {
      ...around,
      backoffStrategy: backoff as never,
      token: scene.token,
      contextId: nameOf(scene.room),
      storage: null,
    });
    this.#manager.onMessage(({ type, ...data }) => {
      if (type !== "said") return;
      const text = textOf(type, data);
      this.saw(text);
      const own = this.history.published.find((it) => it.text === text);
      if (own) own.state = "acked";
    });
  }

  get isOpen(): boolean {
    return this.#manager.link.isOpen;
  }

  connect(): void {
    void this.#manager.connect().catch(() => {});
  }

  override say(): void {
    // Without a connection it waits for one.
    const text = this.next();
    this.history.published.push({ text, state: "ambiguous" });
    this.#manager.send({ type: "said", id: text, text });
  }

  leave(): void {
    this.#manager.disconnect();
  }
}

/** `/ws`, which hears. */
export class WorkflowCaller extends Caller {
  readonly #client: ArchMeshWebSocketClient;

  constructor(scene: Scene) {
    super(scene, "workflow", "live");
    this.#client = new ArchMeshWebSocketClient(scene.token, {
      ...this.around,
      url: this.http,
      contextId: nameOf(scene.room),
    });
    this.#client.link.on("frame", ({ type, data }) => {
      if (type === "said") this.saw(textOf(type, data));
    });
  }

  get isOpen(): boolean {
    return this.#client.link.isOpen;
  }

  connect(): void {
    void this.#client.connect().catch(() => {});
  }

  leave(): void {
    this.#client.disconnect();
  }
}

/** `/ws/conversation`: what it says is answered, by a service. */
export class ConversationCaller extends Caller {
  override readonly isMember = false;
  /** Those that it has been in: a `connect_confirm` that was lost leaves one behind. */
  readonly conversations = new Set<string>();
  readonly answered: string[] = [];
  readonly refused: string[] = [];
  readonly #connection: WebSocketConnection;

  constructor(scene: Scene) {
    super(scene, "conversation", "live");
    this.#connection = new WebSocketConnection(
      ({ conversationId }) => {
        if (conversationId) this.conversations.add(conversationId);
      },
      { ...this.around, url: this.http, token: scene.token, messageTimeoutMs: 3_600_000 },
    );
  }

  get isOpen(): boolean {
    return this.#connection.link.isOpen;
  }

  connect(): void {
    void this.#connection.connect().catch(() => {});
  }

  override say(): void {
    const text = this.next();
    const answered = this.#connection.ask({ type: "message", content: text, messageId: text });
    void answered.then(
      () => this.answered.push(text),
      (error: DormouseError) => this.refused.push(`${text} ${error.code}`.split(" ")[0] as string),
    );
    void this.tried(
      text,
      answered.then(() => undefined),
    );
  }

  leave(): void {
    this.#connection.disconnect();
  }
}
