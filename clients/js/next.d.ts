import { Settings } from "./index.js";

export interface LoaderSettings extends Settings {
  /** The options beside the width; "f_auto" by default. */
  ops?: string;
}

export function nextLoader(settings?: LoaderSettings): (picture: { src: string; width: number; quality?: number }) => string;
