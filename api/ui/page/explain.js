// explain.js is the view that says why a picture looks as it does: the server's report, in
// the order of a request.

import { el, fill } from "./dom.js";
import { asks } from "./picture.js";
import { ServerError, json } from "./request.js";

const states = { ok: ["✓", "fine"], refused: ["✕", "refused"], unknown: ["?", "not known yet"], skipped: ["–", "left out"] };

export function mount(section, shell) {
  const url = el("input", { id: "explain-url", type: "text", spellcheck: "false", autocomplete: "off", autocapitalize: "off", required: true, placeholder: "https://img.example.com/300x200,f_auto/photos/cat.jpg" });
  const accept = el("select", { id: "explain-accept" }, Object.keys(asks).map((name) => el("option", {}, name)));
  const make = el("input", { type: "checkbox", id: "explain-make", "aria-describedby": "make-help" });
  const report = el("div", { class: "report", "aria-live": "polite" });
  let asking = null;

  fill(section,
    el("h1", { class: "unseen" }, "Explain"),
    el("form", { class: "card ask-why", submit: (event) => { event.preventDefault(); ask(); } },
      el("label", { class: "field", for: "explain-url" }, "Why does this picture look so? Its URL, or path", el("div", { class: "line" }, url, el("button", { type: "submit", class: "primary" }, "Explain"))),
      el("div", { class: "inline" },
        el("label", { for: "explain-accept" }, "Browser ", accept),
        el("label", {}, make, "make it first"),
        el("span", { class: "note", id: "make-help" }, "Otherwise nothing is made, fetched or kept."))),
    report);

  async function ask(path = pathOf(url.value)) {
    asking?.abort();
    const { signal } = asking = new AbortController();
    history.replaceState(null, "", `#explain${path}`);
    report.classList.add("outdated");
    const parameters = new URLSearchParams({ accept: asks[accept.value], ...(make.checked ? { make: "1" } : {}) });
    try {
      draw(await json(`api/explain${path}?${parameters}`, { signal }));
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ServerError)) throw error;
      fill(report, el("p", { class: "problem", role: "alert" }, error.message));
    }
    report.classList.remove("outdated");
  }

  function draw({ status, outcome, summary, canonical, sections }) {
    const bad = status >= 400;
    fill(report,
      el("div", { class: `card verdict${bad ? " bad" : status ? "" : " unknown"}` },
        el("p", { class: "summary" }, summary),
        el("dl", { class: "facts" }, [["Status", status || "not known yet"], ["Outcome", outcome], ["Canonical URL", canonical]].filter(([, value]) => value)
          .map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, String(value))))),
        canonical && !bad ? el("p", {}, el("a", { href: `#play${canonical}` }, "Play with it")) : null),
      el("ol", { class: "steps" }, sections.map(drawSection)));
  }

  return {
    show(rest) {
      if (!rest) return url.focus();
      url.value = `/${readable(rest)}`;
      ask(`/${escaped(rest).replaceAll("?", "%3F")}`);
    },
  };
}

function drawSection({ name, state, text, data }) {
  const [sign, words] = states[state] ?? ["?", state];
  return el("li", { class: `step ${state in states ? state : "unknown"}` },
    el("span", { class: "sign", "aria-hidden": "true" }, sign),
    el("div", {},
      el("h2", {}, name === "url" ? "URL" : name, el("span", { class: "how" }, words)),
      (text ?? []).map((sentence) => el("p", {}, sentence)),
      data == null ? null : el("details", {}, el("summary", {}, "Data"), el("pre", { tabindex: 0 }, JSON.stringify(data, null, 2)))));
}

// pathOf is the percent-encoded path of a URL, or of a path.
function pathOf(text) {
  const trimmed = escaped(text.trim());
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `${location.origin}/${trimmed.replace(/^\//, "")}`;
  try {
    return new URL(absolute).pathname;
  } catch {
    return `/${encodeURIComponent(trimmed)}`;
  }
}

// escaped has percent signs that begin nothing as they are in a URL.
const escaped = (path) => path.replace(/%(?![0-9a-fA-F]{2})/g, "%25");

// readable is a path that pathOf leads back from: an escaped % or \\ stays.
function readable(path) {
  try {
    return decodeURI(path.replace(/%(25|5c)/gi, "%25$1"));
  } catch {
    return path;
  }
}
