// Who types.
import { useMemo } from "react";
import type { EventMap, Room } from "../core/room.ts";
import { useStore } from "./store.ts";

const NOBODY: readonly string[] = [];

/**
 * Who types in a room of kind `chat` or `hub`. `typing` are the users who type now, without this one; a user
 * is one of them until 5 s after the server last said so. Call `setTyping` at each change of a field, with
 * whether there is something in it.
 */
export function useTyping({ typing: store }: Room<EventMap>) {
  const typing = useStore(store, NOBODY);
  return useMemo(
    () => ({
      typing,
      /** Says whether this user types. Call it at each change: it is sent no more often than it must be. */
      setTyping: (is: boolean) => store.set(is),
    }),
    [store, typing],
  );
}
