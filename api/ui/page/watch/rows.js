// rows.js keeps the rows of a table up to date without replacing those that stay: what is
// focused or selected in them would be lost every second.

import { el } from "../dom.js";

// rows returns update(list) for a tbody or list. key(item) tells items apart, make(item)
// returns { element, update(item) }. While busy() is true, the order stays.
export function rows(parent, { key, make, busy = () => false }) {
  const all = new Map();
  return (list) => {
    const seen = new Set();
    for (const item of list) {
      const name = key(item);
      seen.add(name);
      if (!all.has(name)) {
        all.set(name, make(item));
        parent.append(all.get(name).element);
      }
      all.get(name).update(item);
    }
    for (const [name, row] of all) {
      if (seen.has(name)) continue;
      row.element.remove();
      all.delete(name);
    }
    if (busy()) return;
    list.forEach((item, i) => {
      const { element } = all.get(key(item));
      if (parent.children[i] !== element) parent.insertBefore(element, parent.children[i] ?? null);
    });
  };
}

// set changes a text only if it is another one.
export function set(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// cells makes a row of a heading and cells, and an update that takes their texts.
export function cells(count, ...classes) {
  const all = Array.from({ length: count }, (_, i) => el(i === 0 ? "th" : "td", { scope: i === 0 ? "row" : null, class: classes[i] ?? null }));
  return { element: el("tr", {}, ...all), all, update: (texts) => texts.forEach((text, i) => set(all[i], text)) };
}

// table makes a table that scrolls by itself where it is too wide. Headings that begin with
// ">" are of columns with numbers.
export function table(title, headings, body) {
  const heading = (text) => {
    const ofNumbers = text.startsWith(">");
    const words = ofNumbers ? text.slice(1) : text;
    return el(words ? "th" : "td", { scope: words ? "col" : null, class: ofNumbers ? "figure" : null }, words);
  };
  return el("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": title },
    el("table", {}, el("thead", {}, el("tr", {}, ...headings.map(heading))), body));
}

// meter is a bar from 0 to 1.
export function meter() {
  const ink = el("span", { class: "meter-ink" });
  return {
    element: el("span", { class: "meter", "aria-hidden": "true" }, ink),
    update(share) {
      ink.style.setProperty("--share", String(Math.min(Math.max(share, 0), 1)));
      ink.classList.toggle("over", share > 1);
    },
  };
}
