import { Settings, Thumbery } from "./index.js";

export { placeholder } from "./index.js";

export interface SignerSettings extends Omit<Settings, "signed"> {
  /** "KID:SECRET", one of the server's --key. */
  key: string;
  /** How many seconds URLs are valid; 0 is for ever. */
  expires?: number;
  /** Is signed in place of the options: "presets", "sizes", or a list such as "320x~640x,~dpr_2,f_auto". */
  scope?: string;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** Makes signed URLs, on a server. At the edge, where there is no node:crypto, it has only source(). */
export class Signer extends Thumbery {
  constructor(settings: SignerSettings);
  /** What a browser makes URLs of, by new Thumbery({ signed: true }). A promise at the edge. */
  source(key: string): string;
}
