// The script customers put on their pages: window.sayso and the launcher. Everything else waits until somebody wants it.
//
// Calls made before this file has loaded are kept by this stub, and replayed here:
//   window.sayso ||= new Proxy({q:[]},{get:(t,k)=>k in t||k=="then"?t[k]:(...a)=>new Promise(r=>t.q.push([r,k,...a]))})
(() => {
  const early = window.sayso;
  // Only ours has a text here: the stub has a function, an element with id="sayso" nothing.
  if (early?.version?.trim) return;

  // Not document.currentScript: an <img name="currentScript"> in somebody's comment would be found under that name.
  const { dataset, src } = document.querySelector('script[data-key][src*="/w.js"]') || {};
  if (!dataset?.key) return console.warn("data-key?");

  const base = new URL(".", src);
  const life = new AbortController();
  const { signal } = life;
  const host = document.createElement("div");
  const badge = document.createElement("b");
  let chunk;

  // What the panel shares with this file.
  const page = { ...dataset, base, host, signal, call, count, emit, on, signIn, anonymous };

  const sayso = (window.sayso = {
    version: "0.1.0",
    ready: showLauncher(),
    open: (...view) => quiet(load().then(() => page.panel.open(...view))),
    close: () => page.panel?.close(),
    toggle: () => sayso[sayso.isOpen() ? "close" : "open"](),
    isOpen: () => !!page.panel?.isOpen(),
    identify: (source = null) => quiet(signIn(source)),
    logout() {
      anonymous("");
      sayso.identify();
    },
    set(changes) {
      Object.assign(page, changes);
      page.panel?.dress();
    },
    unread: () => page.unread || 0,
    on,
    once: (...event) => on(...event, true),
    destroy() {
      if (signal.aborted) return;
      delete window.sayso;
      emit("destroy");
      life.abort();
      page.panel?.destroy();
      host.remove();
    },
  });

  for (const name of ["pointerover", "click"]) document.addEventListener(name, notice, { signal });
  early?.q?.map?.(([resolve, name, ...values]) => resolve(sayso[name]?.(...values)));

  function notice(event) {
    // :is() forgives a wrong data-trigger, and a missing one.
    const { dataset, href } = event.target.closest?.(`:is([data-sayso],${page.trigger})`) || {};
    if (!dataset) return;
    load().catch(console.warn);
    if (event.type != "click" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (dataset.sayso) sayso.open(dataset.sayso).catch(() => href && (location = href));
    else sayso.toggle();
  }

  function on(name, heard, once) {
    const listener = ({ detail }) => heard(detail);
    document.addEventListener("sayso:" + name, listener, { once, signal });
    return () => document.removeEventListener("sayso:" + name, listener);
  }

  // After the page's load: frameworks that hydrate the whole document are done by then.
  async function showLauncher() {
    await (document.readyState == "complete" || new Promise((loaded) => addEventListener("load", loaded)));
    if (signal.aborted) return;
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    const button = document.createElement("button");
    host.className = page.side;
    host.dataset.sayso = "";
    sheet.replaceSync("%launcher.css%");
    root.adoptedStyleSheets = [sheet];
    root.append(button);
    button.append(badge, page.label || "Feedback");
    if (page.launcher != "off") document.documentElement.append(host);
    if (page.badge != "off" && (page.userToken || anonymous())) signIn().catch(console.warn);
    emit("ready");
  }

  // A newer identity overtakes an older one.
  async function signIn(source = page.userToken) {
    page.userToken = source;
    page.session = 0;
    const token = source?.call ? await source() : source;
    const { session, user, unread } = await call("session", { user_token: token, anonymous: anonymous() });
    if (source != page.userToken) return user;
    page.session = session;
    count(unread);
    emit("identify", user);
    return user;
  }

  function emit(name, detail) {
    document.dispatchEvent(new CustomEvent("sayso:" + name, { detail }));
  }

  // What is new since this person last read the news.
  function count(unread) {
    page.unread = unread;
    for (const place of [badge, ...document.querySelectorAll("[data-sayso-badge]")]) place.textContent = unread || "";
    emit("unread", unread);
  }

  // The token of somebody who acted without an account: read, kept, or forgotten (""). A page may have no storage.
  function anonymous(token) {
    const name = "sayso:" + page.key;
    try {
      if (token) localStorage[name] = token;
      else if (token == "") delete localStorage[name];
      return localStorage[name];
    } catch {}
  }

  // A plain string is sent as text/plain: no preflight.
  async function call(path, body, signal) {
    const answer = await fetch(base + "api/widget/" + path, {
      method: "POST",
      credentials: "omit",
      body: JSON.stringify({ key: page.key, ...body }),
      signal,
    });
    const result = await answer.json();
    if (answer.ok) return result;
    throw Object.assign(Error(result.detail), result);
  }

  // Fetched first: a browser remembers a module that did not come, and would never ask for it again.
  function load() {
    chunk ||= fetch(base + "w/%build%/panel.js")
      .then(({ ok, url }) => ok && import(url))
      .then(({ mount }) => mount(page));
    chunk.catch(() => (chunk = null));
    return chunk;
  }

  // Whoever ignores the promise finds a warning, not an unhandled rejection.
  function quiet(promise) {
    promise.catch((problem = {}) => {
      problem.code ||= "unavailable";
      console.warn("sayso:", problem);
      emit("error", problem);
    });
    return promise;
  }
})();
