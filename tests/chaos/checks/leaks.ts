// What the server prints shows no token, and no secret of its configuration.
import type { Printed } from "../history.ts";
import type { Found } from "../violation.ts";

/** A JWT begins with the base64 of `{"`. Words of ours do not: they are not that long. */
const TOKEN = /eyJ[\w-]{8,}/;

/** Names the lines; what they show is not said again. */
export function checkPrinted({ lines, secrets }: Printed, found: Found): void {
  lines.forEach((line, at) => {
    if (TOKEN.test(line)) found("leaked", `line ${at + 1} shows a token`);
    for (const [name, secret] of Object.entries(secrets)) {
      if (line.includes(secret)) found("leaked", `line ${at + 1} shows ${name}`);
    }
  });
}
