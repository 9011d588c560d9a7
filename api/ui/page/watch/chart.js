// chart.js draws lines and areas over time, by uPlot, in the colours of the stylesheet.

import uPlot from "../vendor/uplot/uPlot.esm.js";
import { el, fill } from "../dom.js";

const height = 170;
const [shortest, longest] = [60, 300]; // seconds that a chart shows

const css = (node, name) => getComputedStyle(node).getPropertyValue(name).trim();

// chart makes a chart of
//
//   title, unit(value), top (the least value of the upper end)
//   series: [{ name, colour (a custom property), title }]
//   stacked: areas upon each other, and not lines
//
// It returns { element, draw(times, values) }: values are by the names of the series, each a
// list as long as times, which are in seconds.
export function chart({ title, note, unit, top, series, stacked = false }) {
  const place = el("div", { class: "chart-place", role: "img", "aria-label": title });
  const legend = el("ul", { class: "legend" });
  const nothing = el("li", {}, "nothing yet");
  legend.append(nothing);
  const items = series.map((one) => {
    const value = el("span", { class: "legend-value" });
    const mark = el("span", { class: "mark" });
    mark.style.setProperty("--mark", `var(${one.colour})`);
    const item = el("li", {}, mark, one.title, " ", value);
    legend.append(item);
    return { item, value, seen: series.length < 5 };
  });
  const element = el("figure", { class: "chart" }, el("figcaption", {}, el("strong", {}, title), note ? el("span", { class: "note" }, ` ${note}`) : null), place, legend);
  let plot = null;
  let latest = null;

  const show = (index) => series.forEach(({ name }, i) => {
    const value = latest?.values[name]?.[index];
    fill(items[i].value, value == null ? "–" : unit(value));
  });

  function build() {
    plot?.destroy();
    plot = new uPlot(options(place, { unit, top, series, stacked, show, last: () => (latest?.times.length ?? 0) - 1 }), data(), place);
  }

  function data() {
    if (!latest) return [[], ...series.map(() => [])];
    const columns = series.map(({ name }) => latest.values[name] ?? latest.times.map(() => null));
    return [latest.times, ...(stacked ? stack(columns) : columns)];
  }

  new ResizeObserver(() => {
    if (place.clientWidth) plot?.setSize({ width: place.clientWidth, height });
  }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (plot) build(); });

  return {
    element,
    draw(times, columns) {
      latest = { times, values: columns };
      if (!plot && place.clientWidth) build();
      else plot?.setData(data());
      series.forEach(({ name }, i) => { // what never happens needs no explanation
        items[i].seen ||= columns[name].at(-1) > 0;
        items[i].item.hidden = !items[i].seen;
      });
      nothing.hidden = items.some(({ seen }) => seen);
      show(plot?.cursor.idx ?? times.length - 1);
      const said = series.filter(({ name }) => columns[name]?.at(-1) != null).map((one) => `${one.title} ${unit(columns[one.name].at(-1))}`);
      place.setAttribute("aria-label", `${title}: ${said.join(", ") || "nothing yet"}`);
    },
  };
}

function options(place, { unit, top, series, stacked, show, last }) {
  const ink = css(place, "--muted");
  const axis = { stroke: ink, font: `11px ${css(place, "font-family")}`, grid: { stroke: css(place, "--line"), width: 1 }, ticks: { show: false } };
  return {
    width: place.clientWidth, height,
    padding: [8, 28, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: !stacked } },
    hooks: { setCursor: [(u) => show(u.cursor.idx ?? last())] },
    scales: {
      x: { range: (u, min, max) => [Math.max(max - longest, Math.min(min, max - shortest)), max] },
      y: { range: (u, _, max) => [0, Math.max(top, max ?? 0) * 1.05] },
    },
    axes: [
      { ...axis, space: 70, size: 26, values: (u, times) => times.map((t) => new Date(1000 * t).toTimeString().slice(0, 8)) },
      { ...axis, size: 58, values: (u, all) => all.map((v) => unit(v)) },
    ],
    series: [{}, ...series.map(({ colour }, i) => {
      const stroke = css(place, colour);
      return { stroke, width: 1.5, fill: stacked ? stroke : i === 0 && series.length === 1 ? `${stroke}33` : undefined, points: { show: false }, spanGaps: false };
    })],
    bands: stacked ? series.slice(1).map((_, i) => ({ series: [i + 2, i + 1] })) : [],
  };
}

// stack adds each series to those below it.
function stack(columns) {
  const sums = [];
  return columns.map((column) => column.map((value, i) => {
    if (value == null) return null;
    sums[i] = (sums[i] ?? 0) + value;
    return sums[i];
  }));
}
