// share.js shows what to put into a page: the URL, HTML, and what programs and templates
// call.

import { debounce, el, fill, newID } from "./dom.js";
import { ServerError, json } from "./request.js";

// sharing has element and show(answer) of api/url.
export function sharing(shell) {
  const { about } = shell;
  const code = el("code", {});
  const note = el("p", { class: "note" });
  const names = el("fieldset", { class: "tools" });
  const group = newID("snippet");
  const base = el("input", { id: newID("base"), type: "text", inputmode: "url", spellcheck: "false", autocomplete: "off", value: about.can_change ? "https://img.example.com" : location.origin, input: debounce(300, () => load()) });
  const copy = el("button", { type: "button", class: "primary", click: () => copyText(code, shell) }, "Copy");
  const element = el("section", { class: "card share", "aria-labelledby": "share-title" },
    el("div", { class: "card-head" }, el("h2", { id: "share-title" }, "Use it in a page"),
      el("label", { class: "base", for: base.id }, "Your pictures are at ", base)),
    names, el("div", { class: "snippet" }, el("pre", { tabindex: 0 }, code), copy), note);
  let answer = null;
  let chosen = "URL";
  let asked = 0;

  async function load() {
    const mine = ++asked;
    const url = base.value.replace(/\/$/, "") + (answer.signed || answer.path);
    let all = [{ title: "URL", code: url }];
    let said = answer.signed ? "" : "The URL is not signed yet: this listener may not sign, as it asks for no token. thumbery url does.";
    if (base.value.trim() && !URL.canParse(base.value.trim())) {
      note.textContent = "URLs begin with https:// and a host.";
      return;
    }
    try {
      const snippets = await json(`api/snippets?path=${encodeURIComponent(`${answer.ops}/${answer.key}`)}&base=${encodeURIComponent(base.value.trim())}`);
      all = all.concat(snippets);
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      said = error.message;
    }
    if (mine !== asked) return;
    note.textContent = said;
    draw(all);
  }

  function draw(all) {
    const current = all.find((s) => s.title === chosen) ?? all[0];
    fill(names, el("legend", { class: "unseen" }, "What to copy"), all.map((s) => el("label", {},
      el("input", { type: "radio", name: group, checked: s === current, change: () => { chosen = s.title; code.textContent = s.code; } }),
      el("span", { title: s.language && s.language !== s.title ? s.language : null }, s.title))));
    code.textContent = current.code;
  }

  return {
    element,
    show(next) {
      const same = answer && next.signed === answer.signed && next.path === answer.path;
      answer = next;
      if (!same) load();
    },
  };
}

async function copyText(node, shell) {
  try {
    await navigator.clipboard.writeText(node.textContent);
    shell.announce("Copied.");
  } catch {
    getSelection().selectAllChildren(node);
    shell.announce("This browser does not let the page copy. The text is selected: copy it with Ctrl+C, or Cmd+C.");
  }
}
