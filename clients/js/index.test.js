import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "node:test";
import { Thumbery, placeholder } from "thumbery";
import { Signer } from "thumbery/sign";
import { Signer as WebSigner } from "./sign-web.js";
import { nextLoader } from "thumbery/next";
import { getImage } from "thumbery/nuxt";

globalThis.crypto ??= webcrypto; // which Node 18 does not have, but the edge does

const { cases } = JSON.parse(readFileSync(new URL("../../testdata/urls.json", import.meta.url)));

function run({ call, settings: { now = 0, ...settings } = {}, key = "", ops, named, attribute, info, ...rest }) {
  const t = settings.key ? new Signer({ ...settings, now: () => now * 1000 }) : new Thumbery(settings);
  const attributes = attribute && Object.fromEntries([attribute]);
  const calls = {
    url: () => [ops, ...(named ? [named] : [])].map((ops) => t.url(ops, key)),
    srcset: () => [t.srcset(ops, key, rest)],
    picture: () => [t.picture(ops, key, { ...rest, attributes })],
    source: () => [t.source(key)],
    placeholder: () => [placeholder(info)],
  };
  return calls[call]();
}

test(`${cases.length} cases of testdata/urls.json`, () => {
  assert.ok(cases.length > 500);
  for (const c of cases) {
    if (c.refused) assert.throws(() => run(c), RangeError, JSON.stringify(c));
    else for (const got of run(c)) assert.equal(got, c.want, JSON.stringify(c));
  }
});

const settings = { key: "k1:an-example-secret-not-for-use", scope: "320x~640x,~dpr_2,f_auto", expires: 60, now: () => 1.7e12 };

test("a browser makes the same URLs of a source, without the secret", async () => {
  const source = new Signer(settings).source("photos/a b.jpg");
  assert.equal(await new WebSigner(settings).source("photos/a b.jpg"), source);
  const browser = new Thumbery({ base: "https://img.example.com", signed: true });
  const server = new Signer({ base: "https://img.example.com", ...settings });
  for (const ops of ["320x,f_auto", "f_auto,dpr_2,w_640"]) {
    assert.equal(browser.url(ops, source), server.url(ops, "photos/a b.jpg"));
  }
  assert.throws(() => server.url("321x,f_auto", "photos/a b.jpg"), /outside the scope/);
  assert.throws(() => browser.url("321x,f_auto", source), /outside the scope 320x~640x/);
  for (const key of ["photos/a b.jpg", "s.k1.abc/photos/a b.jpg", undefined]) {
    assert.throws(() => browser.url("320x,f_auto", key), (e) => e instanceof RangeError && /source/.test(e.message));
  }
});

test("the secret is not to be seen", () => {
  const signer = new Signer(settings);
  assert.ok(!JSON.stringify(signer).includes("secret"));
  assert.throws(() => new Signer({ key: "k1:short" }), (e) => !e.message.includes("short"));
  assert.throws(() => new Thumbery({ key: settings.key }), /does not sign/);
  assert.throws(() => new Signer({ key: process.env.UNSET }), RangeError);
});

test("what is no text is refused", () => {
  const thumbery = new Thumbery();
  for (const wrong of [null, undefined, 5, {}]) {
    assert.throws(() => thumbery.url("300x", wrong), { name: "RangeError", message: /a key is a string/ });
  }
  for (const wrong of [null, undefined, 5]) {
    assert.throws(() => thumbery.url(wrong, "cat.jpg"), { name: "RangeError", message: /options are/ });
  }
});

test("thumbery/sign by the conditions of who asks", () => {
  const module = (...conditions) => {
    const code = "import('thumbery/sign').then(({ Signer }) => new Signer({ key: 'k1:an-example-secret' }))";
    const { status, stderr } = spawnSync(process.execPath, [...conditions.flatMap((c) => ["-C", c]), "-e", code], { cwd: new URL(".", import.meta.url), encoding: "utf8" });
    return status ? /Error: ([^\n]*)/.exec(stderr)[1] : "sign.js";
  };
  assert.match(module("workerd", "worker", "browser"), /without node:crypto/);
  assert.match(module("edge-light", "browser"), /without node:crypto/);
  assert.match(module("browser"), /not for browsers/);
  assert.equal(module(), "sign.js");
});

test("a provider for Nuxt Image takes no key", () => {
  assert.throws(() => getImage("cat.jpg", { key: settings.key }), /does not sign/);
});

test("a loader for next/image", () => {
  const loader = nextLoader({ base: "https://img.example.com", ops: "300x200,f_auto" });
  assert.equal(loader({ src: "/a b.jpg", width: 640 }), "https://img.example.com/640x427,f_auto/a%20b.jpg");
  assert.equal(loader({ src: "a.jpg", width: 640, quality: 70 }), "https://img.example.com/640x427,f_auto,q_70/a.jpg");
});
