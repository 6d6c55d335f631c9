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
  if (!dataset?.key) return warn("no data-key");

  const base = src.replace(/w\.js[^/]*$/, "");
  const life = new AbortController();
  const { signal } = life;
  const host = document.createElement("div");
  let chunk, panel, flight;

  // What the panel shares with this file.
  const page = { ...dataset, base, host, signal, call, emit, on, signIn, anonymous, forget, warn };

  const sayso = (window.sayso = {
    version: "0.1.0",
    // After the page's load: frameworks that hydrate the whole document are done by then.
    ready: new Promise((resolve) => {
      if (document.readyState == "complete") resolve();
      else addEventListener("load", resolve, { signal });
    }).then(showLauncher),
    open: (view, options) => quiet(load().then(() => panel.open(view, options))),
    close: () => panel?.close(),
    toggle: () => (sayso.isOpen() ? sayso.close() : sayso.open()),
    isOpen: () => !!panel?.isOpen(),
    identify: (source) => quiet(signIn(source)),
    logout() {
      forget();
      signIn("");
    },
    set(changes) {
      Object.assign(page, changes);
      panel?.dress();
    },
    on,
    once: (name, heard) => on(name, heard, true),
    destroy() {
      if (window.sayso != sayso) return;
      delete window.sayso;
      emit("destroy");
      life.abort();
      panel?.destroy();
      host.remove();
    },
  });

  for (const name of ["pointerover", "focusin", "click"]) document.addEventListener(name, notice, { signal });
  early?.q?.flatMap?.(([resolve, name, ...values]) => resolve(sayso[name]?.(...values)));

  function on(name, heard, once) {
    const listener = ({ detail }) => heard(detail);
    document.addEventListener("sayso:" + name, listener, { once, signal });
    return () => document.removeEventListener("sayso:" + name, listener);
  }

  function emit(name, detail) {
    document.dispatchEvent(new CustomEvent("sayso:" + name, { detail }));
  }

  function warn(problem) {
    console.warn("sayso:", problem.message || problem);
  }

  // Whoever ignores the promise finds a warning, not an unhandled rejection.
  function quiet(promise) {
    promise.catch((problem) => {
      problem.code ||= "unavailable";
      warn(problem);
      emit("error", problem);
    });
    return promise;
  }

  // A chunk that did not come may be asked for again.
  function load() {
    chunk ||= import(base + "w/" + "%panel.js%").then((module) => (panel = module.mount(page)));
    chunk.catch(() => (chunk = null));
    return chunk;
  }

  // A plain string is sent as text/plain: no preflight.
  async function call(path, body) {
    const answer = await fetch(base + "api/widget/" + path, {
      method: "POST",
      credentials: "omit",
      body: JSON.stringify({ key: page.key, ...body }),
      signal: AbortSignal.timeout?.(2e4),
    });
    const result = await answer.json();
    if (answer.ok) return result;
    throw Object.assign(new Error(result.detail), result);
  }

  // One exchange at a time; a newer identity overtakes an older one.
  function signIn(source = page.userToken) {
    if (source != page.userToken) flight = null;
    page.userToken = source;
    return (flight ||= exchange(source).finally(() => (flight = null)));
  }

  async function exchange(source) {
    const token = typeof source == "function" ? await source() : source;
    const { session, user } = token ? await call("session", { user_token: token, anonymous: anonymous() }) : {};
    if (source == page.userToken) {
      page.session = session;
      emit("identify", user);
    }
    return user;
  }

  function anonymous() {
    try {
      return localStorage["sayso:" + page.key];
    } catch {}
  }

  function forget() {
    try {
      delete localStorage["sayso:" + page.key];
    } catch {}
  }

  function showLauncher() {
    host.className = page.side;
    host.dataset.sayso = "";
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    const button = document.createElement("button");
    sheet.replaceSync("%launcher.css%");
    root.adoptedStyleSheets.push(sheet);
    button.append("Feedback");
    root.append(button);
    if (page.launcher != "off") document.documentElement.append(host);
    emit("ready");
  }

  function notice(event) {
    // :is() forgives a wrong data-trigger, and a missing one.
    const element = event.target.closest?.(`:is([data-sayso],${page.trigger})`);
    if (!element) return;
    load().catch(warn);
    if (event.type == "click" && !event.ctrlKey && !event.metaKey) follow(event, element);
  }

  function follow(event, { dataset, href }) {
    event.preventDefault();
    if (dataset.sayso) sayso.open(dataset.sayso).catch(() => href && (location = href));
    else sayso.toggle();
  }
})();
