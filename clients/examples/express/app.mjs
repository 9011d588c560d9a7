// THUMBERY_URL=http://localhost:8080 THUMBERY_KEY=KID:SECRET node app.mjs
import express from "express";
import { Signer } from "thumbery/sign";

const base = process.env.THUMBERY_URL;
const key = process.env.THUMBERY_KEY;
const each = new Signer({ base, key }); // signs each URL
const once = new Signer({ key, scope: "320x~640x~1280x,f_auto" }); // the browser chooses among these
const pictures = ["photos/cat.jpg", "photos/portrait.jpg"];

const app = express();
app.use("/thumbery", express.static("node_modules/thumbery")); // what a bundler would do
app.get("/sources", (_, response) => response.json(pictures.map((picture) => once.source(picture))));
app.get("/", (_, response) =>
  response.send(`<!doctype html>
<title>Pictures</title>
${pictures.map((picture) => each.picture("300x200,f_auto", picture, { densities: [1, 2], alt: picture })).join("\n")}
<script type="module">
  import { Thumbery } from "/thumbery/index.js";
  const thumbery = new Thumbery({ base: ${JSON.stringify(base)}, signed: true });
  for (const source of await (await fetch("/sources")).json()) {
    const html = thumbery.picture("f_auto", source, { widths: [320, 640, 1280], sizes: "100vw" });
    document.body.insertAdjacentHTML("beforeend", html);
  }
</script>`),
);
const server = app.listen(process.env.PORT ?? 3000, () => console.log(`listening on ${server.address().port}`));
