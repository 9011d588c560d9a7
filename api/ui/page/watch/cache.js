// cache.js has the disk cache by tier: how much, against the budget, and how long ago it was
// last used.

import { el } from "../dom.js";
import { bytes } from "../text.js";
import { cells, meter, set, table } from "./rows.js";

export const tiers = ["originals", "mezzanines", "derivatives"];

const number = new Intl.NumberFormat("en");
const ages = ["2h", "1d", "7d", "30d", "90d", "older"];
const agesInWords = { "2h": "under 2 hours", "1d": "under a day", "7d": "under a week", "30d": "under 30 days", "90d": "under 90 days", older: "longer ago" };

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
  const age = el("tbody");
  const ageRows = tiers.map(ageRow);
  age.append(...ageRows.map(({ element }) => element));
  const budget = el("p", { class: "note" });
  const when = el("p", { class: "note" });
  const button = el("button", { type: "button", click: count }, "Count now");
  let latest = null; // the stock of the server
  let census = null;
  let missed = {}; // by tier, what the census has more than the server knew at that time

  function counted(next) {
    if (next.time.startsWith(never) || (census && census.time >= next.time)) return;
    census = next;
    const known = latest.counted.time === next.time ? census : latest;
    missed = Object.fromEntries(tiers.map((tier) => [tier, minus(census[tier], known[tier])]));
    set(when, `Counted on ${new Date(census.time).toLocaleString("en-GB")}. `);
    tiers.forEach((tier, i) => ageRows[i].update(census[tier]));
  }

  set(when, "Nothing was counted yet: what was kept before the server was started is missing above. ");
  return {
    element: el("section", { class: "card wide" }, el("h2", {}, "Cache by tier"),
      table("Cache by tier", ["Tier", ">Files", ">Bytes", "Limit", ""], el("tbody", {}, ...all.map(({ element }) => element))), budget,
      el("h3", {}, "When it was last used"), table("Bytes by last use", ["Tier", ...ages.map((name) => `>${agesInWords[name]}`)], age), el("div", { class: "forget" }, button, when)),
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

// ageRow is the bytes of a tier by age, with a bar each for its share of the tier.
function ageRow(tier) {
  const row = cells(1 + ages.length, null, ...ages.map(() => "figure"));
  set(row.all[0], tier);
  const bars = ages.map((_, i) => {
    const text = el("span", {}, "–");
    const bar = meter();
    row.all[i + 1].append(text, bar.element);
    return { text, bar };
  });
  return {
    element: row.element,
    update({ bytes: total, ages: counted }) {
      ages.forEach((name, i) => {
        const { files: n, bytes: size } = counted.find(({ below }) => below === name) ?? { files: 0, bytes: 0 };
        set(bars[i].text, n ? bytes(size) : "–");
        bars[i].text.title = files(n);
        bars[i].bar.update(total ? size / total : 0);
      });
    },
  };
}
