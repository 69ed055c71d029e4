// When the panel is shown: by the address, a global variable, a shortcut, or the application.
import { Panel, type PanelClock } from "./panel.ts";
import type { Snapshot, Subject } from "./snapshot.ts";

/** Options of `diagnostics`. All of them may be left out. */
export interface DiagnosticsOptions {
  /**
   * Whether the panel is shown from the beginning. By default it is if the address has `wsDebug=1`, or the
   * global variable `__A1_WS_DEBUG` is `true`.
   */
  open?: boolean;
  /**
   * Whether Ctrl+Shift+W and Ctrl+Alt+W show and hide the panel. By default they do on `localhost` alone,
   * where pages are under development.
   */
  shortcuts?: boolean;
  /**
   * The clock by which times are counted and the panel is renewed. By default the real one. Give it the
   * clock of the links where those have another.
   */
  clock?: PanelClock;
}

/** A panel that watches connections. `diagnostics` makes one. */
export interface Diagnostics {
  /** The element that holds the panel. It is added to `document.body` when the panel is first shown. */
  readonly element: HTMLElement;
  /** Whether the panel is shown now. */
  readonly isShown: boolean;
  /** Shows the panel. The focus stays where it is. */
  show(): void;
  /** Hides the panel. It goes on counting. */
  hide(): void;
  /** Hides the panel if it is shown. Otherwise shows it and moves the focus into it. */
  toggle(): void;
  /** What the panel knows of the connection that is chosen in it, as plain data without a token. */
  snapshot(): Snapshot;
  /** Removes the panel from the page, and its listeners from the page and from the connections. */
  stop(): void;
}

const FLAG = "__A1_WS_DEBUG";
/** Whose page is under development. */
const LOCAL = /^(localhost|.*\.localhost|127\..*|\[::1\])$/;

const realClock: PanelClock = {
  now: Date.now,
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as number),
};

/**
 * Watches connections, and shows the panel when it is asked for. In a browser; `subjects` are rooms,
 * managers, or whatever has a `link`. The numbers begin with this call, unless `observe` was called before.
 */
export function diagnostics(
  subjects: Subject | readonly Subject[],
  { open, shortcuts = LOCAL.test(location.hostname), clock = realClock }: DiagnosticsOptions = {},
): Diagnostics {
  const panel = new Panel(Array.isArray(subjects) ? subjects : [subjects as Subject], clock);
  const globals = window as unknown as Record<string, unknown>;
  const isAsked = new URLSearchParams(location.search).get("wsDebug") === "1" || globals[FLAG] === true;
  const toggle = () => (panel.isShown ? panel.hide() : panel.show(true));

  const pressed = (event: KeyboardEvent) => {
    const isIt = event.ctrlKey && (event.shiftKey || event.altKey) && event.code === "KeyW";
    if (!isIt || event.repeat) return;
    event.preventDefault();
    toggle();
  };
  if (shortcuts) window.addEventListener("keydown", pressed, true);

  // Whoever sets the variable later, in the console for one, sees the panel at once.
  const before = Object.getOwnPropertyDescriptor(globals, FLAG);
  let flag = before?.value;
  Object.defineProperty(globals, FLAG, {
    configurable: true,
    get: () => flag,
    set(value) {
      flag = value;
      if (value) panel.show();
      else panel.hide();
    },
  });

  if (open ?? isAsked) panel.show();
  return {
    element: panel.host,
    get isShown() {
      return panel.isShown;
    },
    show: () => panel.show(),
    hide: panel.hide,
    toggle,
    snapshot: () => panel.snapshot(),
    stop() {
      window.removeEventListener("keydown", pressed, true);
      Object.defineProperty(globals, FLAG, { configurable: true, writable: true, value: flag });
      panel.remove();
    },
  };
}
