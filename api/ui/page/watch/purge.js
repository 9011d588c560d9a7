// purge.js asks what a purge with other limits would remove. It removes nothing.

import { el, fill, newID } from "../dom.js";
import { shellQuoted } from "../path.js";
import { json } from "../request.js";
import { bytes } from "../text.js";
import { files, tiers } from "./cache.js";
import { cells, table } from "./rows.js";

const limits = [
  { name: "older-than", title: "Last used longer ago than", example: "30d" },
  { name: "max-size", title: "More bytes than", example: "50GiB" },
  { name: "max-files", title: "More files than", example: "1000000" },
  { name: "min-free", title: "Disk less free than", example: "10%", ofAll: true },
];

// purge returns { element, count() }. counted is called with what a run without limits has
// counted.
export function purge(counted) {
  let running = null; // AbortController
  const of = el("select", { change: () => adapt() }, ...["all tiers", ...tiers].map((tier) => el("option", { value: tier }, tier)));
  const fields = limits.map((limit) => ({ ...limit, input: el("input", { type: "text", spellcheck: "false", autocomplete: "off", placeholder: limit.example, id: newID("limit") }) }));
  const go = el("button", { type: "submit", class: "primary" }, "Dry run");
  const stop = el("button", { type: "button", hidden: true, click: () => running?.abort() }, "Stop");
  const problem = el("p", { class: "problem", role: "alert", hidden: true });
  const result = el("div", { class: "dry-run", "aria-live": "polite" });
  const form = el("form", { class: "limits", submit: (event) => { event.preventDefault(); run(given()); } },
    el("label", { class: "field" }, "Of", of),
    ...fields.map(({ input, title }) => el("label", { class: "field", for: input.id }, title, input)),
    el("div", { class: "buttons" }, go, " ", stop));

  // adapt disables what is no limit of a tier.
  function adapt() {
    for (const { input, ofAll } of fields) input.disabled = Boolean(ofAll) && of.value !== "all tiers";
  }

  const given = () => fields.filter(({ input }) => input.value.trim() && !input.disabled).map(({ name, input }) => [of.value === "all tiers" ? name : `${of.value}-${name}`, input.value.trim()]);

  async function run(asked) {
    if (running) return;
    running = new AbortController();
    go.disabled = true;
    stop.hidden = false;
    problem.hidden = true;
    fill(result, el("p", { class: "note" }, "Reading the cache directory …"));
    try {
      const summary = await json(`api/purge?${new URLSearchParams(asked)}`, { signal: running.signal });
      if (!asked.length) counted(summary.left);
      fill(result, ...report(summary, asked));
    } catch (error) {
      fill(result);
      problem.textContent = error.name === "AbortError" ? "Stopped." : error.message;
      problem.hidden = false;
    } finally {
      running = null;
      go.disabled = false;
      stop.hidden = true;
    }
  }

  return {
    count: () => run([]),
    element: el("section", { class: "card wide" }, el("h2", {}, "What would a purge remove?"),
      el("p", { class: "note" }, "A dry run reads the whole cache directory, and removes nothing. Without limits it counts what is there."), form, problem, result),
  };
}

// report is a summary in a table and sentences.
function report(summary, asked) {
  const rows = tiers.map((tier) => {
    const { removed, kept, oldest_kept: oldest } = summary[tier];
    const row = cells(6, null, "figure", "figure", "figure", "figure", null);
    row.update([tier, files(removed.files), bytes(removed.bytes), files(kept.files), bytes(kept.bytes), oldest ? new Date(oldest).toLocaleString("en-GB") : "–"]);
    return row.element;
  });
  const sentences = [];
  if (summary.too_small) sentences.push("Such a cache would be too small for its traffic: files used within the last two hours would have to go.");
  if (summary.failed) sentences.push(`${files(summary.failed)} could not be examined; the first: ${summary.failure}`);
  if (summary.foreign) sentences.push(`${summary.foreign} entries are not the cache's, and would be left alone.`);
  if (asked.length) {
    sentences.push(["To do it: ", el("code", {}, `thumbery purge --cache DIR ${asked.map(([name, text]) => `--${name} ${shellQuoted(text)}`).join(" ")}`)]);
  }
  return [
    table("What would be removed", ["Tier", ">Would remove", ">", ">Would keep", ">", "Oldest last use of what is kept"], el("tbody", {}, ...rows)),
    ...sentences.map((sentence) => el("p", {}, sentence)),
    el("p", { class: "note" }, `Took ${summary.seconds.toFixed(2)} s.`),
  ];
}
