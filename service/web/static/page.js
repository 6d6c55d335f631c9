/* Makes a page quick, of the dashboard or of the public face. Each part marked data-live="name" is replaced when it changed:
   after an event of the workspace, and after a form was sent (data-quick), whose answer is the page itself. Without this
   script, forms and links do the same by loading pages. Other scripts may take over a part: they prevent its event `sayso:renew`, whose detail is
   the fresh part. A form that is on its way is marked aria-busy, and hears `sayso:sent` when it was taken, and at last, also
   when it was not, `sayso:answered`. */
(() => {
  const GATHER = 250, AGAIN = 1500, TYPING = 400, FIRST_WAIT = 1000, LONGEST_WAIT = 30000, PATIENCE = 20000; // milliseconds
  const NOTICE = 8000, NOTICE_WITH_UNDO = 30000;
  const MADE_FOR = ["seen", "was", "submission"]; // fields that name the version a form was made for, or the draft in it
  const { stream, home, types, noConnection, noAnswer, unreached, signedOut, failed } = document.body.dataset;
  const $ = (query, inside = document) => inside.querySelector(query);
  const $$ = (query, inside = document) => [...inside.querySelectorAll(query)];

  // ── parts ──

  // what a person did in the old part is done again in the new one, except in the form that has just been `sent`; of one
  // that was `refused` the server says all again
  const replace = (old, fresh, sent, refused, isNews) => {
    const taken = new CustomEvent("sayso:renew", { detail: fresh, bubbles: true, cancelable: true });
    if (!old.dispatchEvent(taken)) return;
    // what somebody is writing stays, even if it can no longer be said here: they are told so when they send it
    if (isNews && $$("textarea", old).some((field) => isTouched(field) && !twin(field, fresh))) return;
    document.adoptNode(fresh);
    for (const field of $$("input, textarea, select", old)) {
      if (!sent || does(field) !== sent) keep(field, twin(field, fresh), refused);
    }
    for (const box of $$("details[id]", old)) {
      const next = fresh.querySelector(`#${CSS.escape(box.id)}`);
      if (next && !$$("form", opens(box)).some((form) => sent && does({ form }) === sent)) next.open = box.open;
    }
    const held = old.contains(document.activeElement) ? document.activeElement : null;
    const { selectionStart, selectionEnd } = held || {};
    const boxes = [[old, fresh], ...$$("[tabindex]", old).map((box) => [box, twin(box, fresh)])];
    const places = boxes.map(([box, next]) => [next, box.scrollLeft, box.scrollTop]);
    const { scrollX, scrollY } = window;
    const mark = held?.id || held?.form ? held : read(old), place = height(mark);
    old.replaceWith(fresh);
    const next = held && twin(held, fresh);
    const moved = mark ? height(twin(mark, fresh)) - place : 0; // NaN: it is gone
    next?.focus({ preventScroll: true });
    if (next && selectionStart != null) next.setSelectionRange?.(selectionStart, selectionEnd);
    for (const [box, left, top] of places) box?.scrollTo(left, top);
    scrollTo(scrollX, scrollY + (moved || 0));
  };
  // what opens with a box: is in it, or where it says
  const opens = (box) => document.getElementById($("summary", box)?.getAttribute("aria-controls")) || box;
  const height = (element) => element ? element.getBoundingClientRect().top + window.scrollY : NaN;
  // what is at the top of the window, of a part that begins above it: it stays there when something is put in before it
  const read = (part) => part.getBoundingClientRect().top < 0 && $$("[id]", part).find((each) => each.getBoundingClientRect().bottom > 0);
  const keep = (field, next, refused) => {
    if (!next) return;
    if (field.type === "hidden") keepMadeFor(field, next, refused);
    else if (!isTouched(field)) return;
    else if (field.type === "checkbox" || field.type === "radio") next.checked = field.checked;
    else next.value = field.value;
  };
  // what somebody changes was decided for what they saw, which the server compares with what is there now; that it is another
  // thing by now, the form says (data-moved). Who was refused sees what it is, and decides anew
  const keepMadeFor = (field, next, refused) => {
    if (!MADE_FOR.includes(field.name) || field.value === next.value || (refused && does(field) === refused)) return;
    if (![...field.form.elements].some(isTouched)) return;
    next.value = field.value;
    for (const note of $$("[data-moved]", next.form)) note.hidden = false;
  };
  const isTouched = (field) => {
    if (field.type === "hidden" || field.type === "submit" || !field.name) return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.options) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((each) => each.defaultSelected));
    return field.value !== field.defaultValue;
  };
  // the same thing in the new part: of the same name, in the form that does the same to the same; a button with an id may do
  // another thing by now
  const twin = (element, inside) => {
    for (const name of ["id", "href", "aria-label", "name"]) {
      const value = element.getAttribute(name);
      if (!value) continue;
      const found = $$(`[${name}="${CSS.escape(value)}"]`, inside);
      if (element.type === "checkbox" || element.type === "radio") return found.find((each) => each.value === element.value);
      return found.find((each) => does(each) === does(element) || (each.id && each.type === "submit")) || null;
    }
    return $$(element.localName, inside).find((each) => does(each) === does(element)) || null;
  };
  const does = ({ form }) => form && $$("input[type=hidden]", form).filter(({ name }) => name !== "csrf" && !MADE_FOR.includes(name))
    .map(({ name, value }) => `${name}=${value}`).join();
  const put = (page, { sent, refused, except, notice, isNews }) => {
    const began = $("[name=began]"); // the forms of a page were shown when it was
    if (began) for (const field of $$("[name=began]", page)) field.setAttribute("value", began.value);
    for (const old of $$("[data-live]")) {
      const { live } = old.dataset;
      if (live === "notice" || (except && old.contains(except))) continue;
      // what is said only once stays, and what was refused, with the reason beside it, until it is sent again
      if (isNews && $("[data-once], form [aria-invalid=true], form [role=alert]:not([hidden])", old)) continue;
      const fresh = $(`[data-live="${live}"]`, page);
      // what is typed cannot be seen in the nodes: a part with the form that was sent is put in anyway
      const isSent = sent && $$("form", old).some((form) => does({ form }) === sent);
      if (fresh && (isSent || !fresh.isEqualNode(old))) replace(old, fresh, sent, refused, isNews);
    }
    if (notice) announce([...$("[data-live=notice]", page)?.childNodes || []]);
  };

  // ── what is said at the bottom ──

  let closing;
  const region = $("[data-live=notice]");
  const announce = (nodes) => {
    region.replaceChildren(...nodes.map((node) => document.adoptNode(node)));
    clearTimeout(closing);
    if (region.firstElementChild) closing = setTimeout(close, $(".undo", region) ? NOTICE_WITH_UNDO : NOTICE);
  };
  const close = () => {
    if (region.matches(":hover, :focus-within")) closing = setTimeout(close, NOTICE);
    else region.replaceChildren();
  };
  const say = (text) => {
    const box = document.createElement("div"), words = document.createElement("p");
    box.className = "notice";
    words.textContent = text;
    box.append(words);
    announce([box]);
  };

  // ── one at a time, so that an old answer never covers a new one ──

  let last = Promise.resolve();
  const inTurn = (work) => { last = last.then(work, work); return last; };
  // and none waits for ever: those after it would, too
  const ask = (address, how) => fetch(address, { ...how, signal: AbortSignal.timeout(PATIENCE) });
  const parsed = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

  // ── forms ──

  // what a person sends is read at once: before its turn comes, the form may be replaced by a fresh one
  const underWay = new Set(); // what was pressed twice is sent once
  const send = (form, submitter) => {
    const fields = new URLSearchParams(new FormData(form, submitter));
    if (form.matches("[data-draft]")) fields.set("submission", draft(form));
    const same = String(fields);
    if (underWay.has(same)) return;
    underWay.add(same);
    form.setAttribute("aria-busy", "true");
    turn(form);
    inTurn(() => post(form, fields)).finally(() => {
      underWay.delete(same);
      if (form.isConnected) turn(form); // it was refused, or reached nobody
      form.removeAttribute("aria-busy");
      form.dispatchEvent(new CustomEvent("sayso:answered", { bubbles: true }));
    });
  };
  // such a form has one name until it was taken: sent again, because no answer came, it is the same
  const drafts = new Map();
  const draft = (form) => {
    const key = does({ form });
    if (!drafts.has(key)) drafts.set(key, [...crypto.getRandomValues(new Uint32Array(6))].map((each) => each.toString(36)).join(""));
    return drafts.get(key);
  };
  // a button that knows its number when it was pressed (data-other) shows at once that it was
  const turn = (form) => {
    const number = $("[aria-pressed] [data-other]", form), button = number?.closest("[aria-pressed]");
    if (!number) return;
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
    [number.textContent, number.dataset.other] = [number.dataset.other, number.textContent];
  };
  // while one types, only the last word counts
  const sendTyped = (form) => inTurn(async () => {
    if (!form.isConnected) return;
    const fields = new URLSearchParams(new FormData(form));
    fields.set("do", form.dataset.auto);
    await post(form, fields, true);
  });
  const post = async (form, fields, isTyping) => {
    try {
      const address = form.getAttribute("action") || location.href; // form.action is a field of that name if there is one
      const answer = await ask(address, { method: "POST", body: fields, headers: { "Sayso-Quick": "1" } });
      const to = answer.headers.get("Sayso-Go");
      if (to) return leave(to);
      if (answer.redirected) return say(signedOut);
      const page = await parsed(answer);
      if (!$("[data-live=notice]", page)) return say($("main .detail", page)?.textContent || failed);
      if (isTyping) return put(page, { except: form.contains(document.activeElement) && document.activeElement });
      noteSeen(page);
      put(page, { [answer.ok ? "sent" : "refused"]: does({ form }), notice: true });
      if (!answer.ok) $("[aria-invalid=true], [role=alert]")?.focus();
      else {
        drafts.delete(does({ form }));
        form.dispatchEvent(new CustomEvent("sayso:sent", { bubbles: true }));
      }
    } catch (error) {
      const isWritten = [...form.elements].some(isTouched);
      say(!isWritten ? unreached : error.name === "TimeoutError" ? noAnswer : noConnection);
    }
  };
  const leave = (to) => {
    const there = new URL(to, location.href);
    if (there.pathname + there.search === location.pathname + location.search && there.hash) location.reload();
    else location.assign(there);
  };
  addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (!form.matches("[data-quick]") || event.defaultPrevented) return;
    event.preventDefault();
    send(form, submitter);
  });
  const typing = new WeakMap();
  addEventListener("input", (event) => {
    const form = event.target.form?.closest("[data-auto]");
    if (!form) return;
    clearTimeout(typing.get(form));
    typing.set(form, setTimeout(sendTyped, TYPING, form));
  });
  addEventListener("click", ({ target }) => {
    if (target.closest("[data-close]")) region.replaceChildren();
    const box = target.closest("summary[aria-controls]")?.parentElement;
    if (box && !box.open) setTimeout(() => $("textarea, input:not([type=hidden])", opens(box))?.focus());
  });

  // ── events ──

  // the newest event that the page shows, and the one it should show: what a form of ours did its answer shows already
  const newest = (url) => Number(new URL(url, location.href).searchParams.get("after"));
  const shows = ({ body: { dataset } }) => dataset.stream ? newest(dataset.stream) : Number(dataset.seen);
  const noteSeen = (page) => { seen = Math.max(seen, shows(page)); };
  let source, retry, wait = FIRST_WAIT, seen = shows(document), wanted = 0, busy = false;
  const listen = (url) => {
    hush();
    source = new EventSource(url);
    source.onopen = () => { wait = FIRST_WAIT; };
    source.onerror = again;
    for (const type of types.split(" ")) source.addEventListener(type, (event) => hear(type, event));
  };
  const hear = (type, { data, lastEventId }) => {
    dispatchEvent(new CustomEvent("sayso:heard", { detail: { type, ...JSON.parse(data) } }));
    want(Number(lastEventId));
  };
  const hush = () => { source?.close(); clearTimeout(retry); };
  const again = () => {
    hush();
    retry = setTimeout(resume, wait * (0.5 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  };
  const resume = async () => {
    try {
      const answer = await ask(`${home}/ticket`);
      if (answer.status === 401 || answer.redirected) return; // signed out
      const { stream_url: url } = await answer.json();
      listen(url);
      want(newest(url)); // what was missed meanwhile
    } catch { again(); }
  };
  const want = (event) => {
    wanted = Math.max(wanted, event);
    catchUp();
  };
  const catchUp = async () => {
    if (busy) return;
    busy = true;
    while (wanted > seen && !document.hidden) {
      await new Promise((done) => { setTimeout(done, GATHER); });
      await inTurn(renew).catch(() => {});
    }
    busy = false;
  };
  const renew = async () => {
    if (wanted <= seen) return; // it came with the answer to a form meanwhile
    wanted = 0;
    const answer = await ask(location.href, { cache: "no-cache" }); // a page that everyone may keep is kept for a moment
    if (!answer.ok || answer.redirected) return;
    const page = await parsed(answer);
    noteSeen(page);
    put(page, { isNews: true });
  };

  // on a phone the link to the page that is shown may be outside
  for (const here of $$(".side nav [aria-current], .subnav [aria-current]")) {
    here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.clientWidth / 2;
  }
  if (region.firstElementChild) announce([...region.childNodes]);
  if (stream) listen(stream);
  else resume();
  addEventListener("sayso:refresh", () => want(Infinity));
  setInterval(() => { if ($("[data-again]")) want(Infinity); }, AGAIN); // work that is under way, which has no events
  addEventListener("visibilitychange", catchUp); // nobody saw it meanwhile
  addEventListener("pagehide", hush);
  addEventListener("pageshow", (event) => { if (event.persisted) resume(); });
})();
