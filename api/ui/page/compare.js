// compare.js compares formats and qualities in one row: bytes, time, and where the pixels
// differ from what the encoder was given.

import { el, fill, newID } from "./dom.js";
import { spell } from "./path.js";
import { decode, fetchPicture, showBlob } from "./picture.js";
import { ServerError, resolve } from "./request.js";
import { bytes, milliseconds } from "./text.js";

const most = 16; // variants in a row: each is made by the server
const mostPixels = 4e6; // of pictures whose difference is drawn
const gain = 8; // makes differences visible
const output = ["f", "q", "bytes", "lossless", "progressive"];

// comparison has element and show(answer) of api/url. use gets values of options.
export function comparison(about, form, use) {
  const formats = about.writes.filter((f) => f !== "gif" && f !== "png");
  const boxes = formats.map((f) => el("input", { type: "checkbox", value: f, checked: f !== "jxl" }));
  const qualities = el("input", { id: newID("qualities"), type: "text", inputmode: "numeric", value: "40 60 80", autocomplete: "off" });
  const row = el("ol", { class: "row-of-cards", "aria-label": "Compared", tabindex: 0, hidden: true });
  const status = el("p", { class: "note", "aria-live": "polite" });
  const run = el("button", { type: "submit", class: "primary" }, "Compare");
  let key = null;
  let running = null;

  const element = el("section", { class: "card compare", "aria-labelledby": "compare-title" },
    el("h2", { id: "compare-title" }, "Compare formats and qualities"),
    el("form", { class: "inline", submit: (event) => { event.preventDefault(); start(); } },
      el("fieldset", {}, el("legend", {}, "Formats"), boxes.map((box) => el("label", {}, box, box.value))),
      el("label", { for: qualities.id }, "Qualities ", qualities), run),
    status, row);

  async function start() {
    running?.abort();
    const { signal } = running = new AbortController();
    const wanted = key;
    const base = form.values();
    for (const name of output) delete base[name];
    const ops = (values) => spell(about.options, form.preset(), { ...base, ...values });
    const all = boxes.filter((box) => box.checked).flatMap((box) => numbers(qualities.value).map((q) => ({ f: box.value, q: String(q) }))).slice(0, most);
    fill(row);
    row.hidden = all.length === 0;
    status.textContent = all.length === 0 ? "Choose formats and qualities from 1 to 100." : "The server makes them …";
    try {
      const reference = await pixelsOf(await get(wanted, ops({ f: "png", lossless: "" }), signal));
      const results = [];
      for (const values of all) {
        signal.throwIfAborted();
        const card = new Card(values, () => use({ ...Object.fromEntries(output.map((name) => [name, undefined])), ...values }));
        row.append(card.element);
        try {
          results.push(await card.fill(await get(wanted, ops(values), signal), reference));
        } catch (error) {
          if (!(error instanceof ServerError)) throw error;
          card.failed(error.message);
        }
        bars(results);
      }
      signal.throwIfAborted();
      status.textContent = "The difference is to the same picture without loss, eight times as strong as it is.";
    } catch (error) {
      if (signal.aborted) return;
      status.textContent = error.message;
    }
  }

  async function get(wanted, ops, signal) {
    const { signed } = await resolve(`${ops}/${wanted}`, { signal });
    return fetchPicture(signed, { signal });
  }

  // forget removes what is of another picture.
  function forget() {
    running?.abort();
    fill(row);
    row.hidden = true;
    status.textContent = "";
  }

  return {
    element,
    show(answer) {
      if (key !== answer.key) forget();
      key = answer.key;
      run.disabled = answer.signed === "";
    },
  };
}

const numbers = (text) => [...new Set(text.split(/[^0-9]+/).map(Number).filter((q) => q >= 1 && q <= 100))];

// Card is one of the row.
class Card {
  constructor({ f, q }, use) {
    this.img = el("img", { alt: `as ${f}, quality ${q}` });
    this.canvas = el("canvas", { role: "img", "aria-label": `difference of ${f}, quality ${q}`, width: 1, height: 1 });
    this.bar = el("div", { class: "bar-of-bytes", "aria-hidden": "true" });
    this.facts = el("p", { class: "note" });
    this.element = el("li", {}, el("h3", {}, f, el("span", {}, ` q ${q}`)), this.img, this.canvas, this.bar, this.facts,
      el("button", { type: "button", class: "quiet", "aria-label": `Use this: ${f}, quality ${q}`, click: use }, "Use this"));
  }

  async fill(result, reference) {
    const bitmap = await pixelsOf(result);
    if (!bitmap) {
      this.img.hidden = this.canvas.hidden = true;
      fill(this.facts, el("strong", {}, bytes(result.bytes)), `, ${milliseconds(result.took)}. This browser does not show it.`);
      return { card: this, bytes: result.bytes };
    }
    await showBlob(this.img, result.blob);
    const difference = drawDifference(this.canvas, bitmap, reference);
    this.canvas.hidden = difference === null;
    fill(this.facts, el("strong", {}, bytes(result.bytes)), `, ${milliseconds(result.took)}, ${result.cache}`,
      difference === null ? null : `, PSNR ${difference === Infinity ? "∞" : difference.toFixed(1)} dB`);
    return { card: this, bytes: result.bytes };
  }

  failed(why) {
    this.img.hidden = this.canvas.hidden = this.bar.hidden = true;
    fill(this.facts, why);
  }
}

function bars(results) {
  const largest = Math.max(...results.map((r) => r.bytes));
  for (const { card, bytes: n } of results) card.bar.style.width = `${(n / largest) * 100}%`;
}

// pixelsOf decodes a picture, or returns null where that is not possible or not wise.
async function pixelsOf(result) {
  const bitmap = await decode(result.blob);
  if (!bitmap) return null;
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width, height, data: width * height <= mostPixels ? context.getImageData(0, 0, width, height).data : null };
}

// drawDifference draws where a differs from b, and returns the peak signal-to-noise ratio in
// decibels, or null for pictures that cannot be compared.
function drawDifference(canvas, a, b) {
  if (!a.data || !b?.data || a.width !== b.width || a.height !== b.height) return null;
  [canvas.width, canvas.height] = [a.width, a.height];
  const image = new ImageData(a.width, a.height);
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) {
    if (i % 4 === 3) {
      image.data[i] = 255;
      continue;
    }
    const d = a.data[i] - b.data[i];
    sum += d * d;
    image.data[i] = Math.abs(d) * gain;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return 10 * Math.log10((255 * 255) / (sum / (a.width * a.height * 3)));
}
