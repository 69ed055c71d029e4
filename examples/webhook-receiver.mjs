// A receiver of Dormouse's webhooks, in Node and without a dependency:
//
//   WEBHOOK_SECRET=… PORT=8788 node examples/webhook-receiver.mjs
//
// It verifies who calls and when that was, takes each event once, in the order of its room, and
// prints it as a line of JSON. See docs/OPERATIONS.md, "Webhooks".
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const SECRET = process.env.WEBHOOK_SECRET ?? "";
const PORT = Number(process.env.PORT ?? 8788);

/** The longest event is 1 MiB, and goes alone. */
const BODY_BYTES_MAX = 2 << 20;
/** How old a signature may be, in seconds: an older call is one that somebody recorded. */
const AGE_S_MAX = 300;
/** Events that are remembered. What is told again was told a short while ago. */
const SEEN_MAX = 100_000;

/**
 * The ids of events that were taken. Here they are in memory; where an event leads to something
 * that lasts, keep its id with that, in one transaction.
 */
const seen = new Set();

/** Whether the body was signed with our secret, a short while ago. */
function isSigned(headers, body) {
  const timestamp = headers["x-dormouse-timestamp"] ?? "";
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) < AGE_S_MAX)) return false;
  const hmac = createHmac("sha256", SECRET).update(`${timestamp}.`).update(body);
  const expected = Buffer.from(`sha256=${hmac.digest("hex")}`);
  const shown = Buffer.from(headers["x-dormouse-signature"] ?? "");
  return expected.length === shown.length && timingSafeEqual(expected, shown);
}

/** What is to be done with an event. Whatever throws here has the event told again. */
function take(event) {
  console.log(JSON.stringify(event));
}

/** The whole body, or nothing if it is too long. */
async function read(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (BODY_BYTES_MAX < bytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function statusOf(request) {
  if (request.method !== "POST") return 405;
  const body = await read(request);
  if (!body) return 413;
  if (!isSigned(request.headers, body)) return 401;
  for (const event of JSON.parse(body.toString()).events) {
    if (seen.has(event.id)) continue;
    take(event);
    // Afterwards: should this process end in between, the event is told again.
    seen.add(event.id);
    if (SEEN_MAX < seen.size) seen.delete(seen.values().next().value);
  }
  return 204;
}

if (SECRET.length < 32) throw new Error("WEBHOOK_SECRET must have 32 bytes or more");
const server = createServer(async (request, response) => {
  const status = await statusOf(request).catch((error) => {
    console.error(error);
    return 500;
  });
  response.writeHead(status).end();
});
server.listen(PORT, "127.0.0.1", () => console.error(`listening on port ${server.address().port}`));
