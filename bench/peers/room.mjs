// The room that every peer but `raw` keeps: parse, stamp, store, say. One text for all of
// them, so that what differs between two peers is how they hold their sockets. It does
// what Dormouse's chat does to a message and none of the rest: no tokens, no limits, no
// presence, no resends.

/** Who everybody is: peers do not look at tokens. */
const USER = "test";

/** What one message causes: a frame, and who gets it. */
const to = (audience, frame) => ({ audience, frame });

export class Room {
  #log;
  #head;

  constructor(log) {
    this.#log = log;
    this.#head = log.head();
  }

  /** Takes a message as text, and gives the frame as text. */
  receive(message) {
    const { audience, frame } = this.handle(JSON.parse(message));
    return { audience, text: JSON.stringify(frame) };
  }

  handle({ type, id, data }) {
    const timestamp = new Date().toISOString();
    switch (type) {
      case "message":
        return to("all", this.#say(data.content, timestamp));
      case "typing":
        return to("others", {
          type: "typing",
          id: `typing_${crypto.randomUUID()}`,
          timestamp,
          data: { userId: USER, isTyping: data.isTyping },
        });
      case "history":
        return to("sender", { type: "history", id, timestamp, data: this.#page(data.limit, data.before) });
      case "ping":
        return to("sender", { type: "pong", id, timestamp });
      default:
        return to("sender", {
          type: "error",
          id,
          timestamp,
          error: "unknown type",
          code: "UNKNOWN_MESSAGE_TYPE",
        });
    }
  }

  #say(content, timestamp) {
    const id = `message_${crypto.randomUUID()}`;
    const offset = ++this.#head;
    this.#log.append({ offset, id, timestamp, author: USER, content });
    return { type: "message", id, timestamp, data: spoken({ offset, id, timestamp, author: USER, content }) };
  }

  #page(limit = 50, before = this.#head + 1) {
    // One more than asked for, to know whether there are more.
    const rows = this.#log.before(before, limit + 1);
    const hasMore = limit < rows.length;
    const messages = rows.slice(0, limit).reverse().map(spoken);
    return { messages, hasMore, nextBefore: hasMore ? messages[0].offset : null, offset: this.#head };
  }
}

const spoken = ({ offset, id, timestamp, author, content }) => ({
  id,
  content,
  messageType: "text",
  author,
  authorId: author,
  timestamp,
  offset,
});
