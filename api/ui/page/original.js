// original.js shows the original, on which a person draws a crop or chooses a focal point.

import { el, fill, newID } from "./dom.js";
import { encodeKey } from "./path.js";
import { fetchPicture, showBlob } from "./picture.js";
import { resolve } from "./request.js";
import { facts } from "./result.js";
import { bytes, milliseconds, pixels } from "./text.js";

const shown = ["jpeg", "png", "webp", "gif", "avif"]; // by every browser, and with no scripts in them
const largest = 8e6; // bytes of an original that is shown as it is

// originalView has element, load(key), and bytes() of the original once it is known, and
// mark(values), which draws the crop and the focal point that options have. chosen gets values of options.
export function originalView(about, chosen) {
  const img = el("img", { alt: "", draggable: "false" });
  const caption = el("figcaption", {});
  const area = el("div", { class: "area", hidden: true });
  const point = el("div", { class: "point", hidden: true });
  const surface = el("div", { class: "surface" }, img, area, point);
  const tools = toolChoice();
  const element = el("figure", { class: "picture original" },
    el("div", { class: "head" }, el("h2", {}, "Original"), tools.element),
    el("div", { class: "frame" }, surface), caption);
  let key = null;
  let loading = null;
  let size = null; // of the original, in its pixels
  let marked = {};
  const markAgain = () => mark(marked, size, area, point);

  tools.changed = (tool) => { surface.dataset.tool = tool; };
  surface.dataset.tool = "none";
  dragging(surface, () => surface.dataset.tool, {
    crop: (box) => size && chosen({ crop: cropOf(box, size) }),
    focus: (at) => chosen({ fp: `${round(at.x)}_${round(at.y)}`, g: undefined }),
    drawing: (box) => place(area, box),
    dropped: markAgain,
  });

  function load(wanted) {
    if (wanted === key) return loading;
    [key, size] = [wanted, null];
    markAgain();
    return loading = show(wanted);
  }

  async function show(wanted) {
    try {
      const info = await described(about, wanted);
      const source = await preview(about, wanted, info);
      if (key !== wanted) return;
      await showBlob(img, source.blob);
      if (key !== wanted) return;
      size = info;
      markAgain();
      img.alt = `The original of ${wanted}`;
      fill(caption, facts([
        ["Pixels", pixels(info.width, info.height)], ["Format", info.format], ["Bytes", bytes(info.bytes)],
        ["Time", milliseconds(source.took)], ["Cache", source.cache],
      ]), source.scaled ? el("p", { class: "note" }, "Shown smaller than it is, as this browser cannot show it, or it is large.") : null);
    } catch (error) {
      if (key !== wanted) return;
      [key, size] = [null, null];
      showBlob(img, null);
      fill(caption, el("p", { class: "note" }, error.message));
    }
  }

  return { element, load, bytes: () => size?.bytes, mark: (values) => { marked = values; markAgain(); } };
}

function toolChoice() {
  const name = newID("tool");
  const choice = { changed() {} };
  const radio = (value, title, checked) => el("label", {}, el("input", { type: "radio", name, value, checked, change: () => choice.changed(value) }), el("span", {}, title));
  choice.element = el("fieldset", { class: "tools" }, el("legend", { class: "unseen" }, "Choose on the original"),
    radio("none", "Look", true), radio("crop", "Drag a crop"), radio("focus", "Click a focal point"));
  return choice;
}

async function described(about, key) {
  const { blob } = await fetchPicture((await resolve(`info/${key}`)).signed);
  return JSON.parse(await blob.text());
}

async function preview(about, key, info) {
  const { sizes, presets_only: presetsOnly } = about.limits;
  const raw = presetsOnly || (shown.includes(info.format) && info.bytes <= largest);
  const ops = raw ? "raw" : sizes.length > 0 ? `${Math.max(...sizes)}x,f_auto` : "1280x1280,fit_inside,f_auto";
  return { ...await fetchPicture((await resolve(`${ops}/${key}`)).signed), scaled: !raw };
}

const round = (x) => Math.round(Math.min(1, Math.max(0, x)) * 100) / 100;

// cropOf is a box in fractions as the crop option has it, in pixels of the original.
function cropOf(box, size) {
  const x = Math.round(box.x * size.width);
  const y = Math.round(box.y * size.height);
  return [x, y, Math.max(1, Math.round((box.x + box.width) * size.width) - x), Math.max(1, Math.round((box.y + box.height) * size.height) - y)].join("_");
}

// place puts an element over a picture: box is in fractions of it.
function place(node, box) {
  node.hidden = !box;
  if (!box) return;
  for (const [property, value] of [["left", box.x], ["top", box.y], ["width", box.width], ["height", box.height]]) {
    if (value !== undefined) node.style[property] = `${value * 100}%`;
  }
}

function mark(values, size, area, point) {
  const [x, y] = (values.fp ?? "").split("_").map(Number);
  place(point, values.fp ? { x, y } : null);
  const lengths = values.crop?.split("_");
  const fraction = (text, side) => (text.endsWith("p") ? parseFloat(text) / 100 : Number(text) / side);
  place(area, lengths && size ? {
    x: fraction(lengths[0], size.width), y: fraction(lengths[1], size.height),
    width: fraction(lengths[2], size.width), height: fraction(lengths[3], size.height),
  } : null);
}

// dragging calls focus with where a surface is clicked, and crop with the box that is drawn
// on it, drawing while that is done, dropped if that box is none. All are in fractions of
// the surface.
function dragging(surface, tool, { crop, focus, drawing, dropped }) {
  let from = null;
  const at = (event) => {
    const box = surface.getBoundingClientRect();
    const within = (x) => Math.min(1, Math.max(0, x));
    return { x: within((event.clientX - box.left) / box.width), y: within((event.clientY - box.top) / box.height) };
  };
  const boxTo = (to) => ({ x: Math.min(from.x, to.x), y: Math.min(from.y, to.y), width: Math.abs(to.x - from.x), height: Math.abs(to.y - from.y) });
  surface.addEventListener("pointerdown", (event) => {
    if (tool() === "none" || event.button !== 0) return;
    event.preventDefault();
    if (tool() === "focus") return focus(at(event));
    from = at(event);
    surface.setPointerCapture(event.pointerId);
  });
  surface.addEventListener("pointermove", (event) => { if (from) drawing(boxTo(at(event))); });
  surface.addEventListener("pointercancel", () => { from = null; dropped(); });
  surface.addEventListener("pointerup", (event) => {
    if (!from) return;
    const box = boxTo(at(event));
    from = null;
    if (box.width > 0.005 && box.height > 0.005) crop(box);
    else dropped();
  });
}
