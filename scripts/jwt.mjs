// Tokens for development, signed with the secret in .dev.vars.
import { readFileSync } from "node:fs";
import { SignJWT } from "jose";

/** The value of a development variable, or undefined. */
export function developmentVariable(name) {
  const line = new RegExp(`^\\s*${name}\\s*=\\s*"?([^"\\n]*)"?`, "m");
  return line.exec(readFileSync(".dev.vars", "utf8"))?.[1]?.trim();
}

/** A token for `claims`, good for `lifetime` ("12h", "30 days", …). */
export function mint(claims, { secret = developmentVariable("JWT_SECRET"), lifetime = "24h" } = {}) {
  const token = new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" });
  return token.setIssuedAt().setExpirationTime(lifetime).sign(new TextEncoder().encode(secret));
}
