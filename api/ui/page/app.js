// app.js is the shell: views by the location's hash (#play, #explain/OPS/KEY), what all of
// them need, and messages.
//
// A view is a module with
//
//   mount(section, shell)   called once, when it is first shown; returns
//                           { show(rest), hide() }, rest being what follows "#name/"
//
// shell has about (the answer to api/about), announce(text), ask(question, yes), and
// go(view, rest).

import { el, fill } from "./dom.js";
import { json } from "./request.js";

const views = [
  { name: "play", title: "Play", load: () => import("./play.js") },
  { name: "explain", title: "Explain", load: () => import("./explain.js"), has: (about) => about.explains },
  { name: "watch", title: "Watch", load: () => import("./watch.js") },
];

const main = document.getElementById("main");
const notice = document.getElementById("notice");
let current = null;

const shell = { about: null, announce, ask, go };

// announce shows a message for some seconds, and has it read to those who do not see it.
function announce(text) {
  notice.textContent = text;
  clearTimeout(announce.timer);
  announce.timer = setTimeout(() => { notice.textContent = ""; }, 6000);
}

// ask asks a question before something is changed, and says whether the answer is yes.
function ask(question, yes) {
  const dialog = document.getElementById("question");
  document.getElementById("question-text").textContent = question;
  document.getElementById("question-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

// go leads to a view. rest is kept as it is: views encode what they put there.
function go(name, rest = "") {
  location.hash = rest ? `${name}/${rest}` : name;
}

function drawServer({ version, signed, can_sign: canSign, can_change: canChange, admin_page: adminPage }) {
  const words = [version];
  if (signed) words.push(canSign ? "signs URLs" : "URLs are signed, not here");
  if (!canChange) words.push("demo: nothing can be changed here");
  fill(document.getElementById("server"), words.join(" · "),
    adminPage && !canChange ? [" ", el("a", { href: adminPage }, "Admin page")] : null);
}

async function show() {
  const [name, ...rest] = location.hash.slice(1).split("/");
  const view = views.find((v) => v.name === name) ?? views[0];
  if (current && current !== view) {
    current.view?.hide?.();
    current.section.hidden = true;
  }
  current = view;
  for (const v of views) {
    if (v === view) v.link.setAttribute("aria-current", "page");
    else v.link.removeAttribute("aria-current");
  }
  document.title = `${view.title} · Thumbery`;
  if (!view.section) {
    view.section = el("section", { "aria-label": view.title, class: `view ${view.name}` });
    main.append(view.section);
  }
  view.section.hidden = false;
  view.mounted ??= view.load().then((module) => { view.view = module.mount(view.section, shell); });
  try {
    await view.mounted;
  } catch (error) {
    view.mounted = null;
    fill(view.section, el("p", { class: "problem", role: "alert" }, "This view could not be loaded.", el("button", { type: "button", click: show }, "Try again")));
    throw error;
  }
  if (current === view) view.view.show?.(rest.join("/"));
}

async function start() {
  try {
    shell.about = await json("api/about");
  } catch (error) {
    fill(main, el("p", { class: "problem", role: "alert" }, error.message));
    return;
  }
  for (const view of views) {
    view.link = el("a", { href: `#${view.name}` }, view.title);
    if (view.has?.(shell.about) ?? true) document.getElementById("views").append(el("li", {}, view.link));
  }
  drawServer(shell.about);
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // the hash is the view's
    main.focus();
  });
  window.addEventListener("hashchange", show);
  await show();
}

await start();
