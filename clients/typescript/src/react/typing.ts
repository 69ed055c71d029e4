// Who types.
import { useMemo } from "react";
import type { EventMap, Room } from "../core/room.ts";
import { useStore } from "./store.ts";

const NOBODY: readonly string[] = [];

/**
 * `typing` are the users who type now, without this one. `setTyping` is to be called at each change of a
 * field, with whether there is something in it.
 */
export function useTyping({ typing: store }: Room<EventMap>) {
  const typing = useStore(store, NOBODY);
  return useMemo(() => ({ typing, setTyping: (is: boolean) => store.set(is) }), [store, typing]);
}
