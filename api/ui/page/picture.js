// picture.js fetches pictures, and measures how long that takes. It shows them from memory,
// since an <img> sends no token, and hides the headers of its answer.

import { reached, request, serverError } from "./request.js";
import { cacheStatus, serverTiming } from "./text.js";

// asks are what browsers of some age send as Accept.
export const asks = {
  "new: AVIF, WebP": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
  "older: WebP": "image/webp,image/apng,image/*,*/*;q=0.8",
  "old: JPEG, PNG": "image/png,image/jpeg,*/*;q=0.5",
};

// fetchPicture returns what the public listener answers to a path. Errors are ServerErrors.
export async function fetchPicture(path, { signal, accept = Object.values(asks)[0] } = {}) {
  const response = await request(`picture${path}`, { signal, headers: { Accept: accept } });
  if (!response.ok) throw await serverError(response);
  const blob = await reached(response.blob());
  const took = performance.now() - response.sent;
  return {
    blob, took,
    type: response.headers.get("Content-Type") ?? "",
    bytes: blob.size,
    cache: cacheStatus(response.headers.get("Cache-Status")),
    steps: serverTiming(response.headers.get("Server-Timing")),
  };
}

// decode returns the pixels of a picture, or null for a format that this browser does not
// know.
export async function decode(blob) {
  try {
    return await createImageBitmap(blob);
  } catch {
    return null;
  }
}

const urls = new WeakMap();

// showBlob shows a picture in an img, and gives back the memory of the one before.
export async function showBlob(img, blob) {
  const before = urls.get(img);
  if (before) URL.revokeObjectURL(before);
  urls.delete(img);
  if (!blob) {
    img.removeAttribute("src");
    return;
  }
  const url = URL.createObjectURL(blob);
  urls.set(img, url);
  img.src = url;
  try {
    await img.decode();
  } catch (error) {
    if (urls.get(img) === url) throw error; // else it shows another picture by now
  }
}

export const format = (type) => type.replace(/^image\//, "").replace(/\+xml$/, "").replace(/;.*/, "");
