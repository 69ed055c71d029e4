// What the server prints shows no token, no secret of its configuration, and nothing of what was said.
import type { Printed } from "../history.ts";
import type { Found } from "../violation.ts";

/** A JWT begins with the base64 of `{"`. Words of ours do not: they are not that long. */
const TOKEN = /eyJ[\w-]{8,}/;

/** What callers say, and whatever else looks like that. */
const SAID = /[\w.=-]+-\d+\.|[\w.-]+=\d+\./g;

/** Names the lines; what they show is not said again. */
export function checkPrinted({ lines, secrets, said }: Printed, found: Found): void {
  const texts = new Set(said);
  lines.forEach((line, at) => {
    if (line.match(SAID)?.some((it) => texts.has(it))) found("leaked", `line ${at + 1} shows what was said`);
    if (TOKEN.test(line)) found("leaked", `line ${at + 1} shows a token`);
    for (const [name, secret] of Object.entries(secrets)) {
      if (line.includes(secret)) found("leaked", `line ${at + 1} shows ${name}`);
    }
  });
}
