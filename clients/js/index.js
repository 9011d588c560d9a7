// URLs of pictures for Thumbery. It needs nothing but the language, has no secret, and may be
// bundled for browsers. What signs is in sign.js.

const MAX_SIDE = 16383;
const words = (...all) => (s) => (all.includes(s) ? s : fail());
const flag = (s) => (s === undefined ? "" : fail());
const text = (s) => (s ? s : fail());
const whole = (low, high) => (s) => {
  if (!/^-?\d+$/.test(s ?? "") || +s < low || +s > high) fail();
  return String(+s + 0); // no -0
};
const round = (x) => Math.round(x * 1e4) / 1e4;
const decimal = (low, high) => (s) => {
  if (!/^(\d+\.?\d*|\.\d+)$/.test(s ?? "") || s.length > 16) fail();
  const x = round(+s);
  return x < low || x > high ? fail() : String(x);
};
const length = (s) => (s.endsWith("p") ? decimal(0, 100)(s.slice(0, -1)) + "p" : whole(0, 1e6)(s));
const fail = () => {
  throw new RangeError("not a value of this option");
};

// The options in canonical order, and what checks and spells the value of each, as
// variant/options.go has them.
const options = new Map([
  ["dpr", decimal(0.1, 8)],
  ["up", words("0", "1")],
  ["fit", words("cover", "contain", "inside", "outside", "fill")],
  ["g", words("center", "n", "ne", "e", "se", "s", "sw", "w", "nw", "smart")],
  ["fp", (s) => spellEach(s, 2, decimal(0, 1))],
  ["crop", (s) => (/^[^_]+_[^_]+_0p?_|_0p?$/.test((s = spellEach(s, 4, length))) ? fail() : s)],
  ["trim", (s) => (s === undefined ? "10" : whole(1, 255)(s))],
  ["pixel", whole(2, 1000)],
  ["blur", decimal(0.3, 100)],
  ["sharp", decimal(0.3, 10)],
  ["bright", whole(-100, 100)],
  ["contrast", whole(-100, 100)],
  ["sat", whole(-100, 100)],
  ["gray", flag],
  ["pad", whole(1, MAX_SIDE)],
  ["bg", (s) => (/^[0-9a-f]{6}([0-9a-f]{2})?$/.test(s ?? "") ? s.replace(/^(.{6})ff$/, "$1") : fail())],
  ["rot", words("0", "90", "180", "270")],
  ["flip", words("h", "v", "hv")],
  ["round", whole(1, MAX_SIDE)],
  ["wm", text],
  ["f", words("auto", "jpeg", "png", "webp", "avif", "gif", "jxl")],
  ["q", whole(1, 100)],
  ["bytes", whole(100, 2 ** 30)],
  ["lossless", flag],
  ["progressive", flag],
  ["page", whole(1, 100_000)],
  ["still", flag],
  ["dl", (s) => (s === undefined ? "" : /^\.*$/.test(s) ? fail() : s)],
  ["v", text],
]);
const neutral = { up: "0", g: "center", bright: "0", contrast: "0", sat: "0", rot: "0" };
const kinds = ["raw", "info", "info_gps"];

function spellEach(s, n, spell) {
  const parts = (s ?? "").split("_");
  return parts.length === n ? parts.map(spell).join("_") : fail();
}

export class Thumbery {
  /** @param {import("./index.js").Settings} [settings] */
  constructor({ base = "", hosts = [], presets = [], signed = false, key } = {}) {
    if (key !== undefined) bad("Thumbery does not sign: Signer of thumbery/sign does, on a server");
    Object.assign(this, { base, hosts, presets, signed });
  }

  /** The URL of a picture, with the canonical spelling of the options. */
  url(ops, key) {
    ops = this.canonical(ops);
    let signature = "";
    if (this.signed) {
      let scope;
      [, signature, scope, key] = /^(s\.[^/~]+~([^/]+))\/([^]*)$/.exec(key) ?? bad(`${key} is not what source() gives`);
      this.permit(scope, ops);
    }
    checkKey(key);
    signature ||= this.signature(ops, key);
    return this.host(key) + (signature && "/" + signature) + "/" + ops + "/" + key.split("/").map(escapePath).join("/");
  }

  /** The value of a srcset attribute, by widths or by densities. */
  srcset(ops, key, { widths = [], densities = [] }) {
    if (widths.length) return widths.map((width) => `${this.atWidth(ops, key, width)} ${width}w`).join(", ");
    ops = spell(ops);
    const { w, h, others } = splitSize(ops);
    if (!w && !h && !this.presets.includes(others[0])) bad("a srcset by densities needs a size, or a preset");
    return densities.map(round).map((d) => this.url(d === 1 ? ops : `${ops},dpr_${d}`, key) + ` ${d}x`).join(", ");
  }

  /** The URL with another width. Options with both sides keep their ratio. */
  atWidth(ops, key, width) {
    const { w, h, others } = splitSize(spell(ops));
    if (h && !w) bad("a srcset by widths needs a width, both sides or neither");
    if (this.presets.includes(others[0]) && !(w && h)) bad("a srcset by widths needs both sides after a preset");
    const height = h ? Math.max(1, Math.floor((2 * width * h + +w) / (2 * w))) : "";
    return this.url([...others, `${width}x${height}`].join(","), key);
  }

