/* Keeps a dashboard page fresh: on an event, fetches the page again and puts in the parts that changed. */
(() => {
  const TYPES = ["post.created", "post.updated", "post.deleted", "post.restored", "post.status_changed",
    "comment.created", "comment.updated", "comment.deleted", "vote.created", "vote.deleted"];
  const GATHER = 250, FIRST_WAIT = 1000, LONGEST_WAIT = 30000; // milliseconds
  const { stream, ticket } = document.body.dataset;
  let source, retry, wait = FIRST_WAIT, due = false, busy = false;

  const listen = (url) => {
    close();
    source = new EventSource(url);
    source.onopen = () => { wait = FIRST_WAIT; };
    source.onerror = again;
    for (const type of TYPES) source.addEventListener(type, refresh);
  };
  const close = () => { source?.close(); clearTimeout(retry); };
  const again = () => {
    close();
    retry = setTimeout(resume, wait * (0.5 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  };
  const resume = async () => {
    try {
      const answer = await fetch(ticket);
      if (answer.status === 401 || answer.redirected) return; // signed out
      listen((await answer.json()).stream_url);
      refresh();
    } catch { again(); }
  };

  // one at a time, so that an old answer never covers a new one
  const refresh = async () => {
    due = true;
    if (busy) return;
    busy = true;
    while (due) {
      await new Promise((done) => { setTimeout(done, GATHER); });
      due = false;
      await renew().catch(() => {});
    }
    busy = false;
  };
  const renew = async () => {
    const answer = await fetch(location.href);
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll("[data-live]")) {
      const fresh = page.querySelector(`[data-live="${old.dataset.live}"]`);
      if (fresh && !fresh.isEqualNode(old)) replace(old, document.adoptNode(fresh));
    }
  };

  // what a person did in the old part is done again in the new one
  const replace = (old, fresh) => {
    for (const field of old.querySelectorAll("input, textarea, select")) keep(field, twin(field, fresh));
    const held = old.contains(document.activeElement) ? document.activeElement : null;
    const { selectionStart, selectionEnd } = held || {};
    const boxes = [[old, fresh], ...[...old.querySelectorAll("[tabindex]")].map((box) => [box, twin(box, fresh)])];
    const places = boxes.map(([box, next]) => [next, box.scrollLeft, box.scrollTop]);
    const { scrollX, scrollY } = window;
    old.replaceWith(fresh);
    const next = held && twin(held, fresh);
    next?.focus({ preventScroll: true });
    if (selectionStart != null) next?.setSelectionRange(selectionStart, selectionEnd);
    for (const [box, left, top] of places) box?.scrollTo(left, top);
    scrollTo(scrollX, scrollY);
  };
  const keep = (field, next) => {
    if (!next) return;
    if (field.type === "checkbox") {
      if (field.checked !== field.defaultChecked) next.checked = field.checked;
    } else if (field.options) {
      if (!field.selectedOptions[0]?.defaultSelected) next.value = field.value;
    } else if (field.value !== field.defaultValue) next.value = field.value;
  };
  const twin = (element, inside) => {
    for (const name of ["id", "name", "href", "aria-label"]) {
      const value = element.getAttribute(name);
      if (value) return inside.querySelector(`[${name}="${CSS.escape(value)}"]`);
    }
    return inside.querySelector(element.localName);
  };

  listen(stream);
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) resume(); });
})();
