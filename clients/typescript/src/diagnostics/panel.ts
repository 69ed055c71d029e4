// The panel itself: a shadow root in the corner of the page, renewed while it is seen.
import { observe } from "../core/observe.ts";
import { h, renew } from "./dom.ts";
import { attempts, features, note, numbers, status, timeline, trips, types } from "./sections.ts";
import { type Snapshot, type Subject, snapshot } from "./snapshot.ts";
import { STYLE } from "./style.ts";

export interface PanelClock {
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** What happens in so short a time is shown together. */
const RENEW_MS = 100;
/** Times are counted on so often. */
const TICK_MS = 1000;
const PINGS_KEPT = 60;

const SECTIONS = [note, numbers, timeline, trips, attempts, types, features];

/** Shows one subject at a time. Begins to observe all of them at once. */
export class Panel {
  readonly host = h("div", { hidden: true });
  readonly #subjects: readonly Subject[];
  readonly #clock: PanelClock;
  readonly #now = () => this.#clock.now();
  readonly #rtts = new Map<Subject, number[]>();
  readonly #stops: (() => void)[] = [];
  readonly #buttons: Record<"connect" | "disconnect" | "reconnect" | "ping", HTMLButtonElement>;
  readonly #address = h("small");
  readonly #said = h("p", { role: "status" });
  /** The phase for who listens: the times beside it change every second. */
  readonly #live = h("span", { className: "heard", role: "status" });
  #status = h("div");
  #sections = SECTIONS.map(() => h("div"));
  #subject: Subject;
  #timer: unknown;
  #isDue = false;
  #focused: HTMLElement | null = null;

  constructor(subjects: readonly Subject[], clock: PanelClock) {
    const [first] = subjects;
    if (!first) throw new Error("There is no connection to show");
    [this.#subjects, this.#subject, this.#clock] = [subjects, first, clock];
    for (const it of subjects) this.#observe(it);
    const button = (text: string, act: () => unknown) =>
      h("button", { type: "button", onclick: act }, text) as HTMLButtonElement;
    const quietly = (promise: Promise<unknown>) => promise.catch(() => {});
    this.#buttons = {
      connect: button("Connect", () => quietly(this.#link.connect())),
      disconnect: button("Disconnect", () => this.#link.disconnect()),
      reconnect: button("Reconnect", () => quietly(this.#link.reconnect())),
      ping: button("Ping", () => this.#link.ping()),
    };
    const copy = button("Copy JSON", () => this.#copy());
    const choice = h("select", { "aria-label": "Connection" }) as HTMLSelectElement;
    choice.append(...subjects.map((_, at) => h("option", { value: at }, this.snapshot(at).name)));
    choice.onchange = () => {
      this.#subject = subjects[Number(choice.value)] ?? first;
      this.#show();
    };
    const close = h(
      "button",
      { type: "button", className: "x", "aria-label": "Close", onclick: this.hide },
      "×",
    );
    const title = h("div", {}, h("h2", { id: "title" }, "WebSocket diagnostics"), this.#address);
    const main = h(
      "section",
      { role: "region", "aria-labelledby": "title", tabIndex: -1 },
      h("header", {}, title, this.#live, this.#status, close),
      h("div", { className: "tools" }, 1 < subjects.length && choice, ...Object.values(this.#buttons), copy),
      h("div", { className: "body", tabIndex: 0 }, ...this.#sections, this.#said),
    );
    main.onkeydown = (event) => {
      // The page may have a meaning for these keys of its own.
      event.stopPropagation();
      if (event.key === "Escape") this.hide();
    };
    const root = this.host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    root.append(main);
  }

  get isShown(): boolean {
    return !this.host.hidden;
  }

  /** `isFocused` moves the focus into it, and back when it is hidden. */
  show(isFocused = false): void {
    if (!this.host.isConnected) document.body.append(this.host);
    this.host.hidden = false;
    this.#show();
    if (!isFocused) return;
    this.#focused = document.activeElement as HTMLElement | null;
    this.host.shadowRoot?.querySelector("section")?.focus();
  }

  readonly hide = (): void => {
    this.#clock.clearTimeout(this.#timer);
    this.host.hidden = true;
    this.#focused?.focus();
    this.#focused = null;
  };

  remove(): void {
    this.hide();
    for (const stop of this.#stops) stop();
    this.host.remove();
  }

  snapshot(at = this.#subjects.indexOf(this.#subject)): Snapshot {
    const subject = this.#subjects[at] ?? this.#subject;
    return snapshot(subject, this.#now, this.#rtts.get(subject));
  }

  get #link() {
    return this.#subject.link;
  }

  #observe(subject: Subject): void {
    const { link } = subject;
    const rtts: number[] = [];
    observe(link, this.#now);
    this.#rtts.set(subject, rtts);
    const changed = () => this.#changed();
    this.#stops.push(
      link.on("pong", (ms) => {
        rtts.push(ms);
        if (PINGS_KEPT < rtts.length) rtts.shift();
      }),
      ...(["state", "received", "sent", "close"] as const).map((it) => link.on(it, changed)),
    );
  }

  #changed(): void {
    if (this.#isDue || !this.isShown) return;
    this.#isDue = true;
    this.#clock.setTimeout(() => {
      this.#isDue = false;
      this.#show();
    }, RENEW_MS);
  }

  #show(): void {
    if (!this.isShown) return;
    const it = this.snapshot();
    const who = it.user ?? it.clientId;
    this.#address.textContent = `${it.name}${who ? ` as ${who}` : ""}`;
    this.#address.title = it.url;
    if (this.#live.textContent !== it.phase) this.#live.textContent = it.phase;
    this.#status = renew(this.#status, status(it));
    this.#sections = this.#sections.map((old, at) => renew(old, SECTIONS[at]?.(it) ?? old));
    const { connect, disconnect, ping } = this.#buttons;
    const isIdle = it.phase === "idle" || it.phase === "fallback";
    connect.disabled = !isIdle;
    disconnect.disabled = isIdle;
    ping.disabled = !this.#link.isOpen;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(() => this.#show(), TICK_MS);
  }

  async #copy(): Promise<void> {
    const text = JSON.stringify(this.snapshot(), null, 2);
    try {
      await navigator.clipboard.writeText(text);
      this.#said.replaceChildren("Copied.");
    } catch {
      const field = h("textarea", { readOnly: true, "aria-label": "Diagnostics as JSON", value: text });
      this.#said.replaceChildren(field);
      (field as HTMLTextAreaElement).select();
    }
  }
}