  /** The HTML of an <img>, or of a <picture> with a <source> for each format. */
  picture(ops, key, { widths = [], densities = [], sizes = "", formats = [], alt = "", attributes = {} } = {}) {
    ops = spell(ops);
    const responsive = widths.length + densities.length > 0;
    const srcset = (ops) => (responsive ? this.srcset(ops, key, { widths, densities }) : this.url(ops, key));
    const sources = formats.map((format) => {
      const others = ops.split(",").filter((option) => option && !option.startsWith("f_"));
      return `<source${html({ type: "image/" + format, srcset: srcset([...others, "f_" + format].join(",")), sizes })}>`;
    });
    for (const name of Object.keys(attributes)) {
      if (!/^[a-z0-9-]+$/i.test(name)) bad(`${name} is not the name of an attribute`);
    }
    const src = widths.length ? this.atWidth(ops, key, Math.max(...widths)) : this.url(ops, key);
    const img = `<img${html({ src, srcset: responsive ? srcset(ops) : "", sizes })} alt="${escapeHTML(alt)}"${html(attributes)}>`;
    return formats.length ? `<picture>${sources.join("")}${img}</picture>` : img;
  }

  /** The canonical spelling of options, given as text or by name. */
  canonical(ops) {
    const tokens = spell(ops).split(",");
    if (tokens.join().length > 512) bad("the options are longer than 512 characters");
    const preset = this.presets.includes(tokens[0]) ? tokens.shift() : "";
    if (preset && !tokens.length) return preset;
    const values = parse(tokens);
    if (!preset) normalize(values);
    const size = values.w || values.h ? [`${values.w ?? ""}x${values.h ?? ""}`] : [];
    const spelled = [...options.keys()].filter((name) => name in values);
    const list = spelled.map((name) => (values[name] === "" ? name : `${name}_${values[name]}`));
    return [preset, values.whole, ...size, ...list].filter(Boolean).join(",") || "dpr_1";
  }

  /** Throws for options outside the scope of what source() gave. @protected */
  permit(scope, ops) {
    checkOptions(scope, ops, this.presets);
  }

  /** Signs, in sign.js. @protected */
  signature() {
    return "";
  }

  /** Picks by rendezvous hashing, as all sizes of a picture belong on one host. @protected */
  host(key) {
    const scores = this.hosts.map((host) => [sha256(`${host}\0${key}`).slice(0, 16), host]);
    let best = scores.length ? scores.reduce((a, b) => (b[0] > a[0] ? b : a))[1] : this.base;
    if (scores.length && !best.includes("//")) best = "https://" + best;
    return best.replace(/\/$/, "");
  }
}

/** A background of CSS to show until the picture is there, from the JSON of /info/. */
export function placeholder({ average, placeholder } = {}) {
  const color = /^#[0-9a-f]{6}$/.test(average ?? "") ? average : "";
  const isImage = /^data:image\/(webp|jpeg|png);base64,[A-Za-z0-9+/=]+$/.test(placeholder ?? "");
  return [color, isImage ? `url("${placeholder}") center / cover no-repeat` : ""].filter(Boolean).join(" ") || "none";
}

/** Spells options by name as text: { w: 300, fp: [0.5, 0.2], gray: true }. */
function spell(ops) {
  if (typeof ops === "string") return ops;
  if (typeof ops !== "object" || !ops) bad(`options are a string or an object, and not ${ops}`);
  const given = Object.entries(ops).filter(([, value]) => value !== false && value != null);
  const number = (x) => (typeof x === "number" ? round(x) : x);
  const one = ([name, value]) =>
    name === "preset" ? value : value === true ? name : `${name}_${[value].flat().map(number).join("_")}`;
  return given.sort(([a], [b]) => (b === "preset") - (a === "preset")).map(one).join(",");
}

function parse(tokens) {
  const values = Object.create(null);
  const set = (name, value, token) => {
    if (name in values || (name === "g" && "fp" in values) || (name === "fp" && "g" in values)) bad(`${token} is given twice`);
    values[name] = value;
  };
  const side = whole(1, MAX_SIDE);
  for (const token of tokens) {
    try {
      const size = /^(\d*)x(\d*)$/.exec(token);
      const [, name, value] = /^([^_]*)(?:_([^]*))?$/.exec(token);
      if (!/^[a-z0-9._-]+$/.test(token)) fail();
      else if (kinds.includes(token)) set("whole", token, token);
      else if (size && token !== "x") size.slice(1).forEach((s, i) => s && set("wh"[i], side(s), token));
      else if (name === "w" || name === "h") set(name, side(value), token);
      else set(name, value === "" ? fail() : (options.get(name) ?? fail)(value), token);
    } catch (e) {
      throw e.message.includes("twice") ? e : new RangeError(`${JSON.stringify(token)} is not an option of Thumbery`);
    }
  }
  return values;
}

