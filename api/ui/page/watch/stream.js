// stream.js reads server-sent events. An EventSource could not send the admin token.

import { request, serverError } from "../request.js";

const firstPause = 1000; // milliseconds, doubled after each failure
const longestPause = 30_000;
const silence = 10_000; // after which a connection is taken for dead: events come each second

// subscribe calls onEvent with the JSON of each event, and onState with
//
//   { live: true } or { live: false, problem, until }
//
// until being when it tries again, in milliseconds as Date.now(), Infinity if only by retry(). The
// server ends a stream now and then, which is no problem if the next one begins. It returns
// { close(), retry() }.
export function subscribe(path, onEvent, onState) {
  let closed = false;
  let pause = firstPause;
  let wake = () => {};
  let abort = new AbortController();

  async function connect() {
    abort = new AbortController();
    const watchdog = dog(abort);
    let heard = false;
    try {
      const response = await request(path, { signal: abort.signal });
      if (!response.ok) throw await serverError(response);
      await read(response.body, (event) => {
        watchdog.fed();
        heard = true;
        pause = firstPause;
        onState({ live: true });
        onEvent(event);
      });
      return heard ? null : "the server has closed the connection";
    } catch (error) {
      if (error.status === 401) pause = Infinity; // until somebody wants to give the token
      else if (abort.signal.aborted) return "the server says nothing";
      return error.status ? error.message : "the server cannot be reached";
    } finally {
      watchdog.stop();
      abort.abort(); // what is still to be read
    }
  }

  async function run() {
    while (!closed) {
      const problem = await connect();
      if (closed) return;
      if (problem) onState({ live: false, problem, until: Date.now() + pause });
      await new Promise((resolve) => {
        const timer = pause < Infinity ? setTimeout(resolve, pause) : 0;
        wake = () => { clearTimeout(timer); resolve(); };
      });
      pause = pause < Infinity ? Math.min(2 * pause, longestPause) : firstPause;
    }
  }

  run();
  return {
    close() { closed = true; abort.abort(); wake(); },
    retry() { wake(); },
  };
}

// dog ends a connection on which nothing comes.
function dog(abort) {
  let timer;
  const fed = () => {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(), silence);
  };
  fed();
  return { fed, stop: () => clearTimeout(timer) };
}

// read splits a body into events. Ours have one line of data each.
async function read(body, onEvent) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      if (event.startsWith("data: ")) onEvent(JSON.parse(event.slice(6)));
    }
  }
}
