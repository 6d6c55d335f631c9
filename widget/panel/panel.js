// The panel: the views in one frame, the same person behind all of them, and live while it is open.

import { asker } from "./api.js";
import { chunk } from "./chunks.js";
import { button, el } from "./dom.js";
import { newView } from "./new.js";
import { shell } from "./shell.js";
import { notice, skeleton } from "./states.js";
import { choose, explain, learn, speak, words } from "./words.js";

const FRESH = 600000; // ms, in which the boards and what is new are believed
const LATER = ["list", "post", "roadmap", "news"]; // views that come when they are wanted

/** Puts the panel on the page, closed, and into `page.panel`: {open, close, isOpen, dress, destroy}. */
export async function mount(page) {
  let current, greeting, facts, isShown, stop, returnTo, turn, spoken, frame, views, last;
  const ask = asker(page, report);
  const drafts = {};
  const panel = { page, drafts, ask, read, votes: 0, go, say: (text) => frame.tell(text), fail, report, update, facts: () => facts };
  page.userToken ||= page.tokenUrl && fetchToken;
  page.on("identify", meet);
  page.on("unread", (count) => frame?.badge(count));
  await build();

  // Asked for when the panel opens first, and again when a session ends; nothing signed in is no error.
  async function fetchToken() {
    return (await (await fetch(page.tokenUrl)).json()).token;
  }

  // In the language that is wanted by now. What was typed is in the drafts, and so is in the new form too.
  async function build() {
    spoken = wanted();
    await speak(spoken);
    frame?.leave();
    frame = panel.frame = shell(page, { close, go });
    views = { new: newView(panel) };
    frame.badge(page.unread);
    if (facts) show(facts);
    if (isShown) open(current, last);
  }

  function wanted() {
    return choose(page.locale, facts?.user?.locale, ...navigator.languages);
  }

  function open(view, options) {
    if (page.signal.aborted) return;
    if (!isShown) returnTo = document.activeElement;
    frame.show();
    const ready = view || !views[current] ? go(view || current || "new", options || last) : comeBack(views[current]);
    takeFocus();
    if (!isShown) begin();
    return ready;
  }

  function comeBack(view) {
    frame.body.scrollTop = view.place;
    return view.refresh();
  }

  function takeFocus() {
    focus();
    if (frame.root.activeElement) return;
    // A focus trap of the page has taken it back; a modal dialog is stronger.
    frame.show(true);
    focus();
  }

  function focus() {
    (views[current] || frame).focus();
  }

  function begin() {
    isShown = true;
    page.host.inert = true;
    page.emit("open", { view: current });
    if (facts && Date.now() - facts.at < FRESH) watch();
    else greet();
  }

  function close() {
    if (!isShown) return;
    const { activeElement } = document;
    isShown = false;
    stop?.();
    if (views[current]) views[current].place = frame.body.scrollTop;
    frame.hide();
    page.host.inert = false;
    page.emit("close");
    // Who is busy elsewhere on the page stays there.
    if (![frame.host, document.body].includes(activeElement)) return;
    (returnTo === page.host ? returnTo.shadowRoot.lastChild : returnTo)?.focus();
  }

  /** Shows a view: "new", "list", "roadmap", "news", "post" with options.post, or "post:42"; anything else is the list. */
  async function go(view, options = {}) {
    const [name, number] = String(view).split(":");
    const post = +(number || options.post);
    const mine = (turn = {});
    if (views[current]) views[current].place = frame.body.scrollTop;
    current = name === "new" || (LATER.includes(name) && (name !== "post" || post)) ? name : "list";
    last = { ...options, post };
    frame.mark(current);
    if (!views[current]) await bring(current, last, mine);
    if (mine !== turn || !views[current]) return;
    const wasInside = frame.isIn();
    frame.body.replaceChildren(views[current].element);
    views[current].enter(last);
    frame.body.scrollTop = (current !== "post" && views[current].place) || 0;
    if (wasInside) focus();
    if (isShown && !facts) greet();
    page.emit("view", { view: current, post: post || undefined });
  }

  async function bring(name, options, mine) {
    frame.body.replaceChildren(skeleton());
    if (frame.isIn()) frame.focus();
    try {
      const [{ view }] = await Promise.all([chunk(name), learn("views")]);
      views[name] ||= view(panel);
    } catch (problem) {
      const again = button("quiet", () => go(name, options), words.again);
      if (mine === turn) frame.body.replaceChildren(el("div", { className: "view" }, notice(explain(problem), "", again)));
      report(problem);
    }
  }

  // Somebody signed in or out: their votes, their name, their stream.
  function meet() {
    facts = null;
    if (isShown) greet();
  }

  function greet() {
    greeting ||= hello().catch(refuse).finally(() => (greeting = null));
  }

  // A browser does not say why; the commonest reason is only for the page's developers.
  function refuse(problem) {
    if (!problem.status) console.warn(`sayso: no answer; is ${location.origin} listed under Settings → Origins?`);
    views[current]?.refuse?.(problem);
  }

  async function hello() {
    const { userToken } = page;
    const answer = await read("opening", { board: page.board, sort: "top" });
    if (userToken !== page.userToken) return hello();
    facts = { ...answer, at: Date.now() };
    if (spoken === wanted()) show(answer);
    else await build();
    if (isShown) watch(answer.stream_url);
  }

  function show(answer) {
    frame.name.textContent = answer.workspace.name;
    page.count(answer.unread);
    views.new.facts(answer);
    views.list?.show(answer.posts);
    if (current !== "list") views[current]?.refresh();
  }

  // An answer from before a vote would show it taken back for a moment.
  async function read(path, body) {
    const { votes } = panel;
    const answer = await ask(path, body, true);
    return votes === panel.votes ? answer : read(path, body);
  }

  async function watch(url) {
    let left;
    stop?.();
    stop = () => (left = true);
    const { follow } = await chunk("live").catch(() => (left = {}));
    if (!left) stop = follow({ url, ticket: () => read("ticket"), changed: (hints) => views[current]?.refresh(hints) });
  }

  /** Shows a changed post wherever it is on screen. */
  function update(post) {
    for (const view of Object.values(views)) view.update(post);
  }

  function fail(problem) {
    frame.tell(explain(problem), true);
    report(problem);
  }

  function report(problem) {
    page.emit("error", { code: (problem?.status && problem.code) || "unavailable", message: problem?.message });
  }

  function dress() {
    if (spoken === wanted()) frame.dress();
    else build();
  }

  function destroy() {
    isShown = false;
    stop?.();
    frame.leave();
  }

  page.panel = { open, close, isOpen: () => frame.isOpen(), dress, destroy };
}