/** Removes what has no effect, as Variant.normal does in Go. */
function normalize(v) {
  for (const name in neutral) if (v[name] === neutral[name]) delete v[name];
  if (v.whole) {
    for (const name in v) if (!["whole", "dl", "v"].includes(name)) bad(`${v.whole} goes with no other options but dl and v`);
    return;
  }
  const sized = v.w || v.h;
  const both = v.w && v.h;
  if (/^0p?_0p?_100p_100p$/.test(v.crop ?? "")) delete v.crop;
  if (v.page === "1") v.still = "";
  else if (v.page) delete v.still;
  if (v.page === "1") delete v.page;
  if (!both || v.fit === "cover") delete v.fit;
  const cover = both && !v.fit;
  if (!cover && v.fit !== "contain") delete v.g, delete v.fp;
  if (v.g === "smart" && !cover) delete v.g;
  if (v.fp === "0.5_0.5" && !v.crop) delete v.fp;
  if (v.f && v.f !== "auto" && v.f !== "jpeg") delete v.progressive;
  if (v.dpr === "1" || !(sized || v.pad || v.round)) delete v.dpr;
  if (!sized) delete v.up;
  if (Math.floor(Math.max(v.w ?? 0, v.h ?? 0) * (v.dpr ?? 1) + 0.5) > MAX_SIDE) bad(`dpr_${v.dpr} makes the picture too large`);
}

function splitSize(ops) {
  const sizes = [];
  const others = [];
  for (const option of ops.split(",")) {
    if (option.startsWith("dpr_")) bad(`a srcset has a dpr of its own: leave out ${option}`);
    if (/^(\d*x\d*|[wh]_.*)$/.test(option)) sizes.push(option);
    else if (option) others.push(option);
  }
  return { ...parse(sizes), others };
}

/** Throws for a key that the server refuses. */
export function checkKey(key) {
  if (typeof key !== "string") bad(`a key is a string, and not ${key}`);
  const bytes = new TextEncoder().encode(key).length;
  if (bytes < 1 || bytes > 1024) bad("a key has 1 to 1024 bytes");
  if (/[\0-\x1f\x7f-\x9f]/.test(key)) bad("the key has a control character");
  if (key.split("/").includes("")) bad("the key has an empty segment");
  if (key.split(/[/\\]/).some((s) => s === "." || s === "..")) bad('the key has the segment "." or ".."');
}

/** Throws for options outside the scope. Lists permit spellings, as Scope.lists in Go. */
export function checkOptions(scope, ops, presets) {
  if (!scope || (scope === "presets" && presets.includes(ops))) return;
  const rest = ops.split(",");
  if (scope === "sizes" && rest.every((option) => /^(\d*x\d*|dpr_.*|f_.*)$/.test(option))) return; // which of them, the server knows
  const places = scope.split(",").map((place) => place.split("~"));
  const fits = places.every((place) => (place.includes(rest[0]) ? rest.shift() : place[0] === ""));
  if (!fits || rest.length) bad(`the options ${ops} are outside the scope ${scope}`);
}

/** Percent-encodes as url.PathEscape does in Go. */
function escapePath(segment) {
  const escaped = encodeURIComponent(segment).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
  return escaped.replace(/%(24|26|2B|3D|3A|40)/g, decodeURIComponent);
}

const escapeHTML = (s) => String(s).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const html = (attributes) =>
  Object.entries(attributes).map(([name, value]) => (value ? ` ${name}="${escapeHTML(value)}"` : "")).join("");

/** @returns {never} */
function bad(reason) {
  throw new RangeError(reason);
}

// SHA-256 (FIPS 180-4), as browsers have none that answers at once. It picks hosts, and is
// used for nothing secret.
const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0;
const K = primes.map((p) => fraction(Math.cbrt(p)));

function sha256(message) {
  const data = new TextEncoder().encode(message);
  const padded = new DataView(new ArrayBuffer((((data.length + 8) >> 6) + 1) * 64));
  data.forEach((byte, i) => padded.setUint8(i, byte));
  padded.setUint8(data.length, 0x80);
  padded.setUint32(padded.byteLength - 4, data.length * 8);
  const hash = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
  const rotate = (x, n) => (x >>> n) | (x << (32 - n));
  const w = new Int32Array(64);
  for (let at = 0; at < padded.byteLength; at += 64) {
    let [a, b, c, d, e, f, g, h] = hash;
    for (let i = 0; i < 64; i++) {
      const x = w[i - 15], y = w[i - 2];
      w[i] = i < 16
        ? padded.getInt32(at + i * 4)
        : w[i - 16] + w[i - 7] + (rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)) + (rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10));
      const t = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      [h, g, f, e, d, c, b] = [g, f, e, (d + t) | 0, c, b, a];
      a = (t + (rotate(b, 2) ^ rotate(b, 13) ^ rotate(b, 22)) + ((b & c) ^ (b & d) ^ (c & d))) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => (hash[i] = (hash[i] + x) | 0));
  }
  return hash.map((x) => (x >>> 0).toString(16).padStart(8, "0")).join("");
}
