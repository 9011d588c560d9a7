import { Thumbery, placeholder } from "thumbery";
import { Signer } from "thumbery/sign";
import { nextLoader } from "thumbery/next";
import type { ImageLoader } from "next/image";
import provider, { getImage } from "thumbery/nuxt";

const browser = new Thumbery({ base: "https://img.example.com", signed: true });
const server = new Signer({ key: "k1:an-example-secret", scope: "sizes", expires: 60 });
export const urls: string[] = [
  browser.url({ w: 300, h: 200, fit: "inside", fp: [0.5, 0.2], f: "auto" }, server.source("cat.jpg")),
  server.srcset("f_auto", "cat.jpg", { widths: [320, 640] }),
  server.picture("f_auto", "cat.jpg", { densities: [1, 2], formats: ["avif"], alt: "A cat" }),
  placeholder({ average: "#112233" }),
  getImage("cat.jpg", { modifiers: { width: 300 } }).url,
  provider().getImage("cat.jpg", {}).url,
];
export const loader: ImageLoader = nextLoader({ ops: "f_auto,q_80" });
// @ts-expect-error a browser has no key
new Thumbery({ key: "k1:an-example-secret" });
// @ts-expect-error there is no such fit
browser.url({ fit: "crop" }, "cat.jpg");
