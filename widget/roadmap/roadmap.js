// The view *roadmap*: what is planned, what is being worked on, what is done; one column at a time.

import { postCard } from "../panel/card.js";
import { button, el } from "../panel/dom.js";
import { keyed } from "../keyed/keyed.js";
import { notice, skeleton } from "../panel/states.js";
import { explain, fill, words } from "../panel/words.js";

const MOST_MORE = 100; // counted by the server

/** Makes the view: {element, enter, refresh, update, focus}. */
export function view(panel) {
  const kept = (panel.drafts.roadmap ||= {});
  let columns, focused;
  let asked = 0;
  const tabs = el("div", { className: "sorts", role: "group", "aria-label": words.columns });
  const list = el("ol", { className: "cards", role: "list" });
  const state = el("div", {}, skeleton());
  const more = button("more", () => panel.go("list", { status: kept.chosen, board: panel.page.board }));
  const element = el("div", { className: "view road" }, tabs, list, state, more);
  const cards = keyed(list, (post) => postCard(panel, post));
  const choices = keyed(tabs, choice);
  panel.frame.style("%roadmap.css%");
  more.hidden = true;
  element.addEventListener("focusin", (event) => (focused = event.target));

  function choice({ id }) {
    const dot = el("i");
    const name = el("span", { dir: "auto" });
    const count = el("b");
    const made = button("", () => choose(id), dot, name, count);
    made.update = ({ status, posts, more: others }) => {
      dot.style.background = status.color;
      name.textContent = status.name + " ";
      count.textContent = others < MOST_MORE ? posts.length + others : posts.length + others - 1 + "+";
    };
    return made;
  }

  function choose(id) {
    kept.chosen = id;
    cards.clear();
    show();
    panel.frame.body.scrollTop = 0;
  }

  async function load() {
    const turn = ++asked;
    try {
      const answer = await panel.read("roadmap", { board: panel.page.board });
      if (turn !== asked) return;
      columns = answer.columns.map((column) => ({ id: column.status.key, ...column }));
      show();
    } catch (problem) {
      if (turn === asked) refuse(problem);
    }
  }

  function show() {
    const column = columns.find(({ id }) => id === kept.chosen) || columns.find(({ posts }) => posts.length) || columns[0];
    choices.show(columns, 0, true);
    if (!column) return state.replaceChildren(notice(words.noRoadmap, words.noRoadmapHint));
    kept.chosen = column.id;
    for (const [id, made] of choices.made) made.setAttribute("aria-pressed", id === column.id);
    cards.show(column.posts, 0, true);
    more.hidden = !column.more;
    more.textContent = fill(words.moreHere, column.more < MOST_MORE ? column.more : column.more - 1 + "+");
    state.replaceChildren(...(column.posts.length ? [] : [el("p", { className: "none", textContent: words.noneHere })]));
  }

  function refuse(problem) {
    if (columns) return panel.fail(problem);
    state.replaceChildren(notice(explain(problem), "", button("quiet", load, words.again)));
  }

  return {
    element,
    enter: load,
    refresh: (hints) => hints?.every(({ type }) => !type.match(/^(post|vote)/)) || load(),
    update: (post) => cards.made.get(post.number)?.update(post),
    focus: () => (focused?.isConnected ? focused : tabs.querySelector("[aria-pressed=true]") || panel.frame).focus(),
  };
}
