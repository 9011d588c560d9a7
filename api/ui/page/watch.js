// watch.js is the view of what the server does now. It reads one stream of snapshots while it
// is shown, and gives each to its parts.

import { el, fill } from "./dom.js";
import { cache } from "./watch/cache.js";
import { charts } from "./watch/charts.js";
import { forgetting, switches, whyNot } from "./watch/controls.js";
import { hottest } from "./watch/hottest.js";
import { numbers } from "./watch/numbers.js";
import { purge } from "./watch/purge.js";
import { History } from "./watch/rates.js";
import { set } from "./watch/rows.js";
import { subscribe } from "./watch/stream.js";
import { origins, requests } from "./watch/tables.js";

export function mount(section, shell) {
  const history = new History();
  const drawn = charts();
  const dryRun = purge((census) => tiers.counted(census));
  const tiers = cache(() => dryRun.count());
  const parts = [numbers(), drawn, requests(), origins(), hottest(shell), tiers, switches(shell)];
  const [top, , outcomes, backends, hot, , flips] = parts;
  const connection = status(() => stream?.retry());
  let stream = null;

  fill(section,
    el("h1", { class: "unseen" }, "Watch"), connection.element, top.element, drawn.element,
    el("div", { class: "tables" }, outcomes.element, backends.element, hot.element, tiers.element, dryRun.element,
      whyNot(shell.about), flips.element, forgetting(shell).element));

  function onEvent(snapshot) {
    history.add(snapshot);
    for (const part of parts) part.update(history);
  }

  function onState(state) {
    if (!state.live) {
      history.forget();
      drawn.gap();
    }
    section.classList.toggle("outdated", !state.live);
    connection.update(state);
  }

  return {
    show() { stream ??= subscribe("api/events", onEvent, onState); },
    hide() {
      stream?.close();
      stream = null;
      onState({ live: false });
    },
  };
}

// status says whether what is shown is live.
function status(retry) {
  const text = el("span", { role: "status" }, "Connecting …");
  const countdown = el("span", {});
  const button = el("button", { type: "button", hidden: true, click: retry }, "Connect now");
  const element = el("p", { class: "live" }, text, countdown, " ", button);
  let timer;
  return {
    element,
    update({ live, problem, until }) {
      clearInterval(timer);
      element.dataset.state = live ? "live" : "lost";
      set(text, live ? "Live" : `Disconnected: ${problem ?? "not shown"}.`);
      button.hidden = live || !until;
      const count = () => set(countdown, until < Infinity ? ` Next attempt in ${Math.max(0, Math.ceil((until - Date.now()) / 1000))} s.` : "");
      count();
      if (until < Infinity) timer = setInterval(count, 250);
    },
  };
}
