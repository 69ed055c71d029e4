// The entry "./messages": what a room says as a list that can be shown, for any framework.
export { type MessageOptions, Messages, messagesOf } from "./list.ts";
export type { Message, MessagesState } from "./types.ts";
