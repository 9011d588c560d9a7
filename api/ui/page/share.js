// share.js shows what to put into a page: the URL, and what templates write.

import { el, fill } from "./dom.js";

// sharing has element and show(answer) of api/url.
export function sharing(shell) {
  const code = el("code", {});
  const note = el("p", { class: "note" });
  const copy = el("button", { type: "button", click: () => copyText(code.textContent, shell) }, "Copy");
  const element = el("section", { class: "card share", "aria-labelledby": "share-title" },
    el("h2", { id: "share-title" }, "Use it in a page"),
    el("div", { class: "snippet" }, el("pre", { tabindex: 0 }, code), copy), note);
  return {
    element,
    show(answer) {
      code.textContent = answer.signed || answer.path;
      note.textContent = answer.signed ? "" : "Not signed: this listener may not sign.";
    },
  };
}

async function copyText(text, shell) {
  try {
    await navigator.clipboard.writeText(text);
    shell.announce("Copied.");
  } catch {
    shell.announce("This browser does not let the page copy: select the text.");
  }
}
