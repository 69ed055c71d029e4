// A room for as long as a component shows it.
import { useEffect, useReducer } from "react";
import type { Dormouse, JoinOptions } from "../core/client.ts";
import { isOver } from "../core/phases.ts";
import type { EventMap, Room } from "../core/room.ts";
import { cached } from "../messages/cache.ts";
import { useDormouse } from "./context.ts";

interface Held {
  room: Room;
  /** How many mounted components use it. */
  hands: number;
  isClosed?: boolean;
  /** Lets go of it, if nobody uses it. */
  close: () => void;
}

/**
 * Components that render a room share one hand on it, which is made while they render: that opens no
 * socket, so it does not matter if React throws the render away or does it twice.
 */
const registry = new WeakMap<Dormouse, Map<string, Held>>();

function hold(client: Dormouse, name: string, options: JoinOptions): Held {
  const key = JSON.stringify([name, options]);
  return cached(registry, client, key, (rooms) => {
    const held: Held = { room: client.room(name, { ...options, connect: false }), hands: 0, close };
    function close() {
      if (held.hands || held.isClosed) return;
      const { link } = held.room;
      // What was said is not lost with the component that said it.
      if (link.state.queued && !isOver(link.phase)) {
        const stop = link.on("state", () => {
          stop();
          // An answer may have something said that follows it.
          queueMicrotask(close);
        });
        return;
      }
      held.isClosed = true;
      rooms.delete(key);
      held.room.close();
    }
    return held;
  });
}

/**
 * A room of the client, `kind:name`, the same object for all components that ask with the same options.
 * It is connected while one of them is mounted, and soon after that no longer.
 */
export function useRoom<Events extends EventMap = EventMap>(
  name: string,
  options: JoinOptions = {},
): Room<Events> {
  const client = useDormouse();
  const held = hold(client, name, options);
  const [, renderAgain] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    // A component that was hidden for a while comes back with a room that was let go of.
    if (held.isClosed) return renderAgain();
    held.hands += 1;
    if (options.connect !== false) void held.room.connect();
    return () => {
      held.hands -= 1;
      // React unmounts and mounts again in one go, in StrictMode and where a tree moves.
      queueMicrotask(held.close);
    };
  }, [held, options.connect]);
  return held.room as unknown as Room<Events>;
}
