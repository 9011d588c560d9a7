// What a signature covers, and how it is written.

/** The first of several keys signs, as on the server, where spaces separate them, too. */
export function parseKey(key) {
  const [, id, secret] = /^([a-z0-9-]+):([^ ]*)/.exec(key) ?? [];
  if (!id || new TextEncoder().encode(secret).length < 16) {
    throw new RangeError("a key is KID:SECRET, with a secret of at least 16 bytes");
  }
  return { id, secret };
}

export function checkScope(scope) {
  if (scope.length > 256 || !/^(~?[a-z0-9._-]+(~[a-z0-9._-]+)*(,(?!$)|$))*$/.test(scope)) {
    throw new RangeError("a scope is presets, sizes, or a list such as 320x~640x,~dpr_2,f_auto");
  }
  return scope;
}

export function message({ expires, scope, now }, ops, key) {
  const until = expires ? String(Math.ceil(now() / 1000 + expires)) : "";
  return { covered: until + (scope ? "~" + scope : "/" + ops) + "/" + key, until, scope };
}

export const segment = (id, mac, { until, scope }) => `s.${id}.${mac}${until && "." + until}${scope && "~" + scope}`;
