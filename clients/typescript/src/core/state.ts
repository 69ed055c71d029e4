// The values that a room keeps by key.
import type { Session } from "./session.ts";
import { Store } from "./store.ts";
import type { Frame } from "./types.ts";

/** A value that a room keeps. */
export interface StateEntry {
  /** The value, as JSON. */
  value: unknown;
  /** The offset of its last change. */
  version: number;
}

type Answer = { entries: { key: string; value: unknown; version: number }[]; offset: number };

const PREFIX = "state.";

/**
 * The values that a room of kind `chat` or `hub` keeps, by key, as a store: loaded when somebody first
 * listens, and kept up by events.
 */
export class State extends Store<Readonly<Record<string, StateEntry>>> {
  readonly #session: Session;
  #isLoaded = false;
  /** Changes that came while the entries were on their way. */
  #offset = 0;

  constructor(session: Session) {
    super({});
    this.#session = session;
  }

  /**
   * Entries by their keys, which may be beginnings with `*`; all if none are given. Rejects with a
   * `DormouseError`.
   */
  async get(keys?: readonly string[]): Promise<Answer> {
    const { result } = await this.#session.request({ type: "query", query: "state", params: { keys } });
    return result as Answer;
  }

  /**
   * Sets a value; `null` drops the key. Resolves when the server has it; without a connection it waits for
   * one, and outlives a reload as `publish` does. With `ifVersion` it is set only if that is its version
   * (0: there is no such key). Otherwise it rejects with `CONFLICT`, and `details.version` is the version.
   */
  async set(key: string, value: unknown, { ifVersion }: { ifVersion?: number } = {}): Promise<void> {
    const params = { key, value, if_version: ifVersion };
    await this.#session.request({ type: "command", command: "set_state", params }, { keep: true });
  }

  protected override begin(): void {
    const session = this.#session;
    session.on(`${PREFIX}*`, ({ event, data, offset = 0 }) => {
      if (!this.#isLoaded || offset <= this.#offset) return;
      this.#offset = offset;
      const key = event.slice(PREFIX.length);
      const { [key]: _, ...others } = this.getSnapshot();
      const value = (data as { value?: unknown } | undefined)?.value ?? null;
      this.show(value === null ? others : { ...others, [key]: { value, version: offset } });
    });
    session.watch("attached", ({ recovered }) => {
      if (!recovered || !this.#isLoaded) this.#load();
    });
    if (session.link.isOpen) this.#load();
  }

  #load(): void {
    this.#isLoaded = false;
    const answered = ({ result }: Frame) => {
      const { entries, offset } = result as Answer;
      [this.#isLoaded, this.#offset] = [true, offset];
      this.show(Object.fromEntries(entries.map(({ key, value, version }) => [key, { value, version }])));
    };
    const asked = { type: "query", query: "state" };
    this.#session.request(asked, { answered, queue: false }).catch(() => {});
  }
}
