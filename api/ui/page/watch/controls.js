// controls.js changes something: switches, and pictures to forget. Each asks first. Where the
// listener has nothing to change, the controls are there, disabled, with the reason.

import { el } from "../dom.js";
import { encodeKey } from "../path.js";
import { json } from "../request.js";
import { files } from "./cache.js";
import { rows, set } from "./rows.js";

const reasonID = "why-not";

// whyNot says why nothing can be changed here, or is null if it can.
export function whyNot({ can_change: can, admin_page: admin }) {
  if (can) return null;
  return el("p", { class: "note wide", id: reasonID }, "Nothing can be changed on this listener, which everybody can reach. ",
    admin ? ["Use ", el("a", { href: `${admin}#watch` }, "the page of the admin listener"), "."] : "Use the page of the admin listener.");
}

// disabling are the attributes of a control that changes something.
const disabling = (shell) => (shell.about.can_change ? {} : { disabled: true, "aria-describedby": reasonID });

// forget asks, and has a picture forgotten.
export async function forget(shell, key) {
  const yes = await shell.ask(`Forget ${key}? Its original and everything made of it are removed from the cache, here and on other nodes. The next request fetches it again.`, "Forget it");
  if (!yes) return;
  try {
    const gone = await json(`../cache/${encodeKey(key)}`, { method: "DELETE" });
    shell.announce(`Forgot ${key}: ${["originals", "mezzanines", "derivatives"].map((tier) => `${files(gone[tier])} of ${tier}`).join(", ")}.`);
  } catch (error) {
    shell.announce(`${key} was not forgotten: ${error.message}`);
  }
}

// forgetButton is a button to forget a picture.
export const forgetButton = (shell, key) => el("button", { type: "button", class: "quiet", "aria-label": `Forget ${key}`, click: () => forget(shell, key), ...disabling(shell) }, "Forget");

// forgetting is the form for any picture.
export function forgetting(shell) {
  const key = el("input", { type: "text", spellcheck: "false", autocomplete: "off", autocapitalize: "off", required: true, placeholder: "photos/cat.jpg", ...disabling(shell) });
  return {
    element: el("section", { class: "card" }, el("h2", {}, "Forget a picture"),
      el("p", { class: "note" }, "When an original was replaced, or must not be shown any more."),
      el("form", { class: "forget", submit: (event) => { event.preventDefault(); forget(shell, key.value.trim()); } },
        el("label", { class: "field" }, "Picture", key), el("button", { type: "submit", ...disabling(shell) }, "Forget"))),
  };
}

// switches are what can be flipped while the server runs.
export function switches(shell) {
  const list = el("ul", { class: "switches" });
  const update = rows(list, { key: ({ name }) => name, make: ({ name }) => switchRow(shell, name) });
  return {
    element: el("section", { class: "card" }, el("h2", {}, "Switches"), list),
    update: ({ latest }) => update(latest.switches),
  };
}

function switchRow(shell, name) {
  let state = null;
  const box = el("input", { type: "checkbox", role: "switch", click: flip, ...disabling(shell) });
  const help = el("span", { class: "note" });
  // flip leaves the box as it is until the server has changed its switch.
  async function flip(event) {
    event.preventDefault();
    const to = !state.on;
    if (!await shell.ask(`Switch ${name} ${to ? "on" : "off"}? While it is on, the server is told to ${state.help}.`, `Switch ${to ? "on" : "off"}`)) return;
    try {
      const now = await json("../switches", { method: "PATCH", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ [name]: to }) });
      draw({ ...state, on: now[name] });
      shell.announce(`${name} is ${now[name] ? "on" : "off"}.`);
    } catch (error) {
      shell.announce(`${name} was not changed: ${error.message}`);
    }
  }
  function draw(now) {
    state = now;
    box.checked = now.on;
    box.disabled = !shell.about.can_change || Boolean(now.refusal);
    set(help, now.refusal ? `${now.help} (cannot be switched ${now.on ? "off" : "on"}: ${now.refusal})` : now.help);
  }
  return { element: el("li", {}, el("label", {}, box, " ", el("span", {}, el("code", {}, name), " ", help))), update: draw };
}
