// One message, and what can be done with it.
import type { Message } from "@dormouse/client/messages";
import type { MessageList } from "@dormouse/client/react";
import { useState } from "react";
import { hue, initial } from "../shared/people.ts";
import type { Said } from "./said.ts";

interface Props {
  message: Message<Said>;
  isOwn: boolean;
  isMore: boolean;
  name: string;
  list: MessageList<Said>;
}

const REACTIONS = ["👍", "❤️", "😂", "🎉"];

const time = (at: number) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export function Bubble({ message, isOwn, isMore, name, list }: Props) {
  const [isEditing, edit] = useState(false);
  const { key, offset, data, status, edited, deleted, reactions = {}, user = "" } = message;
  const canChange = offset !== undefined && !deleted;
  const classes = ["bubble", isOwn && "own", isMore && "more", status, message.isChanging && "changing"];
  const save = (content: string) => {
    if (offset !== undefined && content !== data.content) void list.edit(offset, { content });
    edit(false);
  };
  return (
    <article className={classes.filter(Boolean).join(" ")}>
      <span className="avatar" style={{ "--hue": hue(user) } as object} aria-hidden="true">
        {initial(name)}
      </span>
      <div className="body">
        <h2>
          {name} <time dateTime={new Date(message.at).toISOString()}>{time(message.at)}</time>
        </h2>
        {isEditing ? <Edit content={data.content} save={save} cancel={() => edit(false)} /> : null}
        {!isEditing && <p>{deleted ? <em>deleted</em> : data.content}</p>}
        <footer>
          {edited && !deleted && <small>edited</small>}
          {status === "sending" && <small>sending…</small>}
          {status === "failed" && (
            <small className="failed">
              Not sent: {message.error?.message}{" "}
              <button type="button" className="link" onClick={() => list.retry(key)}>
                Try again
              </button>
              <button type="button" className="link" onClick={() => list.discard(key)}>
                Discard
              </button>
            </small>
          )}
          {Object.entries(reactions).map(([emoji, { count, me }]) => (
            <button
              key={emoji}
              type="button"
              className="reaction"
              aria-pressed={!!me}
              onClick={() => offset !== undefined && list.react(offset, emoji, !me)}
            >
              {emoji} {count}
            </button>
          ))}
        </footer>
      </div>
      {canChange && !isEditing && (
        <div className="actions">
          {REACTIONS.map((emoji) => (
            <button
              key={emoji}
              type="button"
              aria-label={`React with ${emoji}`}
              onClick={() => list.react(offset, emoji, !reactions[emoji]?.me)}
            >
              {emoji}
            </button>
          ))}
          {isOwn && (
            <>
              <button type="button" onClick={() => edit(true)}>
                Edit
              </button>
              <button type="button" onClick={() => list.remove(offset)}>
                Delete
              </button>
            </>
          )}
        </div>
      )}
    </article>
  );
}

function Edit(props: { content: string; save: (content: string) => void; cancel: () => void }) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        props.save(String(new FormData(event.currentTarget).get("content")));
      }}
    >
      <input
        name="content"
        aria-label="Edit the message"
        defaultValue={props.content}
        // biome-ignore lint/a11y/noAutofocus: whoever asked to edit goes on here
        autoFocus
        onKeyDown={(event) => event.key === "Escape" && props.cancel()}
      />
    </form>
  );
}
