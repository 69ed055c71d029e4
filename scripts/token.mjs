// npm run token -- --sub alice --context demo [--name Alice] [--role service] [--lifetime 24h]
//                  [--caps '[{"room":"chat:team-*","can":["join"]}]'] [--secret <production's>]
import { parseArgs } from "node:util";
import { mint } from "./jwt.mjs";

const text = { type: "string" };
const { values } = parseArgs({
  options: {
    sub: text,
    name: text,
    role: text,
    caps: text,
    lifetime: text,
    secret: text,
    context: { ...text, multiple: true },
  },
});
if (!values.sub) {
  console.error("Usage: npm run token -- --sub alice --context demo");
  process.exit(2);
}
const { sub, name, role, lifetime, secret, context = [] } = values;
const claims = { sub, name, role, contexts: context, caps: values.caps && JSON.parse(values.caps) };
console.log(await mint(JSON.parse(JSON.stringify(claims)), { lifetime, secret }));
