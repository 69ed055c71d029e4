// Rendering in Node, where there is neither a document nor a reason for a socket.
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import { Dormouse } from "../../src/index.ts";
import {
  DormouseProvider,
  useConnection,
  useMessages,
  useMetric,
  usePresence,
  useRoom,
  useTyping,
} from "../../src/react/index.ts";

/** What only a browser has, or what would go out to somebody. */
const GLOBALS = ["WebSocket", "document", "window", "navigator", "localStorage", "sessionStorage", "fetch"];

function Page() {
  const room = useRoom("chat:demo");
  const { phase } = useConnection(room);
  const { messages, isLoading } = useMessages(room);
  const { users } = usePresence(room, { mood: "fine" });
  const { typing } = useTyping(room);
  const { value } = useMetric(room, "load");
  return <p>{JSON.stringify([phase, messages, isLoading, users, typing, value])}</p>;
}

test("a server renders what nobody has connected for, and touches no globals", () => {
  const touched: string[] = [];
  const before = GLOBALS.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const name of GLOBALS) {
    const get = () => void touched.push(name);
    Object.defineProperty(globalThis, name, { configurable: true, get });
  }
  let html: string;
  try {
    const client = new Dormouse({ url: "https://example.com", token: "t" });
    html = renderToString(
      <DormouseProvider client={client}>
        <Page />
      </DormouseProvider>,
    );
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  }
  expect(html).toBe("<p>[&quot;idle&quot;,[],true,0,[],null]</p>");
  expect(touched).toEqual([]);
});
