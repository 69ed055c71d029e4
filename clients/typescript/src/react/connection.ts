// How a connection is.
import { useMemo } from "react";
import type { Link } from "../core/link.ts";
import { IDLE, isOpen, isOver } from "../core/phases.ts";
import type { LinkState } from "../core/types.ts";
import { useStore } from "./store.ts";

export interface Connection extends LinkState {
  /** Phase `open` or `degraded`. */
  isConnected: boolean;
  /** An attempt is under way or will be. */
  isConnecting: boolean;
  /** It was given up; `error` says why. */
  isFallback: boolean;
  connect: () => void;
  disconnect: () => void;
  /** Tries now, without waiting for `retryAt`. */
  reconnect: () => void;
}

const ignore = () => {};

/** The state of a room's connection, and what can be done about it. */
export function useConnection({ link }: { link: Link }): Connection {
  const state = useStore(link, IDLE);
  return useMemo(() => {
    const { phase } = state;
    const isConnected = isOpen(phase);
    return {
      ...{ ...state, isConnected, isFallback: phase === "fallback" },
      isConnecting: !isConnected && !isOver(phase),
      connect: () => void link.connect().catch(ignore),
      disconnect: () => link.disconnect(),
      reconnect: () => void link.reconnect().catch(ignore),
    };
  }, [link, state]);
}
