// Signs with WebCrypto, where there is no node:crypto: in workers at the edge. WebCrypto
// answers later, so that here is only source(), of which Thumbery makes URLs at once.
import { checkKey } from "./index.js";
import { checkScope, parseKey, message, segment } from "./message.js";

export { placeholder } from "./index.js";

export class Signer {
  #key;

  /** @param {import("./sign.js").SignerSettings} settings */
  constructor({ key, expires = 0, scope = "", now = Date.now }) {
    if (!scope) throw new RangeError("without node:crypto, only a scope can be signed");
    this.#key = parseKey(key);
    Object.assign(this, { expires, scope: checkScope(scope), now });
  }

  /** What a browser makes URLs of: the signature for the scope, and the key. */
  async source(key) {
    checkKey(key);
    const { subtle } = globalThis.crypto;
    const bytes = (s) => new TextEncoder().encode(s);
    const { covered, ...rest } = message(this, "", key);
    const secret = await subtle.importKey("raw", bytes(this.#key.secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const mac = new Uint8Array(await subtle.sign("HMAC", secret, bytes(covered)));
    const base64 = btoa(String.fromCharCode(...mac)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    return segment(this.#key.id, base64, rest) + "/" + key;
  }
}
