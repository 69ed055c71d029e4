// What was said. It stays at the end while one is there, and where one reads while older messages come.
import type { MessageList } from "@dormouse/client/react";
import { useCallback, useEffect, useLayoutEffect, useRef } from "react";
import { Bubble } from "./Bubble.tsx";
import type { Said } from "./said.ts";

interface Props {
  list: MessageList<Said>;
  user: string | undefined;
  nameOf: (user: string) => string;
}

/** Messages of one person that follow one another so closely are shown as one. */
const TOGETHER_MS = 300_000;

export function Log({ list, user, nameOf }: Props) {
  const { messages, hasMore, isLoading, loadMore } = list;
  const log = useRef<HTMLDivElement>(null);
  /** How far the view is from the end, as it was last. */
  const fromEnd = useRef(0);
  const stay = useCallback(() => {
    const it = log.current;
    if (it) it.scrollTop = it.scrollHeight - it.clientHeight - fromEnd.current;
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the place is set after each change of the list
  useLayoutEffect(stay, [messages]);
  useEffect(() => {
    // A window that is turned, a keyboard that is shown.
    const observer = new ResizeObserver(stay);
    if (log.current) observer.observe(log.current);
    return () => observer.disconnect();
  }, [stay]);
  const scrolled = () => {
    const it = log.current;
    if (!it) return;
    fromEnd.current = it.scrollHeight - it.clientHeight - it.scrollTop;
    if (fromEnd.current < 40) fromEnd.current = 0;
    if (it.scrollTop < 200 && hasMore && !isLoading) void loadMore();
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div ref={log} className="log" role="log" aria-label="Messages" tabIndex={0} onScroll={scrolled}>
      {isLoading && <p className="note">Loading…</p>}
      {!isLoading && !messages.length && <p className="note">Nobody has said anything yet.</p>}
      {messages.map((message, at) => {
        const before = messages[at - 1];
        const isMore =
          before !== undefined && before.user === message.user && message.at - before.at < TOGETHER_MS;
        return (
          <Bubble
            key={message.key}
            message={message}
            isOwn={message.user === user}
            isMore={isMore}
            name={message.name ?? nameOf(message.user ?? "")}
            list={list}
          />
        );
      })}
    </div>
  );
}
