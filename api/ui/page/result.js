// result.js shows what the server makes of a path.

import { el, fill, newID } from "./dom.js";
import { asks, decode, fetchPicture, format, showBlob } from "./picture.js";
import { ServerError } from "./request.js";
import { bytes, milliseconds, pixels } from "./text.js";

// facts is a list of names and values.
export const facts = (all) => el("dl", { class: "facts" }, all.filter(([, value]) => value).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));

// resultView has element, load(path, signal), outdated() for what is shown while there is no
// newer one, unsigned(command), and compareSizes() for when the original is known, too. again
// is called when it is to be loaded anew; originalBytes says how large the original is, if
// that is known.
export function resultView(again, originalBytes) {
  const img = el("img", { alt: "" });
  const text = el("pre", { class: "json", hidden: true, tabindex: 0 });
  const caption = el("figcaption", { "aria-live": "polite" });
  const savings = el("span", {});
  let latest = null;
  const id = newID("ask");
  const ask = el("select", { id, change: again }, Object.keys(asks).map((name) => el("option", {}, name)));
  const element = el("figure", { class: "picture result" },
    el("div", { class: "head" }, el("h2", {}, "Result"), el("label", { class: "ask", for: id }, "Browser ", ask)),
    el("div", { class: "frame" }, el("div", { class: "surface" }, img, text)), caption);

  async function load(path, signal) {
    element.classList.add("loading");
    try {
      const result = await fetchPicture(path, { signal, accept: asks[ask.value] });
      await draw(result, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ServerError)) throw error;
      await nothing(el("p", { class: "problem" }, error.message));
    } finally {
      if (!signal.aborted) element.classList.remove("loading", "outdated");
    }
  }

  async function draw(result, signal) {
    const isText = result.type.startsWith("application/json");
    const [bitmap, said] = isText ? [null, await result.blob.text()] : [await decode(result.blob), ""];
    if (signal.aborted) return;
    text.hidden = !isText;
    img.hidden = isText;
    if (isText) text.textContent = JSON.stringify(JSON.parse(said), shortened, 2);
    await showBlob(img, bitmap ? result.blob : null);
    if (signal.aborted) return;
    latest = result;
    compareSizes();
    img.alt = bitmap ? "The result" : "";
    fill(caption, facts([
      ["Pixels", bitmap && pixels(bitmap.width, bitmap.height)], ["Format", format(result.type)], ["Bytes", bytes(result.bytes)],
      ["Time", milliseconds(result.took)], ["Cache", result.cache],
    ]), bitmap || isText ? null : el("p", { class: "note" }, "This browser does not show this format."),
    el("p", { class: "note" }, savings, steps(result.steps)));
    bitmap?.close();
  }

  function compareSizes() {
    if (!latest) return;
    const all = originalBytes();
    const smaller = latest.type.startsWith("image/") && all > latest.bytes;
    savings.textContent = smaller ? `${Math.round((1 - latest.bytes / all) * 100)}% smaller than the original. ` : "";
  }

  async function nothing(...why) {
    text.hidden = true;
    img.hidden = true;
    await showBlob(img, null);
    fill(caption, why);
  }

  return {
    element, load, compareSizes,
    outdated: () => element.classList.add("outdated"),
    unsigned: (command) => nothing(
      el("p", {}, "This server serves signed URLs only, and this listener may not sign: start the server with --admin-token, or sign in a terminal:"),
      el("pre", {}, command)),
  };
}

const steps = (all) => (all.length > 0 ? `In the server: ${all.map(([name, ms]) => `${name} ${milliseconds(ms)}`).join(", ")}.` : null);

const shortened = (_, value) => (typeof value === "string" && value.length > 120 ? `${value.slice(0, 120)}…` : value);
