// A text that is edited together, in a field.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Dormouse } from "../../src/index.ts";
import { DormouseProvider, useDocument, useRoom } from "../../src/react/index.ts";

const asked = new URLSearchParams(location.search);
const client = new Dormouse({ url: asked.get("url") ?? "", token: asked.get("token") });

function Pad() {
  const { ref, isJoined, isSaved, participants, error } = useDocument(useRoom("collaboration:pad"), "notes");
  const names = participants.map((it) => it.user).join(", ");
  return (
    <>
      <textarea ref={ref} aria-label="Notes" />
      <output>{error ? error.code : isJoined ? `${names}: ${isSaved ? "saved" : "saving"}` : "…"}</output>
    </>
  );
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <DormouseProvider client={client}>
        <Pad />
      </DormouseProvider>
    </StrictMode>,
  );
}
