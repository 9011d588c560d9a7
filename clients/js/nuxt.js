// A provider for Nuxt Image. It runs in browsers, so it has no secret: with the option
// signed, the src of a picture is what Signer.source() gives on the server.
import { Thumbery } from "./index.js";

/** @param {import("./nuxt.js").ProviderOptions} options */
export function getImage(src, { modifiers = {}, baseURL = "", hosts, presets, signed, key }) {
  const { width, height, quality, format = "auto", ...others } = modifiers;
  const ops = { ...others, w: width, h: height, f: format || undefined, q: quality };
  return { url: new Thumbery({ base: baseURL, hosts, presets, signed, key }).url(ops, src.replace(/^\//, "")) };
}

export default () => ({ getImage });
