// A chat: history, optimistic sends, edits, reactions, presence and typing, in one room.
import { Dormouse } from "@dormouse/client";
import { WebSocketDiagnosticsWrapper } from "@dormouse/client/diagnostics/react";
import { DormouseProvider, useMessages, usePresence, useRoom, useTyping } from "@dormouse/client/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { room as asked, server, token } from "../shared/asked.ts";
import { Composer } from "./Composer.tsx";
import { Header } from "./Header.tsx";
import { Log } from "./Log.tsx";
import type { Said } from "./said.ts";

const client = new Dormouse({ url: server, token });

function Chat() {
  const room = useRoom(asked("chat:demo"));
  const list = useMessages<Said>(room);
  const { members } = usePresence(room);
  const { typing, setTyping } = useTyping(room);
  const nameOf = (user: string) => members.find((it) => it.user === user)?.name ?? user;
  const say = (content: string) => {
    list.send({ content });
    setTyping(false);
  };
  return (
    <main>
      <Header room={room} members={members} />
      <Log list={list} user={room.user} nameOf={nameOf} />
      <p className="typing" aria-live="polite">
        {typing.length > 0 &&
          `${typing.map(nameOf).join(", ")} ${typing.length === 1 ? "is" : "are"} typing…`}
      </p>
      <Composer say={say} setTyping={setTyping} />
      <WebSocketDiagnosticsWrapper of={room} />
    </main>
  );
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <DormouseProvider client={client}>
        <Chat />
      </DormouseProvider>
    </StrictMode>,
  );
}
