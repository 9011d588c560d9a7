// rates.js computes rates from cumulative counters. It does not touch the page.

const minute = 60_000;

// The outcomes of requests, in the order in which they are drawn. All other outcomes are
// kinds of errors.
export const hits = ["memory", "disk", "bucket"];
export const misses = ["miss", "shared"];
export const outcomes = [...hits, ...misses, "redirect", "error"];

export const steps = ["queue", "fetch", "bucket", "look", "resize", "store"];

// group is the one of outcomes that an outcome belongs to.
export const group = (outcome) => (outcomes.includes(outcome) ? outcome : "error");

// samples are those of a metric, none if nothing was counted yet.
export const samples = (snapshot, metric) => snapshot.metrics[metric] ?? [];

// value is the sum of the samples of a metric that have the labels.
export function value(snapshot, metric, labels = {}) {
  const fits = (sample) => Object.entries(labels).every(([name, text]) => sample.labels?.[name] === text);
  return samples(snapshot, metric).filter(fits).reduce((sum, sample) => sum + sample.value, 0);
}

// by adds samples up by the text of a label: Map of { value, sum }.
export function by(snapshot, metric, label) {
  const all = new Map();
  for (const { labels, value, sum = 0 } of samples(snapshot, metric)) {
    const old = all.get(labels[label]) ?? { value: 0, sum: 0 };
    all.set(labels[label], { value: old.value + value, sum: old.sum + sum });
  }
  return all;
}

// History keeps the snapshots of the last minute.
export class History {
  #snapshots = [];

  // add adds a snapshot, whose time becomes a number of milliseconds.
  add(snapshot) {
    snapshot.at = Date.parse(snapshot.time);
    this.#snapshots.push(snapshot);
    while (snapshot.at - this.#snapshots[0].at > minute + 500) this.#snapshots.shift();
  }

  // forget begins anew: what was not heard must not be spread over the time that it took.
  forget() { this.#snapshots = []; }

  get latest() { return this.#snapshots.at(-1); }

  // last is the span of the last seconds, or since the first snapshot.
  last(seconds) {
    const to = this.latest;
    return new Span(this.#snapshots.find(({ at }) => to.at - at <= 1000 * seconds + 500), to);
  }
}

// Span is what happened between two snapshots.
class Span {
  constructor(from, to) { Object.assign(this, { from, to }); }

  get seconds() { return (this.to.at - this.from.at) / 1000; }

  // name is "minute", or how much of one has been heard since the view was opened.
  get name() { return this.seconds >= 59 ? "minute" : `${Math.round(this.seconds)} s`; }

  // growth is by how much each sample of by has grown. A counter that is less than before
  // began at 0: the server was started again.
  growth(metric, label) {
    const before = by(this.from, metric, label);
    const all = new Map();
    for (const [name, now] of by(this.to, metric, label)) {
      const old = before.get(name) ?? { value: 0, sum: 0 };
      all.set(name, now.value < old.value ? now : { value: now.value - old.value, sum: now.sum - old.sum });
    }
    return all;
  }

  // outcomes is how many requests had each of the outcomes.
  outcomes() {
    const all = {};
    for (const [outcome, { value }] of this.growth("requests_total", "outcome")) {
      all[group(outcome)] = (all[group(outcome)] ?? 0) + value;
    }
    return all;
  }

  // hitRatio is from 0 to 1, or null if nothing was asked for.
  hitRatio() {
    const all = this.outcomes();
    const count = (names) => names.reduce((sum, name) => sum + (all[name] ?? 0), 0);
    const asked = count(hits) + count(misses);
    return asked > 0 ? count(hits) / asked : null;
  }

  // steps is how many milliseconds each step took, for each derivative that was made or read
  // from the shared tier, which has steps, too. It is null if none was.
  steps() {
    const { miss = 0, bucket = 0 } = this.outcomes();
    if (miss + bucket === 0) return null;
    const all = {};
    for (const [step, { sum }] of this.growth("step_seconds", "step")) all[step] = (1000 * sum) / (miss + bucket);
    return all;
  }

  // mean is of the times of some outcomes together, in milliseconds, or null.
  mean(...names) {
    const times = this.growth("request_seconds", "outcome");
    const all = names.map((name) => times.get(name) ?? { value: 0, sum: 0 });
    const requests = all.reduce((n, { value }) => n + value, 0);
    return requests > 0 ? (1000 * all.reduce((n, { sum }) => n + sum, 0)) / requests : null;
  }
}
