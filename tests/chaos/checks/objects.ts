// Large data: what was received is there, byte for byte, until it is deleted.
import type { LargeObject } from "../history.ts";
import type { Found } from "../violation.ts";

export function checkObject({ id, sha256, state, found }: LargeObject, violated: Found): void {
  const isServed = found !== undefined && /^[0-9a-f]{64}$/.test(found);
  if (isServed && found !== sha256) violated("diverged", `${id} is served with other bytes than were sent`);
  if (state === "acked" && !isServed) violated("lost", `${id} was received, and a request is told ${found}`);
  if (state === "deleted" && found !== "NOT_FOUND") {
    violated("undeleted", `${id} was deleted, and a request is told ${found}`);
  }
  if (state === "open") violated("unanswered", `not all of ${id} was received`);
  if (state === "deleting") violated("unanswered", `the deletion of ${id} has no answer`);
}
