// charts.js has the charts of Watch: what happened in the last five minutes.

import { el } from "../dom.js";
import { milliseconds } from "../text.js";
import { chart } from "./chart.js";
import { outcomes, steps, value } from "./rates.js";

const kept = 300; // points, one a second

const rate = (n) => (n < 10 ? Number(n.toFixed(2)) : Math.round(n)).toString();
const whole = (n) => Math.round(n).toString();
const percent = (n) => `${Math.round(100 * n)}%`;

const titles = { memory: "hit in memory", disk: "hit on disk", bucket: "hit in the bucket", miss: "miss", shared: "waited for another", redirect: "redirect", error: "error" };
const colours = { memory: "--c-green", disk: "--c-teal", bucket: "--c-blue", miss: "--c-orange", shared: "--c-yellow", redirect: "--c-grey", error: "--c-red" };
const stepColours = { queue: "--c-red", fetch: "--c-blue", bucket: "--c-teal", look: "--c-purple", resize: "--c-orange", store: "--c-green" };
const work = { queue: "pictures waiting", resizing: "pictures being made", background: "of them for no request", fetching: "originals being fetched" };
const workColours = { queue: "--c-red", resizing: "--c-orange", background: "--c-yellow", fetching: "--c-blue" };

const series = (names, titles, colours) => names.map((name) => ({ name, title: titles[name] ?? name, colour: colours[name] }));

// kinds are the charts, and what they show of a history at a moment: values by the names of
// their series.
const kinds = [
  {
    chart: { title: "Requests by outcome", note: "a second", unit: rate, top: 1, series: series(outcomes, titles, colours), stacked: true },
    values(history) {
      const span = history.last(5);
      if (span.seconds === 0) return null;
      const all = span.outcomes();
      return Object.fromEntries(outcomes.map((name) => [name, (all[name] ?? 0) / span.seconds]));
    },
  },
  {
    chart: { title: "Hit ratio", note: "of the last ten seconds", unit: percent, top: 1, series: [{ name: "ratio", title: "hits", colour: "--c-green" }] },
    values: (history) => ({ ratio: history.last(10).hitRatio() }),
  },
  {
    chart: { title: "Time of a miss, or a hit in the bucket, by step", note: "mean of ten seconds", unit: milliseconds, top: 10, series: series(steps, {}, stepColours), stacked: true },
    values(history) {
      const all = history.last(10).steps();
      return all && Object.fromEntries(steps.map((name) => [name, all[name] ?? 0]));
    },
  },
  {
    chart: { title: "Queue and workers", note: "at the moment", unit: whole, top: 4, series: series(Object.keys(work), work, workColours) },
    values: ({ latest }) => Object.fromEntries(Object.keys(work).map((name) => [name, value(latest, name)])),
  },
];

// charts returns { element, update(history), gap() }.
export function charts() {
  const all = kinds.map((kind) => ({ ...kind, chart: chart(kind.chart), names: kind.chart.series.map(({ name }) => name) }));
  const times = [];
  const columns = all.map(({ names }) => Object.fromEntries(names.map((name) => [name, []])));

  function add(time, values) {
    times.push(time);
    if (times.length > kept) times.shift();
    columns.forEach((column, i) => {
      for (const [name, list] of Object.entries(column)) {
        list.push(values[i]?.[name] ?? null);
        if (list.length > kept) list.shift();
      }
    });
  }

  return {
    element: el("div", { class: "charts" }, ...all.map(({ chart }) => chart.element)),
    update(history) {
      add(history.latest.at / 1000, all.map(({ values }) => values(history)));
      all.forEach(({ chart }, i) => chart.draw(times, columns[i]));
    },
    gap() {
      if (times.length) add(times.at(-1) + 0.5, []);
    },
  };
}
