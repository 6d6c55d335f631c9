// Hints that something changed on the board, by a fetch stream that is open only while somebody can see the panel.

const PAUSE = 300;
const LONGEST_WAIT = 30000;
const SILENCE = 40000; // the server says something every 15 seconds, or the line is dead: after a sleep, behind a proxy

/** Calls `changed` after a hint, at most every 300 ms. `url` serves once, later ones come from `ticket()`.
    Returns stop(). */
export function follow({ url, ticket, changed }) {
  let stream, timer, retry, watch, again;
  let wait = 500;
  const page = new AbortController();
  const { signal } = page;
  document.addEventListener("visibilitychange", connect, { signal });
  addEventListener("pagehide", leave, { signal });
  for (const back of ["pageshow", "online"]) addEventListener(back, connect, { signal });
  connect();

  async function connect() {
    leave();
    if (document.hidden) return;
    const mine = (stream = new AbortController());
    try {
      await read(mine.signal);
    } catch {}
    if (mine.signal.aborted) return;
    retry = setTimeout(connect, wait * (1 + Math.random()));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  async function read(signal) {
    const known = url;
    url = null;
    const address = known || (await ticket()).stream_url;
    listen();
    const answer = await fetch(address, { credentials: "omit", cache: "no-store", signal });
    if (!answer.ok) throw answer.status;
    // What happened while nobody listened was missed.
    if (!known) soon();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ; ) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      wait = 500;
      listen();
      if (lines.some((line) => line.startsWith("data:"))) soon();
    }
  }

  function listen() {
    clearTimeout(watch);
    watch = setTimeout(connect, SILENCE);
  }

  function soon() {
    again = true;
    timer ||= setTimeout(refetch, PAUSE);
  }

  // One at a time: a slow answer must not be overtaken for ever.
  async function refetch() {
    again = false;
    try {
      await changed();
    } catch {}
    timer = 0;
    if (again && !signal.aborted) soon();
  }

  function leave() {
    stream?.abort();
    clearTimeout(retry);
    clearTimeout(watch);
  }

  return () => {
    page.abort();
    leave();
    clearTimeout(timer);
  };
}
