// Issuers of tokens, as they are on the net: keys at an address, and tokens signed by `jose`. And those
// that answer with something else.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

export type Signer = {
  jwk: JWK;
  sign: (claims: object, header?: object, lifetime?: string) => Promise<string>;
};

/** A pair of keys with a name. */
export async function signer(kid: string, alg = "ES256"): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: "sig" };
  const sign = (claims: object, header: object = {}, lifetime = "1h") =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg, kid, ...header })
      .setIssuedAt()
      .setExpirationTime(lifetime)
      .sign(privateKey);
  return { jwk, sign };
}

/** What is answered when keys are asked for. */
export type Answer = (response: ServerResponse, path: string) => void;

export const keysOf =
  (...signers: Signer[]): Answer =>
  (response) =>
    response
      .writeHead(200, { "Content-Type": "application/json" })
      .end(JSON.stringify({ keys: signers.map((it) => it.jwk) }));

/** A server with keys at `/jwks.json`, and whatever else at other paths. */
export class Issuer {
  /** The paths that were asked for, in order. */
  readonly asked: string[] = [];
  answer: Answer = keysOf();
  #server = createServer((request, response) => {
    this.asked.push(request.url ?? "");
    this.answer(response, request.url ?? "");
  });

  static async start(answer?: Answer): Promise<Issuer> {
    const issuer = new Issuer();
    if (answer) issuer.answer = answer;
    await new Promise<void>((done) => issuer.#server.listen(0, "127.0.0.1", done));
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks.json`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
