// A loader for next/image. It runs in browsers, so it has no secret: with { signed: true }
// the src of a picture is what Signer.source() gives on the server.
import { Thumbery } from "./index.js";

/** @param {import("./next.js").LoaderSettings} [settings] */
export function nextLoader({ ops = "f_auto", ...settings } = {}) {
  const thumbery = new Thumbery(settings);
  // In development, next/image tries each loader with the width of the component and q_75,
  // which need not be in the scope. Of what it shows, the server refuses what is outside.
  thumbery.permit = () => {};
  return ({ src, width, quality }) =>
    thumbery.atWidth(quality ? `${ops},q_${quality}` : ops, src.replace(/^\//, ""), width);
}
