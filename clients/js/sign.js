// Signs URLs, with a secret that must not reach a browser.
import { createHmac } from "node:crypto";
import { checkKey, checkOptions, Thumbery } from "./index.js";
import { checkScope, parseKey, message, segment } from "./message.js";

export { placeholder } from "./index.js";

export class Signer extends Thumbery {
  #key;

  /** @param {import("./sign.js").SignerSettings} settings */
  constructor({ key, expires = 0, scope = "", now = Date.now, ...settings }) {
    super(settings);
    this.#key = parseKey(key);
    Object.assign(this, { expires, scope: checkScope(scope), now });
  }

  /** What a browser makes URLs of: the signature for the scope, and the key. */
  source(key) {
    if (!this.scope) throw new RangeError("without a scope, each URL is signed by itself");
    checkKey(key);
    return this.#sign("", key) + "/" + key;
  }

  /** @protected */
  signature(ops, key) {
    checkOptions(this.scope, ops, this.presets);
    return this.#sign(ops, key);
  }

  #sign(ops, key) {
    const { covered, ...rest } = message(this, ops, key);
    return segment(this.#key.id, createHmac("sha256", this.#key.secret).update(covered).digest("base64url"), rest);
  }
}
