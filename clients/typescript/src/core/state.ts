// The values that a room keeps by key.
import type { Session } from "./session.ts";
import { Store } from "./store.ts";
import type { Frame } from "./types.ts";

export interface StateEntry {
  value: unknown;
  /** The offset of its last change. */
  version: number;
}

type Answer = { entries: { key: string; value: unknown; version: number }[]; offset: number };

const PREFIX = "state.";

/** All entries, by key; loaded when somebody looks, and kept up by events. */
export class State extends Store<Readonly<Record<string, StateEntry>>> {
  readonly #session: Session;
  #isLoaded = false;
  /** Changes that came while the entries were on their way. */
  #offset = 0;

  constructor(session: Session) {
    super({});
    this.#session = session;
  }

  /** Entries by keys, or what they begin with and `*`. */
  async get(keys?: readonly string[]): Promise<Answer> {
    const { result } = await this.#session.request({ type: "query", query: "state", params: { keys } });
    return result as Answer;
  }

  /**
   * Sets a value; `null` drops the key. With `ifVersion` only if that is its version (0: no such key), else
   * it fails with `CONFLICT`, and `details.version` says which it is.
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
