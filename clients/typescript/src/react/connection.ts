// How a connection is.
import { useMemo } from "react";
import type { Link } from "../core/link.ts";
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

const IDLE: LinkState = {
  ...{ phase: "idle", isPending: false, url: "", attempt: 0 },
  ...{ hello: null, error: null, retryAt: null, queued: 0 },
};

const ignore = () => {};

/** The state of a room's connection, and what can be done about it. */
export function useConnection({ link }: { link: Link }): Connection {
  const state = useStore(link, IDLE);
  return useMemo(() => {
    const { phase } = state;
    const isConnected = phase === "open" || phase === "degraded";
    const isFallback = phase === "fallback";
    return {
      ...{ ...state, isConnected, isFallback },
      isConnecting: !isConnected && !isFallback && phase !== "idle",
      connect: () => void link.connect().catch(ignore),
      disconnect: () => link.disconnect(),
      reconnect: () => void link.reconnect().catch(ignore),
    };
  }, [link, state]);
}
