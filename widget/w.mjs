// Sayso as a module, for those who would rather import than write a tag:
//
//   import sayso, { load } from "https://feedback.example.com/w.mjs";
//
//   load({ key: "…", locale: "de" });               // every attribute of the tag: data-token-url is tokenUrl
//   sayso.identify(() => fetchToken());             // at once: it waits for the script
//   sayso.on("submit", (post) => console.log(post.number));
//   await sayso.open("new", { title: "…" });        // rejects with {code: "unavailable"} when the script is blocked
//
// Bundlers leave an import from https:// alone, or need to be told so (webpack: experiments.buildHttp; Vite and esbuild:
// external). A copy in a bundle has to say where Sayso is: load({ key, from: "https://feedback.example.com" }).
// Nothing happens on a server: this file may be imported where there is no document. Types: /w.d.ts.
//
// It adds a script tag, which `require-trusted-types-for 'script'` forbids to any script: write the tag on such pages.

const ATTRIBUTES = "key userToken tokenUrl locale theme side launcher label trigger badge board".split(" ");
let tag, arrival, arrived, failed;
let life = new AbortController();
expect();

/** Puts the script on the page; a second call is the first. Resolves to `sayso` when the button is there. */
export function load({ from = import.meta.url, nonce, ...how }) {
  if (typeof document === "undefined") return Promise.resolve(sayso);
  if (!tag) add(from, nonce, how);
  return quiet(arrival.then(() => sayso));
}

function add(from, nonce, how) {
  const mine = (tag = document.createElement("script"));
  const [came, refuse] = [arrived, failed];
  for (const name of ATTRIBUTES) if (how[name] !== undefined) mine.dataset[name] = how[name];
  if (nonce) mine.nonce = nonce;
  mine.async = true;
  mine.onload = () => (here() ? here().ready.then(came) : missing());
  mine.onerror = missing;
  try {
    mine.src = new URL("/w.js", from).href;
    document.head.append(mine);
  } catch (problem) {
    missing(problem);
  }

  // May be asked for again by another load(), or has been already.
  function missing({ message } = {}) {
    refuse(Object.assign(new Error(message || "The script did not come."), { code: "unavailable" }));
    mine.remove();
    if (tag === mine) leave();
  }
}

const sayso = {
  get version() {
    return here()?.version || "";
  },
  get ready() {
    return quiet(arrival.then(() => {}));
  },
  open: (...view) => later("open", view),
  close: () => here()?.close(),
  toggle: () => void later("toggle", []),
  isOpen: () => !!here()?.isOpen(),
  identify: (...who) => later("identify", who),
  logout: () => void later("logout", []),
  set: (...changes) => void later("set", changes),
  unread: () => here()?.unread() || 0,
  on: (name, heard) => listen(name, heard),
  once: (name, heard) => listen(name, heard, true),
  destroy() {
    here()?.destroy();
    life.abort();
    life = new AbortController();
    tag?.remove();
    leave();
  },
};
export default sayso;

// The widget itself; not the stub, nor an element whose id is "sayso".
function here() {
  const found = globalThis.sayso;
  return typeof found?.version === "string" ? found : null;
}

function expect() {
  arrival = new Promise((resolve, reject) => ([arrived, failed] = [resolve, reject]));
  arrival.catch(() => {});
}

function leave() {
  tag = null;
  expect();
}

function later(name, values) {
  return quiet(arrival.then(() => here()?.[name](...values)));
}

// Whoever ignores the promise finds a warning, not an unhandled rejection.
function quiet(promise) {
  promise.catch((problem) => console.warn("sayso:", problem));
  return promise;
}

function listen(name, heard, once) {
  if (typeof document === "undefined") return () => {};
  const listener = ({ detail }) => heard(detail);
  document.addEventListener("sayso:" + name, listener, { once, signal: life.signal });
  return () => document.removeEventListener("sayso:" + name, listener);
}
