// A room in StrictMode, in React's development build, where effects run twice.
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { Dormouse } from "../../src/index.ts";
import { DormouseProvider, useConnection, useMessages, usePresence, useRoom } from "../../src/react/index.ts";

const asked = new URLSearchParams(location.search);
const client = new Dormouse({ url: asked.get("url") ?? "", token: asked.get("token") });

function Status() {
  const { phase } = useConnection(useRoom("chat:strict"));
  const { users } = usePresence(useRoom("chat:strict"));
  return <output>{`${phase}, ${users} here`}</output>;
}

function Chat() {
  const { messages, send } = useMessages<{ content: string }>(useRoom("chat:strict"));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const field = event.currentTarget.elements.namedItem("content") as HTMLInputElement;
        send({ content: field.value });
        field.value = "";
      }}
    >
      <input name="content" aria-label="Message" />
      <ul>
        {messages.map((it) => (
          <li key={it.key}>{it.data.content}</li>
        ))}
      </ul>
    </form>
  );
}

function App() {
  const [isShown, show] = useState(true);
  return (
    <>
      <button type="button" onClick={() => show(!isShown)}>
        {isShown ? "Hide" : "Show"}
      </button>
      {isShown && <Status />}
      {isShown && <Chat />}
    </>
  );
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <DormouseProvider client={client}>
        <App />
      </DormouseProvider>
    </StrictMode>,
  );
}
