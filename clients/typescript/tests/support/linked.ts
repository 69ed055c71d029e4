// A link over sockets in the test's hands.
import {
  BackoffStrategy,
  type Dialect,
  DormouseError,
  Link,
  type LinkOptions,
  type Phase,
} from "../../src/index.ts";
import { settle, world } from "./clock.ts";

/** A protocol with a hello, answers by id, and renewal of the token. */
export const dialect: Dialect = {
  address: ({ token }) => ({ url: `ws://test/?token=${encodeURIComponent(token ?? "")}` }),
  hello: "hello",
  idOf: (frame) => frame.id as string | undefined,
  answer: (frame) =>
    frame.type === "ack"
      ? { id: String(frame.id), value: frame }
      : frame.type === "error" && frame.id
        ? { id: String(frame.id), error: new DormouseError(String(frame.code), "refused", frame as object) }
        : undefined,
  verdict: (frame) =>
    frame.type === "closing"
      ? { action: "retry", kind: "server_error", reason: "told", afterMs: frame.after_ms as number }
      : frame.type === "reauth"
        ? { action: "renew", kind: "handshake", reason: "expired" }
        : undefined,
  renewal: (token, id) => ({ type: "auth", id, token }),
};

/** Delays of 1 s, without jitter, as often as is asked. */
const steady = () => new BackoffStrategy({ baseDelaysMs: [1000] });

export function linked(options: LinkOptions = {}, words: Dialect = dialect) {
  const around = world();
  const link = new Link(words, { ...around.environment, backoff: steady(), ...options });
  const phases: Phase[] = [link.phase];
  link.on("state", ({ phase }) => {
    if (phases.at(-1) !== phase) phases.push(phase);
  });
  const open = async () => {
    await settle();
    around.socket().opens();
    around.socket().says({ type: "hello" });
  };
  return { ...around, link, phases, open };
}
