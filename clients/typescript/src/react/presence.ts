// Who is in a room.
import { useEffect } from "react";
import type { PresenceState } from "../core/presence.ts";
import type { EventMap, Room } from "../core/room.ts";
import { useStore } from "./store.ts";

const EMPTY: PresenceState = { mode: "members", connections: 0, users: 0, members: [] };

/**
 * Who is in a room. `data`, if it is given, is told to the others as that of this user: again whenever it
 * changes, and after each new connection. It is JSON of 1 KiB at most.
 */
export function usePresence<Data = unknown>(room: Room<EventMap>, data?: Data): PresenceState<Data> {
  const text = JSON.stringify(data);
  useEffect(() => {
    if (text === undefined) return;
    const say = () => void room.presence.enter(JSON.parse(text)).catch(() => {});
    if (room.link.isOpen) say();
    return room.watch("attached", say);
  }, [room, text]);
  return useStore(room.presence, EMPTY) as PresenceState<Data>;
}
