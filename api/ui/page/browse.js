// browse.js shows the keys of the origin, a level at a time.

import { el, fill } from "./dom.js";
import { json } from "./request.js";

// browser has a button that opens a list of keys. chosen gets a key. first returns a key to
// begin with, of a picture in one of the formats, "" if there is none.
export function browser(formats, chosen) {
  const list = el("ul", { class: "keys" });
  const where = el("p", { class: "crumbs" });
  const note = el("p", { class: "note", "aria-live": "polite" });
  const element = el("div", { class: "browse", id: "browse", hidden: true, keydown: (event) => { if (event.key === "Escape") open(false); } }, where, list, note);
  const button = el("button", { type: "button", "aria-expanded": "false", "aria-controls": "browse", click: () => open(element.hidden) }, "Browse");

  function open(visible) {
    element.hidden = !visible;
    button.setAttribute("aria-expanded", String(visible));
    if (visible) level("");
    else button.focus();
  }

  let asked = 0; // an answer that comes after another level was asked for is not shown

  async function level(prefix, after = "") {
    const mine = ++asked;
    const parts = prefix.split("/").slice(0, -1);
    fill(where, crumb("All", ""), parts.map((part, i) => [" / ", crumb(part, `${parts.slice(0, i + 1).join("/")}/`)]).flat());
    if (!after) fill(list);
    note.textContent = "";
    try {
      const answer = await names(prefix, after);
      if (mine !== asked) return;
      list.append(...answer.names.map((name) => el("li", {}, entry(name, prefix))));
      if (answer.names.length === 0 && !after) note.textContent = answer.partial ? "" : "There are no pictures here.";
      if (answer.more) list.append(el("li", {}, el("button", { type: "button", class: "quiet", click: (event) => { event.currentTarget.parentElement.remove(); level(prefix, answer.names.at(-1)); } }, "More")));
      if (answer.partial) note.textContent += " There may be more: the listing was cut short. Type a key, or open a directory.";
    } catch (error) {
      if (mine === asked) note.textContent = error.message;
    }
  }

  const crumb = (title, prefix) => el("button", { type: "button", class: "quiet", click: () => level(prefix) }, title);

  function entry(name, prefix) {
    const isDirectory = name.endsWith("/");
    return el("button", { type: "button", class: isDirectory ? "directory" : "", click: () => {
      if (isDirectory) { level(name); where.lastElementChild.focus(); return; }
      open(false);
      chosen(name);
    } }, name.slice(prefix.length));
  }

  // first looks for a picture in the first directories.
  async function first() {
    const looksLikePicture = new RegExp(`\\.(jpg|${formats.join("|")})$`, "i");
    const prefixes = [""];
    try {
      for (let i = 0; i < 5 && prefixes.length > 0; i++) {
        const { names: all } = await names(prefixes.shift(), "");
        const picture = all.find((name) => looksLikePicture.test(name));
        if (picture) return picture;
        const directories = all.filter((name) => name.endsWith("/"));
        prefixes.push(...directories.filter((name) => /photo|image|picture/i.test(name)), ...directories.slice(0, 4));
      }
    } catch {
      open(true); // which says why
    }
    return "";
  }

  return { button, element, first };
}

const names = (prefix, after) => json(`api/keys?prefix=${encodeURIComponent(prefix)}&after=${encodeURIComponent(after)}`);
