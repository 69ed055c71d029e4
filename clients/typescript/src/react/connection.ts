// How a connection is.
import { useMemo } from "react";
import type { Link } from "../core/link.ts";
import { IDLE, isOpen, isOver } from "../core/phases.ts";
import type { LinkState } from "../core/types.ts";
import { useStore } from "./store.ts";

/** The state of a connection, and what can be done about it. `useConnection` gives one. */
export interface Connection extends LinkState {
  /** Messages can be sent now: phase `open` or `degraded`. */
  isConnected: boolean;
  /** An attempt is under way or will be. */
  isConnecting: boolean;
  /** The connection was given up; `error` says why. */
  isFallback: boolean;
  /** Connects, and goes on trying. It does not throw: `error` says what failed. */
  connect: () => void;
  /** Closes the connection until `connect` or `reconnect`. What is queued stays. */
  disconnect: () => void;
  /**
   * Drops the connection, if there is one, and makes an attempt now, without waiting for `retryAt`. It does
   * not throw.
   */
  reconnect: () => void;
}

const ignore = () => {};

/**
 * The state of a connection, and what can be done about it. Takes whatever has a `link`: a room, or a
 * manager of `/ws/client`. While a server renders, it is `idle`.
 */
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
