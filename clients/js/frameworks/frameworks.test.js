import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import test from "node:test";
import { build } from "esbuild";
import { createImage } from "@nuxt/image/runtime";
import next from "next/image.js";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { nextLoader } from "thumbery/next";
import thumberyProvider from "thumbery/nuxt";
import { Thumbery } from "thumbery";
import { Signer } from "thumbery/sign";

const base = "https://img.example.com";

test("next/image asks for each width of its srcset", () => {
  const picture = { src: "/photos/a b.jpg", alt: "A", width: 300, height: 200, loader: nextLoader({ base }) };
  const html = renderToStaticMarkup(createElement(next.default, picture));
  const src = (width) => `${base}/${width}x,f_auto/photos/a%20b.jpg`;
  assert.ok(html.includes(`srcSet="${src(384)} 1x, ${src(640)} 2x"`), html);
  const { props } = next.getImageProps({ ...picture, sizes: "100vw", quality: 70 });
  assert.match(props.srcSet, /^\S+\/\d+x,f_auto,q_70\/photos\/a%20b.jpg \d+w, .* 3840w$/);
});

test("next/image with a source that was signed once", () => {
  const scope = "384x~640x,f_auto";
  const source = new Signer({ key: "k1:an-example-secret-not-for-use", scope }).source("a b.jpg");
  const { props } = next.getImageProps({ src: source, alt: "", width: 300, height: 200, loader: nextLoader({ base, signed: true }) });
  assert.equal(props.srcSet, new Thumbery({ base, signed: true }).srcset("f_auto", source, { widths: [384, 640] }).replace("384w", "1x").replace("640w", "2x"));
});

test("Nuxt Image", () => {
  const providers = { thumbery: { setup: thumberyProvider, defaults: { baseURL: base } } };
  const $img = createImage({ providers, provider: "thumbery", presets: {}, screens: { sm: 640 }, densities: [1, 2], alias: {}, domains: [] });
  assert.equal($img("photos/a b.jpg", { width: 300, height: 200, fit: "inside", quality: 70 }), `${base}/300x200,fit_inside,f_auto,q_70/photos/a%20b.jpg`);
  assert.equal($img("a.jpg", { format: "webp", fp: [0.5, 0.2], width: "300", height: "200" }), `${base}/300x200,fp_0.5_0.2,f_webp/a.jpg`);
  const { srcset } = $img.getSizes("a.jpg", { sizes: "100vw sm:320px", modifiers: {} });
  assert.match(srcset, /https:\/\/img.example.com\/640x,f_auto\/a.jpg 640w/);
});

/** Starts a program that ends with the test, and returns what it says as in the pattern. */
async function start(t, pattern, command, args, env) {
  const program = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => program.kill());
  let said = "";
  for await (const text of command === process.execPath ? program.stdout : program.stderr) {
    const match = pattern.exec((said += text));
    if (match) return match[1];
  }
  throw new Error(`${command} ${args}: ${said}`);
}

test("the page of Express: each URL signed, and those that a browser makes of a scope", async (t) => {
  const env = { THUMBERY_KEY: "k1:an-example-secret-not-for-use" };
  const args = ["serve", "--listen", "127.0.0.1:0", "--admin", "", "--source", "/=file:../../testdata", "--cache", "cache"];
  env.THUMBERY_URL = "http://" + (await start(t, /msg=listening address=(\S+)/, "../../bin/thumbery", args, env));
  const page = `http://localhost:${await start(t, /listening on (\d+)/, process.execPath, ["app.mjs"], { ...env, PORT: "0" })}`;
  assert.equal((await fetch(`${page}/thumbery/index.js`)).status, 200);
  const html = await (await fetch(page)).text();
  const browser = new Thumbery({ base: env.THUMBERY_URL, signed: true });
  const sources = await (await fetch(`${page}/sources`)).json();
  const urls = [html, ...sources.map((source) => browser.srcset("f_auto", source, { widths: [320, 640, 1280] }))]
    .flatMap((text) => text.match(/http:[^ "]*\/photos\/[a-z.]+/g));
  assert.equal(new Set(urls).size, 10);
  for (const url of urls) {
    const { status, headers } = await fetch(url);
    assert.equal(`${status} ${headers.get("content-type")}`, "200 image/jpeg", url);
    assert.equal((await fetch(url.replace(/(\d+)x(200)?,/, "333x$2,"))).status, 403);
  }
});

test("a bundler for browsers puts no signer into a page", async () => {
  const bundle = async (module, more = {}) => {
    const stdin = { contents: `export * from ${JSON.stringify(module)}`, resolveDir: import.meta.dirname };
    const { outputFiles } = await build({ stdin, bundle: true, write: false, format: "esm", logLevel: "silent", ...more });
    return outputFiles[0].text;
  };
  assert.match(await bundle("thumbery"), /class Thumbery|Thumbery = class/);
  const signer = await bundle("thumbery/sign");
  assert.ok(signer.includes("is not for browsers") && !signer.includes("HMAC") && !signer.includes("node:crypto"), signer);
  assert.match(await bundle("thumbery/sign", { platform: "node" }), /node:crypto/);
  assert.match(await bundle("thumbery/sign", { platform: "neutral", conditions: ["edge-light"] }), /subtle/);
});
