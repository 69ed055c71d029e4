// The messages of a room.
import { useMemo } from "react";
import type { EventMap, Room } from "../core/room.ts";
import { type MessageOptions, type Messages, messagesOf } from "../messages/list.ts";
import type { MessagesState } from "../messages/types.ts";
import { useStore } from "./store.ts";

type Actions = "loadMore" | "send" | "retry" | "discard" | "edit" | "remove" | "react";

/**
 * The messages of a room, and what can be done with them. `useMessages` gives one; its functions are the
 * same at every render.
 */
export type MessageList<Data = unknown> = MessagesState<Data> & Pick<Messages<Data>, Actions>;

const EMPTY: MessagesState<never> = { messages: [], hasMore: false, isLoading: true, error: null };

/**
 * The messages of a room as one list: history, what is said from now on, and what this user is sending.
 * Components that ask with the same options share one list.
 */
export function useMessages<Data = unknown>(
  room: Room<EventMap>,
  options?: MessageOptions,
): MessageList<Data> {
  const list = messagesOf<Data>(room, options);
  const state = useStore<MessagesState<Data>>(list, EMPTY);
  return useMemo(() => {
    const { loadMore, send, retry, discard, edit, remove, react } = list;
    return { ...state, loadMore, send, retry, discard, edit, remove, react };
  }, [list, state]);
}
