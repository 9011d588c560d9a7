// path.js spells options and paths. What options there are, and what is wrong with them, the
// server says.

export const encodeKey = (key) => key.split("/").map(encodeURIComponent).join("/");

// decodePath splits "OPS/KEY", percent-encoded as in a URL.
export function decodePath(path) {
  const slash = path.indexOf("/");
  const [ops, key] = slash < 0 ? [path, ""] : [path.slice(0, slash), path.slice(slash + 1)];
  try {
    return [decodeURIComponent(ops), decodeURIComponent(key)];
  } catch {
    return [ops, key]; // a percent sign as it is
  }
}

// noOptions is an option that changes nothing.
export const noOptions = "dpr_1";

// spell writes values by the names of options, in the order of the server's table, after a
// preset's name. The server knows a shorter spelling.
export function spell(options, preset, values) {
  const tokens = options.filter(({ name }) => name in values).map(({ name }) => (values[name] === "" ? name : `${name}_${values[name]}`));
  if (preset) tokens.unshift(preset);
  return tokens.join(",") || noOptions;
}

// shellQuoted is text as one word of a shell.
export const shellQuoted = (text) => (/^[\w./,~+:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
