// The messages of a room.
import { useMemo } from "react";
import type { EventMap, Room } from "../core/room.ts";
import { type MessageOptions, type Messages, messagesOf } from "../messages/list.ts";
import type { MessagesState } from "../messages/types.ts";
import { useStore } from "./store.ts";

type Actions = "loadMore" | "send" | "retry" | "discard" | "edit" | "remove" | "react";

export type MessageList<Data = unknown> = MessagesState<Data> & Pick<Messages<Data>, Actions>;

const EMPTY: MessagesState<never> = { messages: [], hasMore: false, isLoading: true, error: null };

/** History and what is said now in one list, and what can be done with it. All components share it. */
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
