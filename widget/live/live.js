// Hints that something changed on the board, by a fetch stream that is open only while somebody can see the panel.

const PAUSE = 300;
const LONGEST_WAIT = 30000;
const SILENCE = 40000; // the server says something every 15 seconds, or the line is dead: after a sleep, behind a proxy

/** Calls `changed` with the hints since the last time, [{type, post}], not more often than every 300 ms; with nothing, when
    something may have been missed. `url` serves once, later ones come from `ticket()`. Returns stop(). */
export function follow({ url, ticket, changed }) {
  let stream, timer, retry, watch;
  let wait = 500;
  const hints = [];
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
    let type;
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
      for (const line of lines) {
        const [field, value] = line.split(/: (.*)/);
        if (field === "event") type = value;
        if (field === "data") soon({ type, ...JSON.parse(value) });
      }
    }
  }

  function listen() {
    clearTimeout(watch);
    watch = setTimeout(connect, SILENCE);
  }

  function soon(hint) {
    hints.push(hint);
    plan();
  }

  // Not all who heard the same at the same moment.
  function plan() {
    if (hints.length && !signal.aborted) timer ||= setTimeout(refetch, PAUSE * (1 + Math.random()));
  }

  // One at a time: a slow answer must not be overtaken for ever.
  async function refetch() {
    const heard = hints.splice(0);
    try {
      await changed(heard.every(Boolean) ? heard : undefined);
    } catch {}
    timer = 0;
    plan();
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
