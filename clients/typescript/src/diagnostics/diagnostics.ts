// When the panel is shown: by the address, a global variable, a shortcut, or the application.
import { Panel, type PanelClock } from "./panel.ts";
import type { Snapshot, Subject } from "./snapshot.ts";

export interface DiagnosticsOptions {
  /** Whether it is shown from the beginning. By default if the address has `wsDebug=1` or `__A1_WS_DEBUG` is true. */
  open?: boolean;
  /** Whether Ctrl+Shift+W and Ctrl+Alt+W show and hide it. By default on this machine alone: `localhost`. */
  shortcuts?: boolean;
  /** The links' clock, where that is not the real one. */
  clock?: PanelClock;
}

export interface Diagnostics {
  /** Where the panel is. */
  readonly element: HTMLElement;
  readonly isShown: boolean;
  show(): void;
  hide(): void;
  toggle(): void;
  /** What is shown, as plain data. */
  snapshot(): Snapshot;
  /** Ends it all and takes the panel out of the page. */
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
