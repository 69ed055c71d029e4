// What a list of messages shows.
import type { DormouseError } from "../core/errors.ts";
import type { Entry } from "../core/room.ts";

/** A message that is in the log, or on its way there. */
export interface Message<Data = unknown> extends Omit<Entry<Data>, "offset"> {
  /** Names it in lists of a framework. An own message keeps the key that it had while it was being sent. */
  key: string;
  /** Its place in the log; missing while it is being sent, and when that failed. */
  offset?: number;
  /** Whether it is in the log, on its way, or failed. */
  status: "sent" | "sending" | "failed";
  /** Why it failed. */
  error?: DormouseError;
  /** An edit, deletion or reaction of this user's is shown and not answered yet. */
  isChanging?: boolean;
}

/** What a list of messages shows. A new object for every change. */
export interface MessagesState<Data = unknown> {
  /** In the order of the log, and then those that are not in it yet. The same objects until they change. */
  readonly messages: readonly Message<Data>[];
  /** Whether there are older ones that `loadMore` would show. */
  readonly hasMore: boolean;
  /** Whether a page is on its way. */
  readonly isLoading: boolean;
  /** Why the last page or change failed; `null` after one that succeeded. */
  readonly error: DormouseError | null;
}
