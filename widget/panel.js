// The panel: three views in one frame, the same person behind all of them, and live while it is open.

import { asker } from "./api.js";
import { listView } from "./list.js";
import { newView } from "./new.js";
import { postView } from "./post.js";
import { shell } from "./shell.js";
import { explain } from "./words.js";

/** Puts the panel on the page, closed. Returns {open, close, isOpen, dress, destroy}. */
export function mount(page) {
  let current, greeting, isGreeted, isShown, stop, returnTo;
  const ask = asker(page);
  const panel = { page, ask, read, votes: 0, go, say: (text) => frame.tell(text), fail, report, update };
  const frame = shell(page, { close, go });
  const views = { new: newView(panel), list: listView(panel), post: postView(panel) };
  page.on("identify", meet);

  function open(view, options) {
    if (page.signal.aborted) return;
    if (!isShown) returnTo = document.activeElement;
    frame.show();
    if (view || !current) go(view || "new", options);
    else views[current].refresh();
    takeFocus();
    if (!isShown) begin();
  }

  function takeFocus() {
    views[current].focus();
    if (frame.root.activeElement) return;
    // A focus trap of the page has taken it back; a modal dialog is stronger.
    frame.show(true);
    views[current].focus();
  }

  function begin() {
    isShown = true;
    page.host.hidden = true;
    page.emit("open", { view: current });
    if (isGreeted) watch();
    else greet();
  }

  function close() {
    if (!isShown) return;
    isShown = false;
    stop?.();
    frame.hide();
    page.host.hidden = false;
    page.emit("close");
    (returnTo === page.host ? returnTo.shadowRoot.lastChild : returnTo)?.focus();
  }

  /** Shows a view: "new", "list", "post" with options.post, or "post:42"; what does not exist yet is the list. */
  function go(view, options = {}) {
    const [name, number] = String(view).split(":");
    const post = +(number || options.post);
    const wasInside = frame.body.contains(frame.root.activeElement);
    if (current) views[current].place = frame.body.scrollTop;
    current = name === "new" ? name : name === "post" && post ? name : "list";
    frame.mark(current);
    frame.body.replaceChildren(views[current].element);
    views[current].enter({ ...options, post });
    frame.body.scrollTop = (current !== "post" && views[current].place) || 0;
    if (wasInside) views[current].focus();
    page.emit("view", { view: current, post: post || undefined });
  }

  // Somebody signed in or out: their votes, their name, their stream.
  function meet() {
    isGreeted = false;
    if (isShown) greet();
  }

  function greet() {
    greeting ||= hello().catch(refuse).finally(() => (greeting = null));
  }

  // A browser does not say why; the commonest reason is only for the page's developers.
  function refuse(problem) {
    if (!problem.status) page.warn(`no answer; is ${location.origin} listed under Settings → Origins?`);
    views.list.refuse(problem);
  }

  async function hello() {
    if (page.userToken && !page.session) await page.signIn().catch(stayAnonymous);
    const { userToken } = page;
    const answer = await read("opening", { board: page.board, sort: "top" });
    if (userToken !== page.userToken) return hello();
    isGreeted = true;
    frame.name.textContent = answer.workspace.name;
    views.new.facts(answer);
    views.list.show(answer.posts);
    if (current === "post") views.post.refresh();
    if (isShown) watch(answer.stream_url);
  }

  // An answer from before a vote would show it taken back for a moment.
  async function read(path, body) {
    const { votes } = panel;
    const answer = await ask(path, body);
    return votes === panel.votes ? answer : read(path, body);
  }

  function stayAnonymous(problem) {
    page.warn(problem);
    report(problem);
    if (problem.status && typeof page.userToken !== "function") page.userToken = null;
  }

  async function watch(url) {
    let left;
    stop?.();
    stop = () => (left = true);
    const { follow } = await import(page.base + "w/" + "%live.js%");
    if (!left) stop = follow({ url, ticket: () => ask("ticket"), changed: () => views[current].refresh() });
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
    page.emit("error", { code: problem.code || "unavailable", message: problem.message });
  }

  function destroy() {
    stop?.();
    frame.host.remove();
  }

  return { open, close, isOpen: frame.isOpen, dress: frame.dress, destroy };
}
