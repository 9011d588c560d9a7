// cache.js has the disk cache by tier: how much, against the budget, and how long ago it was
// last used.

import { el, fill } from "../dom.js";
import { bytes } from "../text.js";
import { cells, meter, set, table } from "./rows.js";

export const tiers = ["originals", "mezzanines", "derivatives"];

const number = new Intl.NumberFormat("en");
const units = { h: "hour", d: "day" };

// ageInWords writes an age as a census has it, such as "7d".
const ageInWords = (below) => (below === "older" ? "longer ago" : `under ${parseInt(below, 10)} ${units[below.at(-1)]}${parseInt(below, 10) === 1 ? "" : "s"}`);

export const files = (n) => (n === 1 ? "1 file" : `${number.format(n)} files`);

const nanosOfDay = 86400e9;

// duration writes nanoseconds in days or hours, as flags have them.
const duration = (ns) => (ns % nanosOfDay === 0 ? `${ns / nanosOfDay} days` : `${Math.round(ns / 36e10) / 10} hours`);

// limitsInWords is what a purge would be told.
export function limitsInWords({ older_than_ns: age, max_bytes: size, max_files: most } = {}) {
  return [size && bytes(size), most && files(most), age && `last used ${duration(age)} ago`].filter(Boolean).join(", ");
}

// never is the time of a census that was not taken.
const never = "0001";

// cache returns { element, update(history), counted(census) }. It takes also what a dry run has
// counted, which the server does not remember.
export function cache(count) {
  const all = [...tiers, "all tiers", "in memory"].map(tierRow);
  const byAge = el("div");
  const budget = el("p", { class: "note" });
  const when = el("p", { class: "note" });
  const button = el("button", { type: "button", click: count }, "Count now");
  let latest = null; // the stock of the server
  let census = null;
  let missed = {}; // by tier, what the census has more than the server knew at that time

  function counted(next) {
    if (!latest || next.time.startsWith(never) || (census && census.time >= next.time)) return;
    census = next;
    const known = latest.counted.time === next.time ? census : latest;
    missed = Object.fromEntries(tiers.map((tier) => [tier, minus(census[tier], known[tier])]));
    set(when, `Counted on ${new Date(census.time).toLocaleString("en-GB")}. `);
    fill(byAge, ageTable(census));
  }

  set(when, "Nothing was counted yet: what was kept before the server was started is missing above. ");
  return {
    element: el("section", { class: "card wide" }, el("h2", {}, "Cache by tier"),
      table("Cache by tier", ["Tier", ">Files", ">Bytes", "Limit", ""], el("tbody", {}, ...all.map(({ element }) => element))), budget,
      el("h3", {}, "When it was last used"), byAge, el("div", { class: "forget" }, button, when)),
    update({ latest: { cache: now } }) {
      latest = now;
      counted(now.counted);
      const stock = tiers.map((tier) => plus(now[tier], missed[tier] ?? none));
      stock.forEach((count, i) => all[i].update(count, now.budget[tiers[i]]));
      all[3].update(stock.reduce(plus), now.budget.all);
      all[4].update({ files: now.memory.entries, bytes: now.memory.bytes });
      const free = now.budget.min_free;
      set(budget, Object.keys(now.budget).length
        ? `These are the limits of this server's own purges${free ? `, which also keep ${Math.round(100 * free)}% of the disk free` : ""}.`
        : "This server has no limits of its own: they are --max-size, --older-than and so on, or those of thumbery purge in cron.");
    },
    counted,
  };
}

const none = { files: 0, bytes: 0 };
const plus = (a, b) => ({ files: a.files + b.files, bytes: a.bytes + b.bytes });
const minus = (a, b) => ({ files: a.files - b.files, bytes: a.bytes - b.bytes });

function tierRow(tier) {
  const row = cells(5, null, "figure", "figure", null, "gauge");
  const bar = meter();
  row.all[4].append(bar.element);
  bar.element.hidden = true;
  return {
    element: row.element,
    update(now, limits = {}) {
      row.update([tier, number.format(now.files), bytes(now.bytes), limitsInWords(limits) || "–"]);
      const share = Math.max(limits.max_bytes ? now.bytes / limits.max_bytes : 0, limits.max_files ? now.files / limits.max_files : 0);
      bar.element.hidden = !(limits.max_bytes || limits.max_files);
      bar.update(share);
    },
  };
}

// ageTable has the bytes of each tier by age, with a bar each for its share of the tier.
function ageTable(census) {
  const headings = census[tiers[0]].ages.map(({ below }) => `>${ageInWords(below)}`);
  return table("Bytes by last use", ["Tier", ...headings], el("tbody", {}, ...tiers.map((tier) => ageRow(tier, census[tier]))));
}

function ageRow(tier, { bytes: total, ages }) {
  return el("tr", {}, el("th", { scope: "row" }, tier), ...ages.map(({ files: n, bytes: size }) => {
    const bar = meter();
    bar.update(total ? size / total : 0);
    return el("td", { class: "figure" }, el("span", { title: files(n) }, n ? bytes(size) : "–"), bar.element);
  }));
}
