/** What a message of a chat room says. */
export interface Said {
  content: string;
}
