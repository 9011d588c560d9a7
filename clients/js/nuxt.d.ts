import { Options, Settings } from "./index.js";

export interface ProviderOptions extends Omit<Settings, "base"> {
  baseURL?: string;
  /** Width, height, format, quality and fit as Nuxt Image has them, and all other options of Thumbery by name. */
  modifiers?: Options & { width?: number; height?: number; format?: string; quality?: number | string };
}

export function getImage(src: string, options: ProviderOptions): { url: string };

declare const provider: () => { getImage: typeof getImage };
export default provider;
