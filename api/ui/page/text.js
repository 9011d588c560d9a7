// text.js writes numbers for people.

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export function bytes(n) {
  if (n == null) return "";
  if (n < 1000) return `${n} B`;
  if (n < 1e6) return `${number.format(n / 1e3)} kB`;
  if (n < 1e9) return `${number.format(n / 1e6)} MB`;
  return `${number.format(n / 1e9)} GB`;
}

export const milliseconds = (ms) => (ms < 10 ? `${number.format(ms)} ms` : ms < 10_000 ? `${Math.round(ms)} ms` : `${number.format(ms / 1000)} s`);

export const pixels = (width, height) => `${width} × ${height}`;

// cacheStatus says in a word what Cache-Status (RFC 9211) says: where the answer came from.
export function cacheStatus(value) {
  if (!value) return "";
  const parts = value.split(";").map((part) => part.trim());
  const detail = parts.find((part) => part.startsWith("detail="))?.slice(7);
  if (parts.includes("hit")) return detail ? `hit, ${detail}` : "hit";
  const forwarded = parts.find((part) => part.startsWith("fwd="))?.slice(4) ?? "miss";
  return forwarded;
}

// serverTiming returns the steps of Server-Timing: [[name, milliseconds], …].
export function serverTiming(value) {
  if (!value) return [];
  return value.split(",").map((step) => {
    const [name, ...parameters] = step.split(";").map((part) => part.trim());
    return [name, Number(parameters.find((p) => p.startsWith("dur="))?.slice(4))];
  });
}
