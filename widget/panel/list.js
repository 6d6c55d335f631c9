// The view *list*: what others said, by votes, by age, or by what moves now.

import { postCard } from "./card.js";
import { button, el } from "./dom.js";
import { notice, skeleton } from "./states.js";
import { explain, words } from "./words.js";

const SORTS = ["top", "new", "trending"];

/** Makes the view: {element, enter, refresh, refuse, show, update, focus}. */
export function listView(panel) {
  let sort = "top";
  let cursor = null;
  let pages = 0;
  let asked = 0;
  let focused;
  const cards = new Map();
  const list = el("ol", { className: "cards", role: "list" });
  const state = el("div");
  const more = button("more", () => load(cursor), words.more);
  const sorts = SORTS.map((name) => button("", () => choose(name), words[name]));
  const order = el("div", { className: "sorts", role: "group", "aria-label": words.order }, ...sorts);
  const element = el("div", { className: "view" }, order, list, state, more);
  mark();
  state.append(skeleton());
  more.hidden = true;
  element.addEventListener("focusin", (event) => (focused = event.target));

  function choose(name) {
    sort = name;
    mark();
    clear();
    state.replaceChildren(skeleton());
    load();
  }

  function mark() {
    sorts.forEach((choice, index) => choice.setAttribute("aria-pressed", SORTS[index] === sort));
  }

  async function load(after) {
    const turn = ++asked;
    try {
      const page = await panel.read("list", { sort, board: panel.page.board, cursor: after || undefined });
      if (turn === asked) show(page, after);
    } catch (problem) {
      if (turn === asked) refuse(problem);
    }
  }

  /** Shows a page of cards; those already there stay, and so do focus and place. */
  function show({ data, next_cursor: next }, after) {
    const { activeElement } = element.getRootNode();
    pages = after ? pages + 1 : pages || 1;
    if (pages === 1) forget(data);
    if (after || pages === 1) cursor = next;
    data.forEach((post, index) => place(post, after ? cards.size : index));
    if (list.contains(activeElement)) activeElement.focus({ preventScroll: true });
    more.hidden = !cursor;
    state.replaceChildren(...(cards.size ? [] : [empty()]));
  }

  function place(post, index) {
    const card = cards.get(post.number) || postCard(panel, post);
    const there = list.children[index] || null;
    cards.set(post.number, card);
    card.update(post);
    if (there !== card) list.insertBefore(card, there);
  }

  function forget(data) {
    const kept = new Set(data.map((post) => post.number));
    for (const [number, card] of cards) {
      if (kept.has(number)) continue;
      card.remove();
      cards.delete(number);
    }
  }

  function clear() {
    forget([]);
    pages = 0;
    more.hidden = true;
  }

  function refuse(problem) {
    if (cards.size) return panel.fail(problem);
    state.replaceChildren(notice(explain(problem), "", button("quiet", () => choose(sort), words.again)));
  }

  function empty() {
    return notice(words.empty, words.emptyHint, button("primary", () => panel.go("new"), words.first));
  }

  return {
    element,
    enter: () => pages && load(),
    refresh: () => load(),
    refuse,
    // The opening brings the first page along, in the order shown first.
    show: (page) => (sort === "top" ? show(page) : load()),
    update: (post) => cards.get(post.number)?.update(post),
    focus: () => (focused?.isConnected ? focused : sorts[SORTS.indexOf(sort)]).focus(),
  };
}
