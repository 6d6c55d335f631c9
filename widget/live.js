// Hints that something changed on the board, by a fetch stream that is open only while somebody can see the panel.

const PAUSE = 300;
const TRIES = 6;

/** Calls `changed` after a hint, at most every 300 ms. `url` serves once, later ones come from `ticket()`.
    Returns stop(). */
export function follow({ url, ticket, changed }) {
  let stream, timer, retry, again;
  let failures = 0;
  const page = new AbortController();
  const { signal } = page;
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : connect()), { signal });
  addEventListener("pagehide", leave, { signal });
  addEventListener("pageshow", (event) => event.persisted && connect(), { signal });
  connect();

  async function connect() {
    leave();
    if (document.hidden) return;
    const mine = (stream = new AbortController());
    try {
      await read(mine.signal);
    } catch {}
    if (!mine.signal.aborted && failures++ < TRIES) retry = setTimeout(connect, 2 ** failures * 500 * (1 + Math.random()));
  }

  async function read(signal) {
    const known = url;
    url = null;
    const address = known || (await ticket()).stream_url;
    const answer = await fetch(address, { credentials: "omit", cache: "no-store", signal });
    if (!answer.ok) throw answer.status;
    // What happened while nobody listened was missed.
    if (!known) soon();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      failures = 0;
      if (lines.some((line) => line.startsWith("data:"))) soon();
    }
  }

  function soon() {
    again = true;
    timer ||= setTimeout(refetch, PAUSE);
  }

  // One at a time: a slow answer must not be overtaken for ever.
  async function refetch() {
    again = false;
    await changed();
    timer = 0;
    if (again && !signal.aborted) soon();
  }

  function leave() {
    stream?.abort();
    clearTimeout(retry);
  }

  return () => {
    page.abort();
    leave();
    clearTimeout(timer);
  };
}
