// request.js sends requests to the listener that this page came from, with the admin token
// if it asks for one. Paths are relative to the page: "api/about", "../switches".

const stored = "thumbery-token";
const dialog = document.getElementById("token-dialog");
const forget = document.getElementById("forget-token");
let asking = null; // several requests ask for the token once

// ServerError is an answer with an error status, which is in body as JSON, or with status 0
// that no answer came.
export class ServerError extends Error {
  constructor(status, body) {
    super(body.detail ?? body.error ?? `the server answered with ${status}`);
    this.status = status;
    this.body = body;
  }
}

// reached waits for the network, whose failures become ServerErrors.
export async function reached(promise) {
  try {
    return await promise;
  } catch (error) {
    if (error.name !== "TypeError") throw error; // an AbortError, or wrong JSON
    throw new ServerError(0, { error: "the server cannot be reached" });
  }
}

// request is fetch with the token. The answer may be of any status but 401. Its sent is when
// it was asked for, by performance.now(): people need time to type a token.
export async function request(path, init = {}) {
  for (let tried = null; ; ) {
    const token = sessionStorage.getItem(stored);
    const headers = new Headers(init.headers);
    if (token) headers.set("Authorization", `Bearer ${token}`);
    const sent = performance.now();
    const response = await reached(fetch(path, { cache: "no-store", redirect: "manual", ...init, headers }));
    if (response.status !== 401) return Object.assign(response, { sent });
    if (token === sessionStorage.getItem(stored)) {
      asking ??= askForToken(token !== null || tried !== null).finally(() => { asking = null; });
    }
    await asking;
    tried = token;
  }
}

// json is request for an answer in JSON, or a ServerError.
export async function json(path, init) {
  const response = await request(path, init);
  if (response.ok) return reached(response.json());
  throw await serverError(response);
}

export async function serverError(response) {
  if (response.type === "opaqueredirect") return new ServerError(302, { error: "the server sends clients to another address for this" });
  let body = {};
  try { body = await response.json(); } catch { /* what is not JSON says nothing to people */ }
  return new ServerError(response.status, body);
}

// resolve asks what a path, "OPS/KEY" percent-decoded, means. That it means nothing is a
// ServerError with what the public listener would say.
export async function resolve(path, init) {
  const answer = await json(`api/url?path=${encodeURIComponent(path)}`, init);
  if (answer.problem) throw new ServerError(answer.problem.status, answer.problem);
  return answer;
}

function askForToken(wrong) {
  sessionStorage.removeItem(stored);
  forget.hidden = true;
  const field = document.getElementById("token");
  const problem = document.getElementById("token-problem");
  problem.hidden = !wrong;
  problem.textContent = wrong ? "That was not the token." : "";
  field.value = "";
  return new Promise((resolve, reject) => {
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "use" || !field.value) {
        reject(new ServerError(401, { error: "This listener answers only with its token: reload the page to give it" }));
        return;
      }
      sessionStorage.setItem(stored, field.value.trim());
      field.value = "";
      forget.hidden = false;
      resolve();
    }, { once: true });
    dialog.showModal();
  });
}

forget.hidden = !sessionStorage.getItem(stored);
forget.addEventListener("click", () => {
  sessionStorage.removeItem(stored);
  location.reload();
});
