// form.js is the form of options, made from the server's table of them.

import { el, fill, newID } from "./dom.js";
import { spell } from "./path.js";

// optionForm returns a form for the options that about lists: element, set(preset, values),
// change(values) for what else changes options (undefined removes one), and ops(). changed is
// called when a person, or change, has changed something.
export function optionForm(about, changed) {
  const rows = new Map();
  const preset = Object.keys(about.presets).length > 0 ? presetChoice(about.presets, (name) => { set(name, {}); changed(); }) : null;
  const groups = Map.groupBy(about.options, (option) => option.group);
  const element = el("form", { class: "options", "aria-label": "Options", submit: (event) => event.preventDefault() },
    preset?.row,
    [...groups].map(([title, options], i) => el("details", { open: i === 0, class: "group" },
      el("summary", {}, title, el("span", { class: "count" })),
      options.map((option) => {
        const row = optionRow(option, about, changed);
        rows.set(option.name, row);
        return row.element;
      }))));

  const values = () => Object.fromEntries([...rows].map(([name, row]) => [name, row.get()]).filter(([, value]) => value !== undefined));

  function count() {
    for (const group of element.querySelectorAll("details")) {
      const set = group.querySelectorAll(".row.set").length;
      group.querySelector(".count").textContent = set ? ` ${set} set` : "";
    }
  }

  function set(presetName, given) {
    preset?.set(presetName);
    for (const [name, row] of rows) row.set(given[name]);
    count();
  }

  return {
    element,
    set,
    values,
    preset: () => preset?.get() ?? "",
    ops: () => spell(about.options, preset?.get() ?? "", values()),
    change(some) {
      for (const [name, value] of Object.entries(some)) rows.get(name)?.set(value, true);
      count();
      changed();
    },
  };
}

// presetChoice chooses a preset. That removes all other options, as they would override the
// preset's.
function presetChoice(presets, chosen) {
  const id = newID("preset");
  const select = el("select", { id, change: () => chosen(select.value) },
    el("option", { value: "" }, "none"),
    Object.entries(presets).map(([name, ops]) => el("option", { value: name }, `${name} = ${ops}`)));
  return {
    row: el("div", { class: "row preset" }, el("label", { for: id }, "preset"), el("div", { class: "controls" }, select)),
    get: () => select.value,
    set: (name) => { select.value = name; },
  };
}

// optionRow is a label, controls and a sentence. get returns the value as options spell it,
// "" for a name alone, undefined for an option that is not set.
function optionRow(option, about, changed) {
  const id = newID(`option-${option.name}`);
  const help = newID("help");
  const control = controls(option, about, { id, "aria-describedby": help }, () => { mark(); changed(); });
  const element = el("div", { class: "row" },
    el("label", { for: id }, option.name),
    el("div", { class: "controls" }, control.nodes),
    el("p", { class: "help", id: help }, option.help));
  const mark = () => element.classList.toggle("set", control.get() !== undefined);
  return {
    element,
    get: control.get,
    set(value, always = false) {
      // Not what somebody is writing just now: 30 on the way to 300.
      if (always || !control.nodes.includes(document.activeElement)) control.set(value);
      mark();
    },
  };
}

const kinds = { flag: checkbox, whole: number, decimal: number, word: choice, point: (o, a, p, c) => several(2, o, p, c), rectangle: (o, a, p, c) => several(4, o, p, c), colour, text };

function controls(option, about, properties, changed) {
  return (kinds[option.takes.kind] ?? text)(option, about, properties, changed);
}

function checkbox(option, about, properties, changed, value = "") {
  const box = el("input", { type: "checkbox", ...properties, change: changed });
  return { nodes: [box], get: () => (box.checked ? value : undefined), set: (given) => { box.checked = given !== undefined && given !== "0"; } };
}

// plain is a control with a value, where "" means that the option is not set.
function plain(input, ...others) {
  return { nodes: [input, ...others], get: () => input.value.trim() || undefined, set: (value) => { input.value = value ?? ""; } };
}

function number(option, about, properties, changed) {
  const { min, max, kind } = { min: 0, ...option.takes };
  const input = el("input", { type: "text", inputmode: min < 0 ? "text" : "decimal", autocomplete: "off", placeholder: example(option), ...properties, input: changed });
  if (kind !== "whole" || max - min < 99 || max - min > 200) { // a longer slider is not precise enough
    return plain(input);
  }
  const slider = el("input", { type: "range", min, max, "aria-label": option.name, "aria-describedby": properties["aria-describedby"] });
  slider.addEventListener("input", () => { input.value = slider.value; changed(); });
  input.addEventListener("input", () => { slider.value = input.value; });
  const rest = () => String(min < 0 ? 0 : Math.round((min + max) * 0.75));
  slider.value = rest();
  return { ...plain(input, slider), set: (value) => { input.value = value ?? ""; slider.value = value ?? rest(); } };
}

const example = (option) => option.usage.slice(option.name.length + 1).split("_").join(" ");

function choice(option, about, properties, changed) {
  const words = option.takes.words;
  if (words.join() === "0,1") return checkbox(option, about, properties, changed, "1");
  const offered = option.name === "f" ? words.filter((word) => word === "auto" || about.writes.includes(word)) : words;
  const select = el("select", { ...properties, change: changed }, el("option", { value: "" }, "not set"), offered.map((word) => el("option", { value: word }, [word, option.takes.meanings?.[word]].filter(Boolean).join(": "))));
  return plain(select);
}

// several is a value of several numbers, with a field for each.
function several(n, option, properties, changed) {
  const names = ["X", "Y", "W", "H"].slice(0, n);
  const fields = names.map((name, i) => el("input", {
    type: "text", inputmode: "decimal", autocomplete: "off", placeholder: name, "aria-label": `${option.name} ${name}`,
    ...(i === 0 ? properties : { "aria-describedby": properties["aria-describedby"] }), input: changed,
  }));
  return {
    nodes: fields,
    get: () => (fields.every((f) => f.value.trim()) ? fields.map((f) => f.value.trim()).join("_") : undefined),
    set: (value) => { fields.forEach((f, i) => { f.value = value?.split("_")[i] ?? ""; }); },
  };
}

function colour(option, about, properties, changed) {
  const input = el("input", { type: "text", autocomplete: "off", spellcheck: "false", placeholder: example(option), ...properties, input: changed });
  const picker = el("input", { type: "color", "aria-label": `choose ${option.name}`, value: "#ffffff", input: () => { input.value = picker.value.slice(1); changed(); } });
  const control = plain(input, picker);
  return { ...control, set: (value) => { control.set(value); if (/^[0-9a-f]{6}/.test(value ?? "")) picker.value = `#${value.slice(0, 6)}`; } };
}

function text(option, about, properties, changed) {
  if (option.name === "wm") {
    if (about.watermarks.length === 0) properties = { ...properties, disabled: true, placeholder: "this server has none" };
    else return plain(el("select", { ...properties, change: changed }, el("option", { value: "" }, "not set"), about.watermarks.map((name) => el("option", { value: name }, name))));
  }
  const input = el("input", { type: "text", autocomplete: "off", spellcheck: "false", placeholder: example(option), input: changed, ...properties });
  if (!option.takes.optional) return plain(input);
  const box = el("input", { type: "checkbox", "aria-label": `${option.name}, without a value`, change: changed });
  input.addEventListener("input", () => { if (input.value) box.checked = true; });
  return {
    nodes: [input, box],
    get: () => (input.value.trim() ? input.value.trim() : box.checked ? "" : undefined),
    set: (value) => { input.value = value ?? ""; box.checked = value !== undefined; },
  };
}
