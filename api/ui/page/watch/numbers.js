// numbers.js has the most important numbers, and what needs somebody's attention.

import { el } from "../dom.js";
import { milliseconds } from "../text.js";
import { by, group, hits, samples, value } from "./rates.js";
import { rows, set } from "./rows.js";

const count = new Intl.NumberFormat("en");
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const total = (map) => [...map.values()].reduce((sum, { value }) => sum + value, 0);

// listed writes { name: number } as "2 not-found, 1 busy", the most first.
const listed = (entries, most = 3) => entries.filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]).slice(0, most).map(([name, n]) => `${count.format(n)} ${name}`).join(", ");

const time = (ms) => (ms === null ? "–" : milliseconds(ms));

// tiles are [title, function that returns number, note and whether it is bad].
const tiles = [
  ["Hit ratio", ({ minute }) => {
    const ratio = minute.hitRatio();
    return [ratio === null ? "–" : percent.format(ratio), `of the last ${minute.name}`];
  }],
  ["Requests", ({ short, minute }) => {
    const asked = total(short.growth("requests_total", "outcome"));
    return [`${short.seconds > 0 ? count.format(Math.round(asked / short.seconds)) : "–"} /s`, `${count.format(total(minute.growth("requests_total", "outcome")))} in the last ${minute.name}`];
  }],
  ["A miss takes", ({ minute }) => [time(minute.mean("miss")), `a hit ${time(minute.mean(...hits))}, mean of the last ${minute.name}`]],
  ["Errors", ({ minute }) => {
    const errors = [...minute.growth("requests_total", "outcome")].filter(([name]) => group(name) === "error").map(([name, { value }]) => [name, value]);
    const sum = errors.reduce((n, [, value]) => n + value, 0);
    return [count.format(sum), listed(errors) || `none in the last ${minute.name}`];
  }],
  ["Waiting for a worker", ({ now }) => {
    const queue = value(now, "queue");
    const busy = value(now, "workers", { state: "busy" });
    return [count.format(queue), `${busy} of ${total(by(now, "workers", "state"))} workers busy`];
  }],
  ["Children that died", ({ now }) => {
    const deaths = by(now, "worker_deaths_total", "cause");
    return [count.format(total(deaths)), listed([...deaths].map(([cause, { value }]) => [causes[cause] ?? cause, value])) || "none since the start", total(deaths) > 0];
  }],
];

const causes = { signal: "crashed", memory: "took too much memory", time: "took too long", protocol: "answered wrongly" };

// problems are what an operator should know, as { key, text }.
function problems(now) {
  const all = [];
  const add = (key, text) => all.push({ key, text });
  if (value(now, "disk_low") > 0) add("disk", "The disk is nearly full: nothing more is kept.");
  for (const { labels, value } of samples(now, "origin_state")) {
    if (value > 0) add(`origin ${labels.origin}`, `The circuit breaker of the origin ${labels.origin} is ${value === 2 ? "open: nothing is fetched from it" : "half-open: it is tried again"}.`);
  }
  for (const { labels, value } of samples(now, "shared_state")) {
    if (value > 0) add("shared", `The circuit breaker of the shared tier ${labels.bucket} is ${value === 2 ? "open" : "half-open"}.`);
  }
  if (value(now, "workers", { state: "idle" }) + value(now, "workers", { state: "busy" }) === 0) add("workers", "There are no workers: only what is cached is served.");
  if (now.switches.some(({ name, on }) => name === "read_only" && on)) add("read_only", "read_only is on: nothing is fetched.");
  if (value(now, "peers", { state: "unreachable" }) > 0) add("peers", "Another node cannot be reached: what it forgets is not heard of.");
  return all;
}

// numbers returns { element, update(history) }.
export function numbers() {
  const drawn = tiles.map(([title, show]) => {
    const number = el("dd", { class: "number" });
    const note = el("dd", { class: "note" });
    return { show, number, note, element: el("div", { class: "tile" }, el("dt", {}, title), number, note) };
  });
  const list = el("ul", { class: "alerts", "aria-label": "Needs attention" });
  const update = rows(list, {
    key: ({ key }) => key,
    make() {
      const element = el("li", { class: "problem" });
      return { element, update: ({ text }) => set(element, text) };
    },
  });
  return {
    element: el("div", {}, list, el("dl", { class: "tiles" }, ...drawn.map(({ element }) => element))),
    update(history) {
      const view = { now: history.latest, short: history.last(5), minute: history.last(60) };
      for (const { show, number, note, element } of drawn) {
        const [text, small, bad = false] = show(view);
        set(number, text);
        set(note, small);
        element.classList.toggle("bad", bad);
      }
      update(problems(view.now));
    },
  };
}
