// What stands above the list: its order, a search, and filters.

import { button, el, icon } from "../panel/dom.js";
import { notice } from "../panel/states.js";
import { fill, plural, words } from "../panel/words.js";

const PAUSE = 300;
const SHORTEST = 2;

/** Lets people change `query` ({sort, board, q, status, mine}), and calls `renew` when they did:
    {element, reflect(), nothing(), tell(count)}. `reflect` shows the query as it is, `nothing` is what to say of no posts,
    `tell` hears how many there are. */
export function finder(panel, query, renew) {
  let timer, isAsked;
  const hints = { placeholder: words.search, "aria-label": words.search, enterKeyHint: "search", autocomplete: "off" };
  const input = el("input", { type: "search", dir: "auto", maxLength: 200, ...hints, oninput: typed, onkeydown: leave });
  const status = select("status", words.status, words.anyStatus);
  const board = select("board", words.board, words.anyBoard);
  const SORTS = { top: words.top, new: words.new, trending: words.trending };
  const sorts = Object.entries(SORTS).map(([sort, label]) => button("", () => ask({ sort }), label));
  const mine = button("own", () => ask({ mine: !query.mine }), words.mine);
  const count = el("b");
  const toggle = button("filters", () => unfold(row.hidden), icon("M4 7h16M7 12h10M10 17h4"), count);
  const clear = button("clear", () => ask(plain()) || toggle.focus(), words.clear);
  const row = el("div", { className: "row", id: "filters", hidden: true }, status, board, clear);
  const order = el("div", { className: "sorts", role: "group", "aria-label": words.order }, ...sorts);
  const glass = icon("M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20");
  const field = el("div", { className: "search" }, glass, input, toggle);
  const element = el("div", { role: "search" }, field, row, el("div", { className: "order" }, order, mine));
  toggle.setAttribute("aria-controls", "filters");
  panel.frame.style("%find.css%");
  unfold(filters() > 0);
  reflect();

  function select(name, label, any) {
    const made = el("select", { "aria-label": label, onchange: () => ask({ [name]: made.value || undefined }) });
    made.offer = (known = []) => {
      const options = [{ key: "", name: any }, ...known];
      made.replaceChildren(...options.map((one) => el("option", { value: one.key, textContent: one.name })));
      made.value = query[name] || "";
      made.hidden = known.length < 2;
    };
    return made;
  }

  // The board that the page has chosen is no filter of the reader's.
  function plain() {
    return { status: undefined, board: panel.page.board };
  }

  function filters() {
    return !!query.status + (query.board !== panel.page.board);
  }

  function ask(changes) {
    Object.assign(query, changes);
    isAsked = true;
    reflect();
    renew();
  }

  function reflect() {
    const { statuses, boards } = panel.facts() || {};
    const active = filters();
    const text = active ? plural(words.filtered, active) : words.filter;
    status.offer(statuses);
    board.offer(boards);
    sorts.forEach((choice, index) => choice.setAttribute("aria-pressed", Object.keys(SORTS)[index] === query.sort));
    mine.setAttribute("aria-pressed", !!query.mine);
    if (!isTyping()) input.value = query.q || "";
    count.textContent = active || "";
    toggle.hidden = status.hidden && board.hidden;
    toggle.setAttribute("aria-label", text);
    clear.hidden = !active;
    if (active) unfold(true);
  }

  function unfold(yes) {
    row.hidden = !yes;
    toggle.setAttribute("aria-expanded", yes);
  }

  function isTyping() {
    return input.getRootNode().activeElement === input;
  }

  function typed() {
    const text = input.value.trim();
    const q = text.length < SHORTEST ? "" : text;
    clearTimeout(timer);
    if (q !== (query.q || "")) timer = setTimeout(ask, q ? PAUSE : 0, { q });
  }

  // Escape empties the search first, and closes the panel when it is empty.
  function leave(event) {
    if (event.key === "Enter") event.preventDefault();
    if (event.key !== "Escape" || event.isComposing || !input.value) return;
    event.preventDefault();
    event.stopPropagation();
    input.value = "";
    typed();
  }

  function nothing() {
    const { q } = query;
    const write = (label) => button("primary", () => panel.go("new", { title: q }), label);
    if (q) return notice(fill(words.nothing, q), words.nothingHint, write(words.writeIt));
    if (filters()) return notice(words.noneSuch, "", button("quiet", () => ask(plain()) || toggle.focus(), words.clear));
    return query.mine && notice(words.noneMine, words.noneMineHint, write(words.writeOne));
  }

  function tell(found) {
    if (isAsked) panel.say(plural(words.found, found));
    isAsked = false;
  }

  return { element, reflect, nothing, tell };
}
