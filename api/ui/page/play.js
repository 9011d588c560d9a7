// play.js is the view to try options on a picture: a path, typed or by form, and what the
// server makes of it. The typed options and the form are two views of one value, which the
// server parses.

import { browser } from "./browse.js";
import { comparison } from "./compare.js";
import { debounce, el, fill } from "./dom.js";
import { optionForm } from "./form.js";
import { originalView } from "./original.js";
import { decodePath, encodeKey, noOptions, shellQuoted } from "./path.js";
import { resultView } from "./result.js";
import { ServerError, resolve } from "./request.js";
import { sharing } from "./share.js";

export function mount(section, shell) {
  return new Play(section, shell);
}

class Play {
  constructor(section, shell) {
    this.shell = shell;
    this.form = optionForm(shell.about, () => this.typed(this.form.ops(), true));
    this.original = originalView(shell.about, (values) => this.form.change(values));
    this.result = resultView(() => this.resolve(), () => this.original.bytes());
    this.compare = comparison(shell.about, this.form, (values) => this.form.change(values));
    this.share = sharing(shell);
    this.later = debounce(200, () => this.resolve());
    fill(section,
      el("h1", { class: "unseen" }, "Play"), this.bar(),
      el("div", { class: "workbench" },
        el("div", { class: "pair" }, this.original.element, this.result.element),
        el("aside", { class: "panel", "aria-label": "Options by form" }, this.form.element),
        this.compare.element, this.share.element));
  }

  // bar is the path: options and key as they are typed, and what they mean.
  bar() {
    this.ops = el("input", { id: "ops", type: "text", spellcheck: "false", autocomplete: "off", autocapitalize: "off", "aria-describedby": "meaning", input: () => this.typed(this.ops.value) });
    this.key = el("input", { id: "key", type: "text", spellcheck: "false", autocomplete: "off", autocapitalize: "off", input: () => this.changed() });
    this.meaning = el("ul", { class: "meaning", id: "meaning" });
    this.problem = el("div", { class: "problem", role: "alert", hidden: true });
    this.browse = browser(this.shell.about.writes, (key) => { this.key.value = key; this.resolve(); });
    this.explain = el("a", { class: "button", href: "#explain", hidden: !this.shell.about.explains }, "Explain this");
    return el("div", { class: "bar" },
      el("div", { class: "path" },
        el("div", { class: "part ops" }, el("label", { for: "ops" }, "Options"), this.ops),
        el("span", { class: "slash", "aria-hidden": "true" }, "/"),
        el("div", { class: "part key" }, el("label", { for: "key" }, "Picture"), this.key),
        el("div", { class: "actions" }, this.browse.button, this.explain)),
      this.problem, this.browse.element, this.meaning, this.examples());
  }

  examples() {
    return el("p", { class: "examples" }, el("span", {}, "Try "), this.shell.about.examples.map(({ title, ops }) => el("button", { type: "button", title: ops, click: () => {
      this.ops.value = ops;
      this.resolve();
    } }, title)));
  }

  // show takes "OPS/KEY" of the location, or chooses a first picture.
  async show(rest) {
    const [ops, key] = decodePath(rest);
    if (!key && this.key.value) return;
    this.ops.value = ops || this.shell.about.first;
    if (key) this.key.value = key;
    else {
      const first = this.shell.about.first_key || await this.browse.first();
      this.key.value ||= first; // unless one was typed meanwhile
    }
    await this.resolve();
  }

  typed(ops, fromForm = false) {
    this.fromForm = fromForm;
    if (fromForm) this.ops.value = ops;
    this.changed();
  }

  // changed asks soon. An answer that is on its way is of what was there before, and would
  // put that back.
  changed() {
    this.loading?.abort();
    this.later();
  }

  // path has no empty options: the first directory of the key would be taken for them.
  path() { return `${this.ops.value.trim() || noOptions}/${this.key.value.trim()}`; }

  // resolve asks the server what the path means, and then for the picture.
  async resolve() {
    this.loading?.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    try {
      this.resolved(await resolve(this.path(), { signal }));
      await this.load();
    } catch (error) {
      if (!signal.aborted) this.refused(error);
    }
  }

  resolved(answer) {
    this.answer = answer;
    this.problem.hidden = true;
    if (this.fromForm) this.ops.value = answer.ops;
    this.form.set(answer.preset, answer.values);
    fill(this.meaning, answer.explain.map((line) => {
      const colon = line.indexOf(": ");
      return el("li", {}, el("code", {}, line.slice(0, colon)), line.slice(colon + 1));
    }));
    history.replaceState(null, "", `#play/${answer.ops}/${encodeKey(answer.key)}`);
    this.explain.href = `#explain${answer.signed || answer.path}`;
    this.share.show(answer);
    this.compare.show(answer);
    this.original.mark(answer.values);
  }

  refused(error) {
    if (!(error instanceof ServerError)) throw error;
    const { body } = error;
    fill(this.problem, el("span", {}, error.message),
      body.corrected ? [" ", el("button", { type: "button", click: () => { this.typed(body.corrected); this.ops.value = body.corrected; this.ops.focus(); } }, "Use ", el("code", {}, body.corrected))] : null);
    this.problem.hidden = false;
    this.result.outdated();
  }

  async load() {
    const { answer, loading: { signal } } = this;
    if (!answer.signed) {
      this.result.unsigned(`thumbery url ${shellQuoted(answer.ops)} ${shellQuoted(answer.key)}`);
      return;
    }
    await Promise.all([this.result.load(answer.signed, signal), this.original.load(answer.key)]);
    if (!signal.aborted) this.result.compareSizes();
  }
}
