"use client";
// The entry "./diagnostics/react": the panel as a component.
import { useEffect, useRef } from "react";
import type { WebSocketManager } from "../faces/manager/manager.ts";
import { useManager } from "../react/manager.ts";
import { type DiagnosticsOptions, diagnostics } from "./diagnostics.ts";
import type { Subject } from "./snapshot.ts";

/** Props of `WebSocketDiagnosticsWrapper` and `WebSocketDiagnosticsPanel`. */
export interface WebSocketDiagnosticsProps extends DiagnosticsOptions {
  /** Rooms, managers, or whatever has a `link`. By default what `useWebSocketConnection` uses. */
  of?: Subject | readonly Subject[];
  /**
   * The manager of `/ws/client` whose connection is shown where `of` is missing. By default that of the
   * nearest `WebSocketProvider`, or of the page.
   */
  manager?: WebSocketManager;
}

/** Shows the panel when it is asked for: see `diagnostics`. It renders nothing in its place. */
export function WebSocketDiagnosticsWrapper({ of, manager, ...options }: WebSocketDiagnosticsProps): null {
  const get = useManager(manager);
  const { open, shortcuts, clock } = options;
  const subjects = useSame(of === undefined ? undefined : Array.isArray(of) ? of : [of as Subject]);
  useEffect(() => {
    const it = diagnostics(subjects ?? get(), { open, shortcuts, clock });
    return () => it.stop();
  }, [subjects, get, open, shortcuts, clock]);
  return null;
}

/** The panel, shown from the beginning. */
export function WebSocketDiagnosticsPanel(props: WebSocketDiagnosticsProps): null {
  return WebSocketDiagnosticsWrapper({ open: true, ...props });
}

/** The same list as long as the same are in it. */
function useSame<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  const last = useRef(list);
  const is = last.current?.length === list?.length && list?.every((it, at) => it === last.current?.[at]);
  if (list && !is) last.current = list;
  return list && last.current;
}
