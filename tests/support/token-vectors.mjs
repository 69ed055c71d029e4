// Writes tests/native/tokens.json: public keys, and tokens that `jose` and Node have signed with their
// private halves, which nobody keeps. `node tests/support/token-vectors.mjs`
import { constants, createHash, generateKeyPairSync, privateEncrypt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { exportJWK, SignJWT } from "jose";

/** 2024-01-01T12:00:00Z, the noon of the native tests. */
const NOON = 1_704_110_400;
const CLAIMS = { sub: "ann", contexts: ["x"], iat: NOON - 60, exp: NOON + 3600 };

const base64url = (value) => Buffer.from(value).toString("base64url");

async function pair(alg, kid, type, options) {
  const { publicKey, privateKey } = generateKeyPairSync(type, options);
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: "sig" };
  const sign = (claims = CLAIMS, header = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg, kid, typ: "JWT", ...header }).sign(privateKey);
  return { jwk, sign, publicKey, privateKey };
}

const pairs = {
  es256: await pair("ES256", "ec", "ec", { namedCurve: "P-256" }),
  eddsa: await pair("EdDSA", "ed", "ed25519"),
  rs256: await pair("RS256", "rsa", "rsa", { modulusLength: 2048 }),
  rs3072: await pair("RS256", "rsa3072", "rsa", { modulusLength: 3072 }),
  rs2056: await pair("RS256", "rsa2056", "rsa", { modulusLength: 2056 }),
  rs4096: await pair("RS256", "rsa4096", "rsa", { modulusLength: 4096 }),
};
const others = {
  short: await pair("RS256", "short", "rsa", { modulusLength: 1536 }),
  long: await pair("RS256", "long", "rsa", { modulusLength: 4104 }),
  odd: await pair("RS256", "odd", "rsa", { modulusLength: 2048, publicExponent: 3 }),
};

/** Signatures of RSA whose padding is not what it must be, made with the private key itself. */
const message = `${base64url(JSON.stringify({ alg: "RS256", kid: "rsa" }))}.${base64url(JSON.stringify(CLAIMS))}`;
const digest = createHash("sha256").update(message).digest();
const info = Buffer.from("3031300d060960864801650304020105000420", "hex");
const raw = (block) =>
  privateEncrypt({ key: pairs.rs256.privateKey, padding: constants.RSA_NO_PADDING }, block).toString(
    "base64url",
  );
const padded = (tail, first = [0, 1], fill = 0xff) =>
  Buffer.concat([
    Buffer.from(first),
    Buffer.alloc(256 - first.length - 1 - tail.length, fill),
    Buffer.from([0]),
    tail,
  ]);
const whole = Buffer.concat([info, digest]);
const short = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(8, 0xff), Buffer.from([0]), whole]);
const withoutNull = Buffer.from("302f300b0609608648016503040201", "hex");
const blocks = {
  good: padded(whole),
  "padding of zeros": padded(whole, [0, 1], 0),
  "block type 2": padded(whole, [0, 2]),
  "garbage behind the digest": Buffer.concat([short, Buffer.alloc(256 - short.length, 0x41)]),
  "digest info without NULL": padded(Buffer.concat([withoutNull, Buffer.from("0420", "hex"), digest])),
  "digest alone": padded(digest),
  "digest info of another hash": padded(Buffer.concat([Buffer.from(info).fill(4, 14, 15), digest])),
};
const forged = Object.fromEntries(
  Object.entries(blocks).map(([name, block]) => [name, `${message}.${raw(block)}`]),
);

const pem = pairs.rs256.publicKey.export({ type: "spki", format: "pem" });
const confused = new SignJWT(CLAIMS).setProtectedHeader({ alg: "HS256", kid: "rsa" });

const out = {
  keys: Object.fromEntries(Object.entries({ ...pairs, ...others }).map(([name, it]) => [name, it.jwk])),
  private: await exportJWK(pairs.es256.privateKey),
  private_rsa: await exportJWK(others.odd.privateKey),
  good: Object.fromEntries(
    await Promise.all(Object.entries(pairs).map(async ([name, it]) => [name, await it.sign()])),
  ),
  renamed: await pairs.es256.sign(CLAIMS, { kid: "new" }),
  nameless: await pairs.es256.sign(CLAIMS, { kid: undefined }),
  forged,
  pem,
  confused: await confused.sign(new TextEncoder().encode(pem)),
};
writeFileSync("tests/native/tokens.json", `${JSON.stringify(out, null, 1)}\n`);
