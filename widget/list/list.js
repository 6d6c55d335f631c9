// The view *list*: what others said, in the order and of the kind that is asked for.

import { postCard } from "../panel/card.js";
import { button, el } from "../panel/dom.js";
import { keyed } from "../keyed/keyed.js";
import { notice, skeleton } from "../panel/states.js";
import { explain, words } from "../panel/words.js";
import { finder } from "./find.js";

/** Makes the view: {element, enter({status, board}), refresh, refuse, show, update, focus}. */
export function view(panel) {
  // What is asked for; `finder` changes it.
  const query = (panel.drafts.list ||= { sort: "top", board: panel.page.board });
  let cursor = null;
  let pages = 0;
  let asked = 0;
  let focused;
  const list = el("ol", { className: "cards", role: "list" });
  const cards = keyed(list, (post) => postCard(panel, post));
  const find = finder(panel, query, renew);
  const state = el("div", {}, skeleton());
  const more = button("more", () => load(cursor), words.more);
  const element = el("div", { className: "view" }, find.element, list, state, more);
  more.hidden = true;
  element.addEventListener("focusin", (event) => (focused = event.target));

  function enter({ status, board }) {
    if (status || board) {
      Object.assign(query, { status, board: board || panel.page.board, q: "", mine: false });
      find.reflect();
      renew();
    } else if (pages) load();
    else if (panel.facts()) greet(panel.facts().posts);
  }

  function renew() {
    cards.clear();
    pages = 0;
    more.hidden = true;
    state.replaceChildren(skeleton());
    return load();
  }

  async function load(after) {
    const turn = ++asked;
    try {
      const page = await panel.read("list", { ...query, cursor: after || undefined });
      if (turn === asked) show(page, after);
    } catch (problem) {
      if (turn === asked) refuse(problem);
    }
  }

  /** Shows a page of cards. */
  function show({ data, next_cursor: next }, after) {
    pages = after ? pages + 1 : pages || 1;
    if (after || pages === 1) cursor = next;
    const { size } = cards.made;
    cards.show(data, after && size, pages === 1);
    // Never from a hidden button to the page.
    if ((after || !cursor) && more.matches(":focus")) {
      (list.children[size] || list.lastChild)?.querySelector("button").focus();
    }
    more.hidden = !cursor;
    state.replaceChildren(...(cards.made.size ? [] : [find.nothing() || empty()]));
    find.tell(cards.made.size);
  }

  function refuse(problem) {
    if (cards.made.size) return panel.fail(problem);
    state.replaceChildren(notice(explain(problem), "", button("quiet", renew, words.again)));
  }

  function empty() {
    return notice(words.empty, words.emptyHint, button("primary", () => panel.go("new"), words.first));
  }

  // The opening brings the first page along, of what is asked for at first.
  function greet(page) {
    const { sort, board, q, status, mine } = query;
    find.reflect();
    if (sort !== "top" || q || status || mine || board !== panel.page.board) load();
    else show(page);
  }

  return {
    element,
    enter,
    refresh: (hints) => hints?.every(({ type }) => !type.match(/^(post|vote)/)) || load(),
    refuse,
    show: greet,
    update: (post) => cards.made.get(post.number)?.update(post),
    focus: () => (focused?.isConnected ? focused : panel.frame).focus(),
  };
}
