/** Options as text, "300x200,f_auto", or by name, { w: 300, fp: [0.5, 0.2], gray: true }. */
export type Ops = string | Options;

export interface Options {
  preset?: string;
  w?: number | string;
  h?: number | string;
  dpr?: number | string;
  up?: 0 | 1;
  fit?: "cover" | "contain" | "inside" | "outside" | "fill";
  g?: "center" | "n" | "ne" | "e" | "se" | "s" | "sw" | "w" | "nw" | "smart";
  fp?: [x: number, y: number];
  crop?: [x: Length, y: Length, w: Length, h: Length];
  trim?: number | true;
  f?: Format | "auto";
  q?: number | string;
  [option: string]: unknown;
}

/** Pixels, or percent such as "50p". */
export type Length = number | `${number}p`;
export type Format = "jpeg" | "png" | "webp" | "avif" | "gif" | "jxl";

export interface Settings {
  /** Put before every path. */
  base?: string;
  /** Replace base. All sizes of a picture have the same host. */
  hosts?: readonly string[];
  /** Names of the server's presets. */
  presets?: readonly string[];
  /** Keys are what Signer.source() gives on the server. */
  signed?: boolean;
}

export interface Candidates {
  widths?: readonly number[];
  densities?: readonly number[];
}

export interface Picture extends Candidates {
  sizes?: string;
  /** One <source> for each, the best first. */
  formats?: readonly Format[];
  alt?: string;
  attributes?: Readonly<Record<string, string>>;
}

/** Makes URLs. What the server would refuse is a RangeError. */
export class Thumbery {
  constructor(settings?: Settings);
  /** The URL of a picture, with the canonical spelling of the options. */
  url(ops: Ops, key: string): string;
  /** The URL with another width. Options with both sides keep their ratio. */
  atWidth(ops: Ops, key: string, width: number): string;
  /** The value of a srcset attribute, by widths or by densities. */
  srcset(ops: Ops, key: string, candidates: Candidates): string;
  /** The HTML of an <img>, or of a <picture> with a <source> for each format. */
  picture(ops: Ops, key: string, picture?: Picture): string;
  /** The canonical spelling of options. */
  canonical(ops: Ops): string;
}

/** A background of CSS to show until the picture is there, from the JSON of /info/. */
export function placeholder(info: { average?: string; placeholder?: string }): string;
