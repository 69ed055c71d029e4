// The last value of a metric, twice.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Dormouse } from "../../src/index.ts";
import { DormouseProvider, useMetric, useRoom } from "../../src/react/index.ts";

const asked = new URLSearchParams(location.search);
const client = new Dormouse({ url: asked.get("url") ?? "", token: asked.get("token") });

function Load() {
  const { value } = useMetric(useRoom("analytics:plant"), "load");
  return <output>{String(value)}</output>;
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <DormouseProvider client={client}>
        <Load />
        <Load />
      </DormouseProvider>
    </StrictMode>,
  );
}
