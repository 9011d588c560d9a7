// tables.js has what is counted since the server was started: requests by outcome, and
// origins with their circuit breakers.

import { el } from "../dom.js";
import { milliseconds } from "../text.js";
import { by, samples } from "./rates.js";
import { cells, rows, set, table } from "./rows.js";

const count = new Intl.NumberFormat("en");

// requests is the table of outcomes.
export function requests() {
  const body = el("tbody");
  const update = rows(body, {
    key: ({ outcome }) => outcome,
    make() {
      const row = cells(4, null, "figure", "figure", "figure");
      return { element: row.element, update: ({ outcome, value, recent, mean }) => row.update([outcome, count.format(value), recent, mean]) };
    },
  });
  const element = table("Requests by outcome", ["Outcome", ">Since the start", ">Last minute", ">Mean time"], body);
  const [, , lately] = element.querySelectorAll("thead th");
  return {
    element: el("section", { class: "card" }, el("h2", {}, "Requests"), element),
    update(history) {
      const minute = history.last(60);
      const recent = minute.growth("requests_total", "outcome");
      set(lately, `Last ${minute.name}`);
      const times = by(history.latest, "request_seconds", "outcome");
      update([...by(history.latest, "requests_total", "outcome")].sort((a, b) => b[1].value - a[1].value).map(([outcome, { value }]) => {
        const all = times.get(outcome);
        return { outcome: outcome || "other", value, recent: count.format(recent.get(outcome)?.value ?? 0), mean: all?.value ? milliseconds((1000 * all.sum) / all.value) : "" };
      }));
    },
  };
}

const states = [["closed", "requests are sent"], ["half-open", "one request tries whether it answers"], ["open", "it does not answer, and nothing is sent"]];

const results = { ok: "ok", absent: "not found", same: "not modified", refused: "refused", unavailable: "unavailable", transient: "our own trouble", broken: "broke off", abandoned: "given up by the client" };

// origins is the table of backends, and the shared tier if there is one.
export function origins() {
  const body = el("tbody");
  const update = rows(body, { key: ({ name }) => name, make: originRow });
  return {
    element: el("section", { class: "card" }, el("h2", {}, "Origins"), table("Origins", ["Backend", "Circuit breaker", "Its answers since the start", "Asked in its place"], body)),
    update({ latest }) {
      update([
        ...samples(latest, "origin_state").map(({ labels: { origin }, value }) => ({
          name: origin, state: value, answers: answers(latest, origin), diverted: diverted(latest, origin),
        })),
        ...samples(latest, "shared_state").map(({ labels: { bucket }, value }) => ({ name: `${bucket} (shared tier)`, state: value, answers: shared(latest), diverted: "" })),
      ]);
    },
  };
}

function originRow() {
  const row = cells(4, "path", null, null, null);
  const state = el("span", { class: "state" });
  row.all[1].append(state);
  return {
    element: row.element,
    update({ name, state: number, answers, diverted }) {
      const [word, meaning] = states[number] ?? states[2];
      row.all[0].textContent = name;
      state.className = `state ${word}`;
      state.textContent = word;
      state.title = meaning;
      row.all[2].textContent = answers;
      row.all[3].textContent = diverted;
    },
  };
}

const words = (list) => list.filter(([, n]) => n > 0).map(([name, n]) => `${count.format(n)} ${name}`).join(", ");

const answers = (now, origin) => words(samples(now, "origin_requests_total").filter(({ labels }) => labels.origin === origin).map(({ labels, value }) => [results[labels.result] ?? labels.result, value])) || "none";

const diverted = (now, origin) => words(samples(now, "origin_diverted_total").filter(({ labels }) => labels.origin === origin).map(({ labels, value }) => [labels.reason, value])) || "–";

const shared = (now) => words([...by(now, "shared_read_seconds", "result")].map(([result, { value }]) => [result, value])) || "none";
